"""Cause and effect: whether a sentence puts a candidate on the side that is asked for."""

import re

from bioqa.qa.aggregate import Evidence

_BETWEEN = r"(?:[\w'’-]+ ){0,4}$"
_TO_EFFECT = re.compile(
    r"\b(?:causes? of|causes?|causing|leads? to|leading to|results? in|resulting in|produces?|triggers?"
    rf"|responsible for|predisposes? to) {_BETWEEN}",
    re.IGNORECASE,
)
_TO_CAUSE = re.compile(
    r"\b(?:caused by|due to|results? from|resulting from|arises? from|because of|secondary to|attributed to"
    rf"|attributable to|follows|triggered by|consequence of) {_BETWEEN}",
    re.IGNORECASE,
)
_ASKS_FOR_CAUSE = re.compile(
    r"^(?:what|which [\w -]+?) (?:mainly |usually |most often |commonly )?"
    r"(?:causes?|caused|triggers?|leads? to|produces?)\b"
    r"|\b(?:is|are|was|were) [\w' -]+? caused by (?:what|which)\b"
    r"|^(?:what|which) (?:is|are|was|were) (?:the )?(?:[\w-]+ ){0,3}?causes? of\b|^(?:[\w-]+ ){0,2}causes? of\b",
    re.IGNORECASE,
)
_ASKS_FOR_EFFECT = re.compile(
    r"^(?:what|which [\w -]+?) (?:do|does|did|can|may|could) [\w' -]+? (?:cause|trigger|lead to|produce)\b"
    r"|^(?:what|which [\w -]+?) (?:is|are|was|were) caused by\b",
    re.IGNORECASE,
)


def wrong_side(question: str, evidence: Evidence) -> bool:
    """Whether the words before a candidate make it the effect where the cause is asked for, or the reverse."""
    before = evidence.sentence[: evidence.start]
    if _ASKS_FOR_EFFECT.search(question):
        return bool(_TO_CAUSE.search(before))
    return bool(_ASKS_FOR_CAUSE.search(question)) and bool(_TO_EFFECT.search(before))
