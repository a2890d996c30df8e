"""The form of a question: keywords, a definition, a choice and so on, with the parts that its answer depends on."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bioqa.qa.forms.aspects import ASPECTS, Aspect
from bioqa.qa.forms.languages import is_english
from bioqa.qa.wording import asks_for_yes_or_no, plain_wording


class Form(StrEnum):
    """How a question is worded."""

    QUESTION = "question"
    KEYWORDS = "keywords"
    DEFINITION = "definition"
    ASPECT = "aspect"
    CHOICE = "choice"
    COMPARISON = "comparison"
    ABBREVIATION = "abbreviation"
    NEGATED = "negated"
    SEVERAL = "several"
    GREETING = "greeting"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """The form of a question and what its answer depends on.

    `topic` is what a definition, an aspect or an abbreviation is asked of. `options` are the named alternatives of a
    choice, or the two sides of a comparison. `excluded` are things that are no answer ("other than PRKN"). `negated`
    tells that the answer must be negated or advised against. `keywords` tells that the question is no sentence. `parts`
    are the questions in one. `comparative` is the word that ranks the options of a choice, such as "better".
    """

    form: Form
    topic: str = ""
    aspect: Aspect | None = None
    options: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    negated: bool = False
    keywords: bool = False
    parts: tuple[str, ...] = ()
    comparative: str = ""


_I = re.IGNORECASE
_BARE = re.compile(r"^[\s\"'“”«»¿¡.,;:!?…-]+|[\s\"'“”«».,;:!?…]+$")
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|hiya|greetings|good (?:morning|afternoon|evening|day|night|bye)|goodbye|bye(?: bye)?"
    r"|see you|welcome|thanks?(?: you)?(?: (?:a lot|so much|very much|for .{1,40}))?|cheers|ok(?:ay)?|test(?:ing)?"
    r"|help|please|sorry|yes|no|great|cool|nice|well done)"
    r"(?:[ ,]+(?:there|all|everyone|bioqa|again|you|me|bot|friend|please|to meet you))*"
    r"|(?:and )?(?:who|what|how) are you(?: (?:doing|called|today))?|what(?: is|'s) (?:your name|this|bioqa|up)"
    r"|who (?:made|built|wrote|created|trained) you|what (?:else )?can (?:you|i) (?:do|ask)(?: (?:for me|you))?"
    r"|what do you (?:do|know)|how (?:do you|does (?:this|it|bioqa)) work|how (?:do|can) i (?:use|ask) (?:this|you"
    r"|bioqa)|are you (?:an? |the )?(?:\w+ )?(?:robot|bot|human|person|machine|ai|chatgpt|doctor|real|there)|can you"
    r" help(?: me)?|i need help|help me)$",
    _I,
)
_SHORT = r"(?P<topic>[\w][\w/+.&-]{0,14})"
_ABBREVIATION = (
    re.compile(
        rf"^(?:what|which (?:term|name|word|words)) (?:does|do|did) (?:the )?(?:abbreviation |acronym |term "
        rf"|letters )?{_SHORT} (?:stand for|abbreviate)\b",
        _I,
    ),
    re.compile(rf"^{_SHORT} (?:stands?|is short|is an? (?:abbreviation|acronym)) (?:for|of)(?: what)?$", _I),
    re.compile(rf"^what (?:is|are) {_SHORT} (?:short for|an? (?:abbreviation|acronym) (?:of|for))$", _I),
    re.compile(
        r"^(?:what is )?(?:the )?(?:full (?:form|name)|long form|expansion) (?:of|for) (?:the )?(?:abbreviation "
        r"|acronym )?"
        rf"{_SHORT}$",
        _I,
    ),
    re.compile(rf"^{_SHORT} (?:full form|full name|long form|abbreviation|acronym|expansion)$", _I),
    re.compile(rf"^(?:acronym|abbreviation|expand|spell out)(?: the (?:abbreviation|acronym))?:? {_SHORT}$", _I),
)
_SYMBOL = r"(?P<topic>(?=[\w/-]*[A-Z][\w/-]*[A-Z])[\w/-]{2,10})"
_SYMBOL_MEANING = (  # only symbols can be meant: "what does penetrance mean" asks for a definition
    re.compile(rf"^[Ww]hat (?:does|do) (?:the )?{_SYMBOL} mean\b"),
    re.compile(rf"^(?:[Ww]hat is )?(?:the )?meaning of {_SYMBOL}\b"),
    re.compile(rf"^{_SYMBOL} meaning$"),
)
_SHORT_FORM_OF = re.compile(
    r"^(?:what is )?(?:the )?(?:abbreviation|acronym|short form|symbol) (?:of|for) (?:the )?(?P<topic>.+)$", _I
)
_DEFINITION = (
    re.compile(r"^(?:define|definition of|the definition of) (?:the term )?(?P<topic>.+)$", _I),
    re.compile(r"^(?P<topic>.+?) (?:definition|explained)$", _I),
    re.compile(r"^what (?:is|are) (?:the )?(?:definition of|meant by) (?P<topic>.+)$", _I),
    re.compile(r"^what (?:does|do) (?:the (?:term|word) )?(?P<topic>.+?) mean$", _I),
    re.compile(
        r"^(?:tell (?:me|us) |give (?:me |us )?)?(?:(?:more |some |any )?(?:information|info|facts|details) )?"
        r"(?:about|on) (?P<topic>.+)$",
        _I,
    ),
    re.compile(r"^(?:explain|describe|explain what) (?P<topic>(?:[\w/'’+-]+ ?){1,4}?)(?: is| are)?$", _I),
    re.compile(r"^what (?P<topic>.+?) (?:is|are)$", _I),
    re.compile(r"^what (?:is|are|was|were) (?P<topic>.+)$", _I),
)
_ARTICLE = re.compile(r"^(?:the|an?|some) (?=\w)", _I)
_WORDS_OF_RELATION = re.compile(  # a definition is asked of one thing, not of a relation between several
    r"\b(?:of|for|in|that|which|who|with|by|to|from|on|at|most|main|first|common|normal|usual|responsible|used|called"
    r"|known|causing|encoded|name|number|dose|than|during|after|before|is|are|best|average|typical|maximum|or|and)\b",
    _I,
)
_ASKS = re.compile(
    r"^(?:(?:and|so|but) )?(?:(?:in|on|at|by|for|from|to|of|with|under|during|through|besides|lack of|mutations of"
    r"|above) )*(?:the )?(?:what|which|who|whom|whose|where|when|why|how)\b"
    r"|^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must|isn|aren|don|doesn)\b"
    r"|^(?:please )?(?:list|name|enumerate|mention|give|provide|describe|explain|summari[sz]e|discuss|compare"
    r"|elaborate|tell|show)\b|^(?:some |two |three )?examples of\b|^(?:some|two|three|four|five) \w+s\b"
    r"|\b(?:what|which|whom|whose|why)\b|\byes or no\b|^true or false\b",
    _I,
)
_STATEMENT = re.compile(r"\b(?:is|are|was|were|does|do|did|has|have|can|cannot|should|will|helps?)\b", _I)
_ENTITY = re.compile(  # keywords that ask for a thing by its kind
    r"^(?:the )?(?:(?:first[- ]line|first|main|best|oral|specific|most|common|specific|key|new) )*(?:\w+ )?"
    r"(?:genes?|enzymes?|proteins?|receptors?|hormones?|antidotes?|drugs?|medicines?|medications?|antibiotics?"
    r"|inhibitors?"
    r"|vaccines?|antivirals?|antibod(?:y|ies)|antigens?|vectors?|viruse?s?|bacteri(?:a|um)|pathogens?|parasites?"
    r"|chromosome|cofactors?|target|ligand)"
    r" (?:(?:most|more) (?:often|commonly|frequently) |usually |often )?(?:for|of|against|to|that|behind"
    r"|deficient|mutated|missing|used|given|causing|in|with|lacking|affected)\b"
    r"|\b(?:target|antidote|inhibitors?|antagonists?|gene|enzyme|receptor|vector|antibody)s?$",
    _I,
)
_NEGATED = re.compile(
    r"\b(?:not|never|cannot|avoid(?:ed|s)?|avoiding|contraindicated|contra-indicated|without|neither|nor|unsafe"
    r"|forbidden|least)\b|n['’]t\b|\bneeds? no\b|\bhas no\b|\bhave no\b|\bwith no\b",
    _I,
)
_NOT_ONLY = re.compile(r"\bnot only\b|\bif not\b|\bwhether or not\b|\bor not\b", _I)
_EXCLUDED = re.compile(
    r"\b(?:other than|besides|apart from|aside from|except(?: for)?|excluding|but not|in addition to)"
    r" (?P<thing>(?:[\w/+-]+)(?: (?:and|or) [\w/+-]+)?)",
    _I,
)
_YESNO_START = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must)(?:n['’]t)?\b", _I
)
_ADJECTIVES = (
    r"(?:(?:the|some|an?|any|main|most|common(?:est)?|typical|usual|first|early|earliest|late|major|frequent|possible"
    r"|important|known|long[- ]?term|short[- ]?term|clinical|serious|severe|metabolic|general|biological|physiological"
    r"|normal|best|standard|distinctive|warning|acute|chronic|current|recommended|effective|new) )*"
)
_MOST_TOPIC_WORDS = 5
_ASKED_FOR_A_VALUE = ("epidemiology", "inheritance")  # by a question; as keywords they are aspects
_SINGULAR = ("symptom", "sign", "cause", "feature", "risk factor", "complication", "side effect", "trigger", "test")


def form_of(question: str) -> QuestionForm:
    """The form of a question by its wording."""
    text = _BARE.sub("", " ".join(question.split()))
    if not text:
        return QuestionForm(Form.QUESTION)
    if _GREETING.match(text.replace("’", "'")):
        return QuestionForm(Form.GREETING)
    if not is_english(question):
        return QuestionForm(Form.FOREIGN)
    plain = _BARE.sub("", plain_wording(question))
    if several := _parts(question):
        return QuestionForm(Form.SEVERAL, parts=several)
    if asks_for_yes_or_no(question.lower()):
        return QuestionForm(Form.QUESTION)
    keywords = not _ASKS.search(plain) and not _STATEMENT.search(plain)
    return (
        _abbreviation(plain)
        or _comparison(plain)
        or _choice(plain)
        or _negated(plain, keywords=keywords)
        or _aspect(plain, keywords=keywords)
        or _definition(plain, keywords=keywords)
        or QuestionForm(
            Form.KEYWORDS if keywords else Form.QUESTION, topic=plain if keywords else "", keywords=keywords
        )
    )


def asks_for_thing(keywords: str) -> bool:
    """Whether keywords name the kind of thing that they ask for, as in "antidote for cyanide"."""
    return bool(_ENTITY.search(keywords))


def _abbreviation(plain: str) -> QuestionForm | None:
    for pattern in (*_ABBREVIATION, *(() if plain.isupper() else _SYMBOL_MEANING)):
        if found := pattern.search(plain):
            return QuestionForm(Form.ABBREVIATION, topic=found["topic"])
    if found := _SHORT_FORM_OF.match(plain):
        return QuestionForm(Form.ABBREVIATION, topic=found["topic"])
    return None


def _parts(question: str) -> tuple[str, ...]:
    if not re.search(r"\?\s+\w|[,&]|\b(?:and|but|or)\b", question, _I):
        return ()
    from bioqa.qa.forms import parts  # patterns that most questions do not need

    return parts.split(question)


def _comparison(plain: str) -> QuestionForm | None:
    if not re.search(r"\b(?:differ|vs|versus|compar|contrast|disti|discrim|separat|or rather)", plain, _I):
        return None
    from bioqa.qa.forms import options

    sides = options.compared(plain)
    return QuestionForm(Form.COMPARISON, options=sides) if sides else None


def _choice(plain: str) -> QuestionForm | None:
    if not re.search(r"\bor\b", plain, _I):
        return None
    from bioqa.qa.forms import options

    choice = options.chosen_among(plain)
    return QuestionForm(Form.CHOICE, options=choice.options, comparative=choice.comparative) if choice else None


def _negated(plain: str, *, keywords: bool) -> QuestionForm | None:
    if _YESNO_START.match(plain) or (not _ASKS.search(plain) and not keywords):
        return None
    excluded = tuple(
        thing.strip() for found in _EXCLUDED.finditer(plain) for thing in re.split(r"\b(?:and|or)\b", found["thing"])
    )
    rest = _EXCLUDED.sub(" ", plain)
    negated = bool(_NEGATED.search(_NOT_ONLY.sub(" ", rest)))
    if not excluded and not negated:
        return None
    return QuestionForm(Form.NEGATED, excluded=excluded, negated=negated, keywords=keywords)


def _aspect(plain: str, *, keywords: bool) -> QuestionForm | None:
    lowered = plain.lower()
    for aspect in ASPECTS:
        if not any(hint in lowered for hint in aspect.hints):
            continue
        for pattern in _aspect_patterns(aspect, keywords=keywords):
            found = re.match(pattern, plain, _I)
            singular = found and not keywords and (found.groupdict().get("noun") or "").lower() in _SINGULAR
            if found and not singular and len(found["topic"].split()) <= 2 * _MOST_TOPIC_WORDS:
                topic = _ARTICLE.sub("", found["topic"])
                return QuestionForm(Form.ASPECT, topic=topic, aspect=aspect, keywords=keywords)
    return None


def _aspect_patterns(aspect: Aspect, *, keywords: bool) -> list[str]:
    of = r"(?:of|for|in|with|from|to|caused by|associated with|after|during)"
    patterns: list[str] = []
    if not keywords and aspect.name in _ASKED_FOR_A_VALUE:
        return patterns
    if keywords:
        patterns.append(rf"^{_ADJECTIVES}(?P<noun>{aspect.nouns}) {of} (?P<topic>.+)$")
        patterns.append(rf"^(?P<topic>.+?)(?:['’]s?)? (?:{aspect.nouns})$")
    else:
        lead = (
            r"(?:what|which) (?:is|are|was|were)|list|name|give(?: me)?|mention|describe|explain|discuss|summari[sz]e"
        )
        patterns.append(rf"^(?:{lead}) {_ADJECTIVES}(?P<noun>{aspect.nouns}) {of} (?P<topic>.+)$")
        if aspect.name not in ("function", "mechanism", "uses"):
            patterns.append(
                rf"^(?:what|which) {_ADJECTIVES}(?P<noun>{aspect.nouns}) (?:does|do|can) (?P<topic>.+?)"
                r" (?:have|cause|produce|show|give)$"
            )
        if aspect.verbs and aspect.name != "uses":
            patterns.append(rf"^how (?:is|are|was|can|should) (?P<topic>.+?)(?: be)? (?:{aspect.verbs})$")
            patterns.append(
                rf"^how (?:do (?:you|we|doctors|people)|can (?:you|we|i)|to|should we) (?:{aspect.verbs})"
                r" (?P<topic>.+)$"
            )
        if aspect.name == "uses":
            patterns.append(rf"^what (?:is|are) (?P<topic>.+?) (?:{aspect.verbs})(?: in .+)?$")
        if aspect.name == "function":
            patterns.append(r"^what (?:does|do) (?:the )?(?P<topic>(?:[\w/'’+-]+ ?){1,4}?) do$")
        if aspect.name == "mechanism":
            patterns.append(r"^how (?:does|do) (?P<topic>(?:[\w/'’+-]+ ?){1,4}?) (?:work|act)$")
    return patterns


def _definition(plain: str, *, keywords: bool) -> QuestionForm | None:
    for pattern in _DEFINITION:
        if found := pattern.match(plain):
            topic = _ARTICLE.sub("", found["topic"])
            if _is_one_thing(topic):
                return QuestionForm(Form.DEFINITION, topic=topic, keywords=keywords)
    if keywords and _is_one_thing(_ARTICLE.sub("", plain)) and not asks_for_thing(plain):
        return QuestionForm(Form.DEFINITION, topic=_ARTICLE.sub("", plain), keywords=True)
    return None


def _is_one_thing(topic: str) -> bool:
    words = topic.split()
    return len(words) < _MOST_TOPIC_WORDS and not _WORDS_OF_RELATION.search(topic) and ", " not in topic
