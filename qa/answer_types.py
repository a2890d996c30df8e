"""Expected answer types ("gene or protein", "number"): rules over a question's wording, and checks of an answer's
form."""

import re

_QUESTION_PATTERNS: dict[str, re.Pattern[str]] = {  # by answer type; the first match decides
    "number": re.compile(
        r"\bhow (?:many|much|often|long|old|common|frequent|large|big|far|high)\b"
        r"|\bwhat (?:percentage|proportion|number|age)\b"
        r"|(?:\b(?:what|which) (?:is|are|was|were) (?:(?!(?:of|for|in|with|on|by|to|and|that)\b)[\w-]+ ){0,4}"
        r"|^(?:\w+ )?(?:the )?)"
        r"(?:percentage|proportion|number|prevalence|incidence|half-life|dose|age) of\b"
    ),
    "year": re.compile(r"\b(?:which|what) year\b|^when (?:was|were|did)\b"),
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
_ANSWER_PATTERNS: dict[str, re.Pattern[str]] = {  # for the types whose answers have a recognisable form
    "number": _NUMBER,
    "year": re.compile(r"\b1[5-9]\d\d\b|\b20\d\d\b"),
    "chromosome": re.compile(r"\d|\b[XY]\b"),
}


def expected_answer_type(question: str) -> str | None:
    """The type of answer that a question expects ("gene or protein", "number", ...), None if its wording does not show
    it."""
    text = " ".join(question.lower().split())
    return next((answer_type for answer_type, pattern in _QUESTION_PATTERNS.items() if pattern.search(text)), None)


def matches_answer_type(answer_type: str | None, answer: str) -> bool:
    """Whether the form of an answer fits the expected type; types without a recognisable form fit every answer."""
    pattern = _ANSWER_PATTERNS.get(answer_type or "")
    return pattern is None or bool(pattern.search(answer))
