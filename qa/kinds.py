"""What kind of thing a question asks for, from its wording, and which answers can be such a thing."""

import re

_KINDS: dict[str, re.Pattern[str]] = {  # the first that matches names what is asked for
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
