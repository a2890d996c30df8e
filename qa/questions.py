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


_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|might|must|isn't|aren't|doesn't|don't|can't)"
_YESNO = re.compile(rf"^(?:and |so |but )?{_AUXILIARY}\b|^(?:in|for|among|during|after|within|at|on)\b[^?]*, {_AUXILIARY}\b")
_LIST_COMMAND = re.compile(
    r"^(?:please |can you |could you )?(?:list|enumerate|name (?:the |some |all |at least )?(?:\w+ ){0,4}\w+s\b|mention|give (?:the |some )?\w+s\b)"
)
_SUMMARY = re.compile(
    r"^(?:how (?!many|much|often|long|old|common|frequent|large|big|far|high|prevalent)|why\b|describe|explain|summari[sz]e|discuss|compare|define|tell me"
    r"|please (?:describe|explain|summari[sz]e)|what (?:do|does) .*\b(?:do|mean|involve|measure)\b|what happens|what is known|what do we know|what's known"
    r"|what (?:is|are|was) (?:the )?(?:\w+ )?(?:roles?|functions?|mechanisms?|effects?|differences?|relation(?:ship)?s?|association|connection|link|interaction|"
    r"rationale|importance|significance|aim|goal|purpose|principles?|concepts?|definition|basis|pathophysiology|pathogenesis|consequences?|contribution|involvement|"
    r"impact|outcome|evidence|implications?|status|prognosis|biological|advantages?|benefits?|use|usefulness|treatment (?:strategy|approach))\b)"
)
_DEFINITION = re.compile(r"^what (?:is|are|was) (?:an? |the )?(?P<thing>[^?,]+?)\s*\??$")
_NOT_DEFINITION = re.compile(
    r"\b(?:of|for|in|that|which|who|with|by|to|from|on|most|main|first|common|responsible|used|called|known|causing|encoded|name|number|target|"
    r"gene|cause|vector|abbreviation|percentage|prevalence|incidence|inheritance|half-life)\b"
)
_PLURAL_VERB = re.compile(r"^(?:which|what) (?:\S+ ){1,8}?(?:are|were|have|do)\b|^(?:which|what) (?:are|were)\b")
_PLURAL_NOUN = re.compile(r"^(?:which|what) (?:of the )?(?:\S+ ){0,3}?(?P<noun>[a-z-]{2,}s)\b")
_SINGULAR_S = re.compile(r"(?:ss|us|is|ous|as|ics)$|^(?:does|has|was|causes|encodes|disease|series|species|virus)$")
_SINGULAR_VERB = re.compile(r"^(?:which|what) (?:\S+ ){1,5}?(?:is|was|has|does|causes|encodes|carries|transmits|produces|contains|binds)\b")


def classify(question: str) -> QuestionType:
    """The type of a question, from its wording alone."""
    text = " ".join(question.lower().split())
    if _LIST_COMMAND.search(text):
        return QuestionType.LIST
    if _YESNO.search(text):
        return QuestionType.YESNO
    if _SUMMARY.search(text):
        return QuestionType.SUMMARY
    definition = _DEFINITION.match(text)
    if definition and not _NOT_DEFINITION.search(definition["thing"]):
        return QuestionType.SUMMARY
    return QuestionType.LIST if _asks_for_several(text) else QuestionType.FACTOID


def _asks_for_several(text: str) -> bool:
    if _SINGULAR_VERB.search(text) and not re.search(r"^(?:which|what) are\b", text):
        return False
    if _PLURAL_VERB.search(text):
        return True
    noun = _PLURAL_NOUN.search(text)
    return bool(noun) and not _SINGULAR_S.search(noun["noun"]) if noun else False


_KINDS: dict[str, re.Pattern[str]] = {  # the first that matches names what is asked for
    "number": re.compile(r"\bhow (?:many|much|often|long|old|common|frequent|large|big|far|high)\b|\b(?:percentage|proportion|number|prevalence|incidence|half-life|dose|age) of\b|\bwhat (?:percentage|proportion|number|age)\b"),
    "year": re.compile(r"\b(?:which|what) year\b|^when\b"),
    "chromosome": re.compile(r"\b(?:which|what) (?:human )?chromosome\b|^on which chromosome"),
    "gene or protein": re.compile(r"\b(?:genes?|proteins?|enzymes?|receptors?|kinases?|transcription factors?|antigens?|antibod(?:y|ies)|cytokines?|hormones?|target)\b"),
    "drug": re.compile(r"\b(?:drugs?|inhibitors?|antidotes?|antibiotics?|medications?|vaccines?|agents?|compounds?)\b"),
    "disease": re.compile(r"\b(?:diseases?|syndromes?|disorders?|cancers?|conditions?|infections?|deficienc(?:y|ies))\b"),
    "organism": re.compile(r"\b(?:bacteri(?:um|a)|virus(?:es)?|organisms?|parasites?|pathogens?|species|vectors?|fung(?:us|i)|mosquito(?:es)?)\b"),
    "place in the body": re.compile(r"\b(?:cells?|tissues?|organs?|organelles?|glands?|nerves?|brain region|part of|where)\b"),
    "method": re.compile(r"\b(?:methods?|tests?|techniques?|assays?|tools?|algorithms?|software)\b"),
}  # fmt: skip
_NUMBER = re.compile(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|half|once|twice|third|quarter|dozen)\b", re.I)
_SHAPES: dict[str, re.Pattern[str]] = {  # kinds whose answers can be told by their shape
    "number": _NUMBER,
    "year": re.compile(r"\b1[5-9]\d\d\b|\b20\d\d\b"),
    "chromosome": re.compile(r"\d|\b[XY]\b"),
}


def expected_kind(question: str) -> str | None:
    """What kind of thing the question asks for ("gene or protein", "number", ...), or None where the wording does not say."""
    text = " ".join(question.lower().split())
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(text)), None)


def fits(kind: str | None, answer: str) -> bool:
    """Whether an answer can be of that kind, as far as its shape tells."""
    shape = _SHAPES.get(kind or "")
    return shape is None or bool(shape.search(answer))


def checked(question: str, most: int) -> str:
    """The question with white space folded. Raises InputError where it is empty or longer than `most` characters."""
    text = " ".join(question.replace("\0", " ").split())
    if not any(character.isalnum() for character in text):
        raise InputError("the question is empty; try: bioqa ask \"what gene causes cystic fibrosis?\"")
    if len(text) > most:
        raise InputError(f"the question has {len(text):,} characters; at most {most:,} can be asked")
    return text
