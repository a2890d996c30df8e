"""Expected answer types ("gene or protein", "number"): from the head noun of a question, and checks of an answer's
form."""

import re
from collections.abc import Mapping, Sequence

from bioqa.qa.question_types import QuestionType

_HEADS: Mapping[str, str] = {  # head nouns in the singular, by answer type
    "gene or protein": "gene protein enzyme receptor coreceptor kinase phosphatase protease transcription-factor"
    " antigen autoantigen antibody autoantibody cytokine interleukin chemokine hormone neuropeptide peptide target"
    " ligand oncogene channel collagen subunit locus isoform integrin globin growth-factor clotting-factor"
    " coagulation-factor transporter co-receptor toxin",
    "drug": "drug monoclonal-antibody inhibitor antidote antibiotic medication medicine vaccine compound agonist"
    " antagonist blocker statin anticoagulant antiviral antifungal diuretic antidepressant anticonvulsant opioid"
    " antihypertensive painkiller chemotherapy analgesic antipsychotic anesthetic anaesthetic antimalarial"
    " antiepileptic sedative",
    "disease": "disease syndrome disorder cancer condition infection deficiency leukemia leukaemia lymphoma anemia"
    " anaemia tumor tumour carcinoma neuropathy cardiomyopathy epilepsy illness",
    "organism": "bacterium virus organism parasite pathogen species vector fungus mosquito insect tick worm animal"
    " microbe host protozoan agent",
    "place in the body": "cell tissue organ organelle gland nerve artery vein bone muscle lobe joint compartment",
    "method": "method test technique assay tool algorithm software stain database imaging scan",
    "number": "percentage proportion number prevalence incidence half-life dose dosage age fraction survival level"
    " count temperature pressure weight size rate threshold length frequency expectancy risk concentration range",
    "chromosome": "chromosome",
    "year": "year",
    "vitamin": "vitamin",
    "amino acid": "amino-acid",
    "inheritance": "inheritance",
    "duration": "duration incubation-period",
}
_IRREGULAR = {"bacteria": "bacterium", "viruses": "virus", "fungi": "fungus", "antibodies": "antibody", "loci": "locus"}
_TYPE_OF_HEAD = {head: kind for kind, heads in _HEADS.items() for head in heads.split()}
_PARTS = frozenset({"type", "kind", "form", "class", "group", "name", "part", "region", "area", "family", "layer"})
_PLACES = re.compile(
    r"\b(?:part|region|area|layer|lobe|side|segment|chamber)s? of the (?:\w+ )?(?:body|brain|kidney|cell|heart|eye"
    r"|skin|lung"
    r"|gut|nephron|intestine|spinal cord|ear|liver|stomach|neuron|bone)\b|\bbrain (?:region|area)s?\b"
)
_OF_NOUN = re.compile(r"^(?:of|for) (?:the )?(?P<noun>.+)$")
_LEAD = re.compile(r"^(?:(?:and|so|but) )?(?:please )?")
_ASKED = re.compile(  # the noun phrase that is asked for
    r"(?:\b(?:which|what|whose)(?: (?:is|are|was|were)(?: the)?| of the(?: following)?)?"
    r"|^(?:please )?(?:list|name|enumerate|mention|give(?: me)?(?: the| some)?))"
    r" (?P<phrase>(?!(?:is|are|was|were|do|does|did|can|has|have)\b)[\w/'’-]+(?: [\w/'’-]+){0,9})"
)
_VERB = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must|be|being|that|which"
    r"|who|whose"
    r"|causes?|caused|treats?|helps?|makes?|made|lowers?|raises?|inhibits?|activates?|blocks?|binds?|breaks?"
    r"|converts?"
    r"|forms?|needs?|used|given|damages|reverses?|leads?|to|in|on|at|by|with|from|during|after|against|under|and"
    r"|or|when"
    r"|responsible|associated|known|found|located|involved|mutated|produces?|secretes?|transmits?|carries|infects?"
    r"|encodes?|encoding|defines?|prevents?|detects?|confirms?|shows?|measures?|stores?|gets?|results?|follows?"
    r"|affects?"
    r"|destroys?|drives?|acts?|replaces?|overcomes?|chelates?|contains?|controls?|processes|moves?|present"
    r"|express(?:es)?"
    r"|predict|raise|interact|prolong|target|targets|not)$"
)
_WHEN = re.compile(r"^when (?:was|were|did)\b|\b(?:which|what) year\b")
_WHO = re.compile(
    r"^(?:by )?whom?\b.*\b(?:discovered|invented|described|named|identified|isolated|won|developed|coined|introduced"
    r"|proposed|founded|wrote|performed|created|received|sequenced)\b"
)
_WHERE = re.compile(
    r"^where\b(?!.*\b(?:gene|locus|live|lives|come|comes|country)\b).*\b(?:made|produced|synthesi[sz]ed|secreted"
    r"|stored"
    r"|absorbed|formed|found|expressed|occurs?|happens?|released|located|take place|degraded|metaboli[sz]ed|filtered"
    r"|reabsorbed|form|act|acts|made from)\b"
)
_MEASURED: Mapping[str, re.Pattern[str]] = {  # by the question word
    "duration": re.compile(
        r"\bhow long\b|\bincubation period\b|\bhow many (?:days|weeks|months|years|hours|minutes)\b"
    ),
    "frequency": re.compile(r"\bhow (?:often|frequently|many times)\b"),
    "number": re.compile(
        r"\bhow (?:many|much|old|common|frequent|large|big|far|high|low|deep|tall|heavy|fast|thick|prevalent)\b"
    ),
}
_CLOSED = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must)(?:n['’]t)?\b"
)
_KEYWORD_HEAD = re.compile(
    r"^(?P<before>(?:[\w'’-]+ ){0,4}?)(?P<head>[\w-]+)(?: (?:for|of|against|that|deficient|mutated|behind|to)\b.*)?$"
)
_NUMERALS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred"
    "|thousand|million|half|once|twice|third|quarter|dozen|none|zero"
)
_NUMBER = re.compile(rf"\d|\b(?:{_NUMERALS})\b", re.IGNORECASE)
_UNIT_OF_TIME = r"(?:second|minute|hour|day|week|month|year|decade|life)"
_ANSWER_PATTERNS: dict[str, re.Pattern[str]] = {  # for the types whose answers have a recognisable form
    "number": _NUMBER,
    "duration": re.compile(
        rf"\b{_UNIT_OF_TIME}|\d ?(?:h|d|min|wk|yr|[kM]?bp?|[cmnµk]?m)\b|lifelong|divisions|cycles", re.IGNORECASE
    ),
    "frequency": re.compile(
        rf"\d|\b(?:{_NUMERALS})\b|daily|weekly|monthly|yearly|annual|every|each|hourly|times|\bper\b|frequent|rare"
        rf"|often"
        r"|biweekly|quarterly|percent|common",
        re.IGNORECASE,
    ),
    "year": re.compile(r"\b1[5-9]\d\d\b|\b20\d\d\b"),
    "chromosome": re.compile(r"\d|\b[XY]\b"),
    "person": re.compile(
        r"^(?:(?:the|Dr|Sir|Professor|Prof)\.? )*(?:[A-Z][\w'’-]*[a-zà-ÿ][\w'’-]*|[A-Z]\.?)"
        r"(?:,? (?:and|&|von|van|de|der|the|[A-Z][\w'’.-]*))*$"
    ),
    "vitamin": re.compile(
        r"vitamin|thiamine?|riboflavin|niacin|folate|folic|cobalamin|ascorbic|ascorbate|biotin|retinol|tocopherol"
        r"|pyridoxine"
        r"|pantothen|calciferol|phylloquinone|menaquinone|\b[A-EK]\d{0,2}\b",
        re.IGNORECASE,
    ),
    "amino acid": re.compile(
        r"\b(?:ala|gly|val|leu|isoleu|pro|phenylala|ser|threo|tyro|cyste|methio|lys|argi|histi)(?:ni)?ne?\b|ine\b"
        r"|tryptophan"
        r"|glutam|aspart|aspara|amino acid",
        re.IGNORECASE,
    ),
    "inheritance": re.compile(
        r"dominant|recessive|linked|maternal|paternal|mitochondrial|sporadic|polygenic|multifactorial|codominant"
        r"|oligogenic"
        r"|autosomal|mendelian|complex",
        re.IGNORECASE,
    ),
}
_NEVER_LAST: dict[str, str] = {  # nouns that cannot end an answer of these types
    "drug": "disease|syndrome|disorder|deficiency|mutation|mutations|gene|genes|mice|mouse|patient|patients|symptom"
    "|symptoms"
    "|infection|cancer|pain|failure|test|cells|cell|receptor|receptors|chromosome|percent|years?",
    "gene or protein": "disease|syndrome|disorder|patients?|mice|mouse|treatment|therapy|pain|infection|cancer|anemia"
    "|inheritance|years?|percent|women|men|children",
    "disease": "gene|genes|protein|proteins|receptor|receptors|inhibitor|inhibitors|enzyme|kinase|drug|drugs|therapy"
    "|antibody|antibodies|chromosome|mutation|mutations|patients?|years?|percent",
    "organism": "gene|genes|protein|proteins|disease|syndrome|vaccine|vaccines|antibody|antibodies|drug|drugs|therapy"
    "|treatment|receptor|years?|percent",
    "place in the body": "gene|genes|disease|syndrome|disorder|drug|drugs|treatment|therapy|years?|percent|mutation",
}
_NEVER: dict[str, re.Pattern[str]] = {  # what is of another kind as a whole
    "drug": re.compile(
        r"^[A-Z]{3,6}-?\d{1,2}[A-Z]{0,2}\d?$|^(?i:exon|intron|codon|chromosome|sweat|serum|plasma|urine|urinary|blood)\b"
        r"|^(?:[A-Za-z]+ )*\w+(?:uria|a?emia|itis|osis|opathy)$",
    ),
    "gene or protein": re.compile(r"\w{3}(?:tinib|olol|sartan|gliptin|gliflozin|floxacin|prazole|dipine|vastatin)s?$"),
    "place in the body": re.compile(
        r"^(?:the )?(?:humans?|cattle|pigs?|mouse|mice|rats?|people|adults|children)$", re.IGNORECASE
    ),
}
_ONE_ANSWER = frozenset({"number", "year", "duration", "frequency", "chromosome", "inheritance", "person"})
_LAST_WORD = {
    kind: re.compile(rf"(?:^|\W)(?:{nouns})$|^[\d.,%\s]+$", re.IGNORECASE) for kind, nouns in _NEVER_LAST.items()
}


def expected_answer_type(question: str) -> str | None:
    """The type of answer that a question expects ("gene or protein", "number", ...), None if its wording does not show
    it."""
    text = _LEAD.sub("", " ".join(question.lower().split())).rstrip(" ?.!…")
    if _CLOSED.match(text):
        return None
    if _WHEN.search(text):
        return "year"
    if _WHO.search(text):
        return "person"
    for kind, pattern in _MEASURED.items():
        if pattern.search(text):
            return kind
    if _PLACES.search(text) and not text.startswith("how"):
        return "place in the body"
    if _WHERE.search(text):
        return "place in the body"
    if asked := _ASKED.search(text):
        return _type_of_phrase(asked["phrase"].split())
    if re.search(r"\b(?:what|which|who|whom|where|when|why|how)\b", text):
        return None
    return _type_of_keywords(text)


def _type_of_phrase(words: Sequence[str]) -> str | None:
    """The type of the head of a noun phrase: its last known noun before a verb, or what it is a type or a name of."""
    found = None
    for place, word in enumerate(words):
        if word == "of" and place and _singular(words[place - 1]) in _PARTS | {"mode", "pattern", "deficiency"}:
            found = None if _singular(words[place - 1]) in _PARTS else found
            continue
        if word in ("of", "for") or (_VERB.match(word) and found):
            break
        if word == "the":
            if found:  # the next noun phrase
                break
            continue
        if word == "risks":  # harms, not a number
            return found
        pair = f"{word}-{_singular(words[place + 1])}" if place + 1 < len(words) else ""
        kind = _TYPE_OF_HEAD.get(pair) or _TYPE_OF_HEAD.get(_singular(word))
        if kind:
            if found == "vitamin":  # which vitamin deficiency
                return found
            found = kind
        elif found and _VERB.match(word):
            break
        elif _VERB.match(word):
            return found
    return found


def _type_of_keywords(text: str) -> str | None:
    found = _KEYWORD_HEAD.match(text)
    if not found:
        return None
    kind = _TYPE_OF_HEAD.get(_singular(found["head"]))
    return kind if kind in ("gene or protein", "drug", "organism", "chromosome") else None


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _TYPE_OF_HEAD or word in _PARTS:
        return word
    for ending, singular in (("ies", "y"), ("oes", "o"), ("ses", "s"), ("s", "")):
        if word.endswith(ending) and (bare := word.removesuffix(ending) + singular) in {*_TYPE_OF_HEAD, *_PARTS}:
            return bare
    return word.removesuffix("s") if len(word) > 3 else word


def matches_answer_type(answer_type: str | None, answer: str) -> bool:
    """Whether the form of an answer fits the expected type; types without a recognisable form fit every answer."""
    kind = answer_type or ""
    pattern, last, never = _ANSWER_PATTERNS.get(kind), _LAST_WORD.get(kind), _NEVER.get(kind)
    if (never and never.search(answer.strip())) or (last and last.search(answer.strip())):
        return False
    return pattern is None or bool(pattern.search(answer))


def has_one_answer(answer_type: str | None, question_type: QuestionType) -> bool:
    """Whether two different answers contradict each other: yes and no do, two drugs for a disease do not."""
    return question_type is QuestionType.YESNO or answer_type in _ONE_ANSWER
