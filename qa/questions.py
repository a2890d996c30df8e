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


_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must"
    r"|isn't|aren't|doesn't|don't|can't)"
)
_YESNO = re.compile(
    rf"^(?:and |so |but )?{_AUXILIARY}\b|^(?:in|as|for|among|during|after|within|at|on)\b[^?]*, {_AUXILIARY}\b"
    r"|\byes or no\W*$"
)
_LIST_COMMAND = re.compile(
    r"^(?:please |can you |could you )?(?:list|enumerate|mention|give (?:the |some )?\w+s\b"
    r"|name (?:some|all|at least|two|three|four|five|six|\w+s) )"
)
_SUMMARY = re.compile(
    r"^(?:please )?(?:briefly )?(?:why|describe|explain|summari[sz]e|discuss|compare|define|elaborate|tell me"
    r"|give an overview|(?:can|could) you (?:describe|explain|summari[sz]e|define)"
    r"|how (?!many|much|often|long|old|common|frequent|large|big|far|high|prevalent)"
    r"|what (?:do|does) .*\b(?:do|mean|involve|measure)|what happens|what is known|what do we know"
    r"|(?:what|which) (?:is|are|was) (?:the )?(?:\w+ )?(?:roles?|functions?|mechanisms?|effects?"
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


def classify(question: str) -> QuestionType:
    """The type of a question, from its wording alone."""
    text = " ".join(question.lower().split())
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
