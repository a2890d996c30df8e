"""What kind of question it is, and what kind of thing it asks for: rules over its wording."""

import re
from enum import StrEnum

from bioqa.index.errors import InputError


class QuestionType(StrEnum):
    """The four types of BioASQ."""

    FACTOID = "factoid"
    LIST = "list"
    YESNO = "yesno"
    SUMMARY = "summary"


_PLAIN_AUXILIARY = (
    r"is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must"  # without "n't"
)
_AUXILIARY = rf"(?:(?:{_PLAIN_AUXILIARY})(?:n't)?|can't|cannot|won't)"
_LEAD = r"(?:(?:and|so|but) |(?:in|as|for|among|during|after|within|at|on)\b[^?]*, )?"  # of a yes/no question
_YESNO = re.compile(rf"^{_LEAD}{_AUXILIARY}\b")
_LIST_COMMAND = re.compile(
    r"^(?:please )?(?:list|enumerate|mention|(?:give |provide |make |name )?(?:an? |the )?(?:\w+ )?list of\b"
    r"|give (?:me |us )?(?:the |some )?\w+s\b|name (?:some|all|at least|two|three|four|five|six|\w+s) )"
)
_SUMMARY = re.compile(
    r"^(?:please )?(?:briefly )?(?:why|describe|explain|summari[sz]e|discuss|compare|define|elaborate|tell (?:me|us)"
    r"|give an overview|(?:give |provide |name )(?:an? |the )(?:\w+ )?(?:overview|summary|description|explanation)\b"
    r"|how (?!many|much|often|long|old|common|frequent|large|big|far|high|prevalent)"
    r"|what (?:do|does) .*\b(?:do|mean|involve|measure)|what happens|what is known|what do we know"
    r"|(?:(?:what|which) (?:is|are|was) (?:the )?|name the )(?:\w+ )?(?:roles?|functions?|mechanisms?|effects?"
    r"|differences?|mode of action"
    r"|relation(?:ship)?s?|association|connection|link|interaction|rationale|importance|significance|aim|goal"
    r"|purpose|principles?|concepts?|definition|basis|pathophysiology|pathogenesis|consequences?|contribution"
    r"|involvement|impact|outcome|evidence|implications?|status|prognosis|advantages?|benefits?|use|usefulness"
    r"|treatment (?:strategy|approach)))\b"
)
_DEFINITION = re.compile(r"^what (?:is|are|was) (?:an? |the )?(?P<thing>[^?,]+?)\s*\??$")
_NOT_DEFINITION = re.compile(
    r"\b(?:of|for|in|that|which|who|with|by|to|from|on|most|main|first|common|responsible|used|called|known|causing|encoded|name|number|target|"
    r"gene|cause|vector|abbreviation|percentage|prevalence|incidence|inheritance|half-life)\b"
)
_NAME_SEVERAL = re.compile(r"^name (?:the )?(?:[\w-]+ ){0,2}?(?!this |his )[\w-]+[^\Ws]s\b(?! that is)")
_ASKED = re.compile(r"\b(?:which|what|name) (?P<phrase>(?:[\w/'-]+ ?){1,8})")
_NUMERALS = {"two", "three", "four", "five", "six", "seven", "eight", "some", "several"}
_HEADS = (  # what questions ask for, in the singular; the first one met after "which", in either number, decides
    "gene", "protein", "enzyme", "kinase", "receptor", "hormone", "cytokine", "antigen", "ligand",
    "molecule", "mutation", "drug", "inhibitor", "antibiotic", "agent", "vaccine", "medication", "compound",
    "treatment", "therapy", "vitamin", "disease", "disorder", "syndrome", "condition", "cancer", "symptom", "sign",
    "effect", "complication", "cause", "factor", "pathway", "process", "mechanism", "cell", "organ", "tissue",
    "organism", "parasite", "pathogen", "vector", "mosquito", "chromosome", "region", "complex", "tool", "method",
    "test", "database", "algorithm", "technique", "biomarker", "marker", "feature", "characteristic", "component",
    "subunit", "type", "class", "family", "group", "ion", "channel", "transporter", "neurotransmitter", "virus",
    "metabolite", "value", "tag", "name", "year", "percentage",
)  # fmt: skip
_SINGULAR = set(_HEADS) | {"bacterium", "fungus", "antibody", "deficiency"}
_PLURAL = {re.sub(r"([^aeiou])ys$", r"\1ies", f"{head}es" if head[-1] in "sx" else f"{head}s") for head in _HEADS} | {
    "bacteria",
    "fungi",
    "antibodies",
    "deficiencies",
    "criteria",
}
_ALSO_VERBS = {"causes", "processes", "signs", "effects", "tags", "names"}
_PLURAL_VERBS = {"are", "were", "have", "do"}
_SINGULAR_VERBS = {"is", "was", "has", "does"}


_THINGS = r"(?:the|an?|some|any|all|several|two|three|four|five|six|\d+|(?:list|examples?|names?) of) "
_ASKING_WORDS = (
    r"(?:(?:in|on|at|by|for|from|to|of|with|under|during|through) )?"
    r"(?:which|what|who|whom|whose|where|when|why|how)(?:['’]s)?\b"
)
_REQUEST = r"(?:can|could|would|will) (?:you|(?:any|some)(?:one|body)) (?:please |kindly |possibly )?"
_POLITE = (
    rf"(?:please,? )?(?:(?:{_REQUEST})?(?:please )?(?:(?:tell|show|give|inform|remind) (?:me|us)|let (?:me|us) know)"
    r"|(?:do|would) you (?:happen to )?know(?: of)?|does (?:any|some)(?:one|body) know(?: of)?"
    r"|i(?: would|['’]d) (?:like|love)(?: to (?:know|find out|see|have|get))?"
    r"|i (?:want|need)(?: to (?:know|find out|see|have|get))?|i (?:wonder|am wondering|was wondering)|i['’]m wondering"
    r")(?:,? please)?[,:]? "
)
_PREAMBLE = re.compile(
    rf"^(?:{_POLITE}(?:(?:if|whether) |(?={_ASKING_WORDS}|{_THINGS}|(?:{_PLAIN_AUXILIARY})\b))"
    rf"|please,? (?={_ASKING_WORDS})"
    rf"|(?:please,? )?{_REQUEST}(?=list|name|enumerate|mention|give|provide|describe|explain|summari[sz]e"
    r"|define|discuss|compare|elaborate|tell|show))",
    re.IGNORECASE,
)
_WHETHER = re.compile(rf"^{_POLITE}(?:if|whether) ")
_YES_OR_NO = re.compile(r"^yes(?: or |/)no\b|\byes *(?:or|/) *no\W*$")
_YES_OR_NO_FIRST = re.compile(r"^yes(?: or |/)no\b\W+(?=\w)", re.IGNORECASE)
_YES_OR_NO_LAST = re.compile(r"(?<=[\w)\]])[ ,;:.?!(–—-]+yes *(?:or|/) *no\W*$", re.IGNORECASE)
_WORD_IS = re.compile(r"^((?i:what|how|where|when|why)|[Ww]ho)['’]s\b")  # but the WHO's
_NEGATED = re.compile(
    rf"^(?P<lead>{_LEAD})(?:(?P<auxiliary>is|are|was|were|do|does|did|could|has|have|had|would|should|might|must)n"
    r"|(?P<can>can)|(?P<will>w)on)['’]?t\b",
    re.IGNORECASE,
)
_NITRIC_OXIDE = re.compile(r"(?i:(?<!there is )(?<!there are )(?<!is there )(?<!are there ))\bNO\b(?!\. ?\d)")
_INDIRECT = re.compile(r"^what (?P<thing>[^?,]+?) (?P<verb>is|are|was|were)\W*$")
_BARE_THINGS = re.compile(rf"^{_THINGS}")


def plain(question: str) -> str:
    """The question as it is searched and read with: without what only asks politely or for a yes or no, "what's" and
    the like written out, "isn't" at its beginning as "is", NO as nitric oxide unless all is in capitals."""
    text = _YES_OR_NO_LAST.sub("?", _YES_OR_NO_FIRST.sub("", question))
    text = _WORD_IS.sub(r"\1 is", _PREAMBLE.sub("", text))
    text = _NEGATED.sub(_affirmed, text)
    text = text if text.isupper() else _NITRIC_OXIDE.sub("nitric oxide", text)
    return text if any(character.isalnum() for character in text) else question


def _affirmed(negated: re.Match[str]) -> str:
    """The auxiliary without "n't", behind what stands before it."""
    return negated["lead"] + (negated["auxiliary"] or negated["can"] or f"{negated['will']}ill")


def classify(question: str) -> QuestionType:
    """The type of a question, from its wording alone."""
    asked = " ".join(question.lower().replace("’", "'").split())
    text = _INDIRECT.sub(r"what \g<verb> \g<thing>", plain(asked))
    if _PREAMBLE.match(asked) and _BARE_THINGS.match(text):
        text = f"name {text}"
    if _WHETHER.search(asked) or _YES_OR_NO.search(asked):
        return QuestionType.YESNO
    if _LIST_COMMAND.search(text):
        return QuestionType.LIST
    if _SUMMARY.search(text):
        return QuestionType.SUMMARY
    if _YESNO.search(text):
        return QuestionType.YESNO
    definition = _DEFINITION.match(text)
    if definition and not _NOT_DEFINITION.search(definition["thing"]):
        return QuestionType.SUMMARY
    return QuestionType.LIST if _asks_for_several(text) else QuestionType.FACTOID


def _asks_for_several(text: str) -> bool:
    asked = _ASKED.search(text)
    words = asked["phrase"].split() if asked else []
    for word, after in zip(words, [*words, ""][1:], strict=True):
        if word in _PLURAL or word in _PLURAL_VERBS or word in _NUMERALS:
            return True
        if word in _SINGULAR or word in _SINGULAR_VERBS:
            return after in _PLURAL - _ALSO_VERBS  # "which cell types"
    return bool(_NAME_SEVERAL.search(text))


_KINDS: dict[str, re.Pattern[str]] = {  # the first that matches names what is asked for
    "number": re.compile(
        r"\bhow (?:many|much|often|long|old|common|frequent|large|big|far|high)\b"
        r"|\bwhat (?:percentage|proportion|number|age)\b"
        r"|\b(?:percentage|proportion|number|prevalence|incidence|half-life|dose|age) of\b"
    ),
    "year": re.compile(r"\b(?:which|what) year\b|^when\b"),
    "chromosome": re.compile(r"\b(?:which|what) (?:human )?chromosome\b"),
    "gene or protein": re.compile(
        r"\b(?:genes?|proteins?|enzymes?|receptors?|kinases?|transcription factors?|antigens?|antibod(?:y|ies)"
        r"|cytokines?|hormones?|target)\b"
    ),
    "drug": re.compile(r"\b(?:drugs?|inhibitors?|antidotes?|antibiotics?|medications?|vaccines?|agents?|compounds?)\b"),
    "disease": re.compile(
        r"\b(?:diseases?|syndromes?|disorders?|cancers?|conditions?|infections?|deficienc(?:y|ies))\b"
    ),
    "organism": re.compile(
        r"\b(?:bacteri(?:um|a)|virus(?:es)?|organisms?|parasites?|pathogens?|species|vectors?|fung(?:us|i)"
        r"|mosquito(?:es)?)\b"
    ),
    "place in the body": re.compile(
        r"\b(?:cells?|tissues?|organs?|organelles?|glands?|nerves?|brain region|part of|where)\b"
    ),
    "method": re.compile(r"\b(?:methods?|tests?|techniques?|assays?|tools?|algorithms?|software)\b"),
}
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|half|once|twice"
    r"|third|quarter|dozen)\b",
    re.IGNORECASE,
)
_SHAPES: dict[str, re.Pattern[str]] = {  # kinds whose answers can be told by their shape
    "number": _NUMBER,
    "year": re.compile(r"\b1[5-9]\d\d\b|\b20\d\d\b"),
    "chromosome": re.compile(r"\d|\b[XY]\b"),
}


def expected_kind(question: str) -> str | None:
    """What kind of thing the question asks for ("gene or protein", "number", ...), None where its wording hides it."""
    text = " ".join(question.lower().split())
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), None)


def fits(kind: str | None, answer: str) -> bool:
    """Whether an answer can be of that kind, as far as its shape tells."""
    shape = _SHAPES.get(kind or "")
    return shape is None or bool(shape.search(answer))


def checked(question: str, most: int) -> str:
    """The question with white space folded. Raises InputError where it is empty or longer than `most` characters."""
    text = " ".join(question.replace("\0", " ").encode("utf-8", "ignore").decode().split())
    if not any(character.isalnum() for character in text):
        raise InputError('the question is empty; try: bioqa ask "what gene causes cystic fibrosis?"')
    if len(text) > most:
        raise InputError(f"the question has {len(text):,} characters; at most {most:,} can be asked")
    return text
