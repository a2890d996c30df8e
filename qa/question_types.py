"""Question types of BioASQ, classified by rules over the wording."""

import re
from enum import StrEnum

from bioqa.qa.wording import AUXILIARY, LEAD, asks_for_things, asks_for_yes_or_no, plain_wording


class QuestionType(StrEnum):
    """The four question types of BioASQ."""

    FACTOID = "factoid"
    LIST = "list"
    YESNO = "yesno"
    SUMMARY = "summary"


_AUXILIARY = rf"(?:(?:{AUXILIARY})(?:n't)?|can't|cannot|won't)"
_YESNO = re.compile(rf"^{LEAD}{_AUXILIARY}\b")
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
_NOUN_PHRASE = re.compile(r"\b(?:which|what|name) (?P<phrase>(?:[\w/'-]+ ?){1,8})")
_NUMERALS = {"two", "three", "four", "five", "six", "seven", "eight", "some", "several"}
_HEADS = (  # head nouns in the singular; the first one after "which", singular or plural, decides
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
_INDIRECT = re.compile(r"^what (?P<thing>[^?,]+?) (?P<verb>is|are|was|were)\W*$")


def classify(question: str) -> QuestionType:
    """The type of a question by its wording."""
    folded = " ".join(question.lower().replace("’", "'").split())
    text = _INDIRECT.sub(r"what \g<verb> \g<thing>", plain_wording(folded))
    if asks_for_things(folded):
        text = f"name {text}"
    if asks_for_yes_or_no(folded):
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
    noun_phrase = _NOUN_PHRASE.search(text)
    words = noun_phrase["phrase"].split() if noun_phrase else []
    for word, after in zip(words, [*words, ""][1:], strict=True):
        if word in _PLURAL or word in _PLURAL_VERBS or word in _NUMERALS:
            return True
        if word in _SINGULAR or word in _SINGULAR_VERBS:
            return after in _PLURAL - _ALSO_VERBS  # "which cell types"
    return bool(_NAME_SEVERAL.search(text))
