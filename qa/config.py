"""The numbers that a trip runs with, each with its reason."""

import sys
from dataclasses import dataclass, replace

from bioqa.index.filters import NO_FILTER, Filter


@dataclass(frozen=True, slots=True)
class AskConfig:
    """How a question is answered. Frozen; unknown names are refused by construction."""

    passages: int = 20  # found for a question, and read in their order as long as there are tokens
    tokens: int = 1_280  # read of them, titles and question included: some ten passages; twice as many gain little
    settled: float = 0.35  # reading ends when the lead of an answer is this share of what the unread could add at most
    top: int = 5  # answers kept: BioASQ scores five
    min_confidence: float | None = None  # None: the threshold that was fitted together with the calibration
    narrow: Filter = NO_FILTER
    spans_per_passage: int = 20  # candidates per passage: what is best in one may come low in another, and both count
    factoid_tokens: int = 20  # word pieces; 93% of the factoid answers of BioASQ years 4-6 are no longer
    list_tokens: int = 80  # a span for a list question may hold the whole enumeration
    max_question_characters: int = 2_000
    ideal_words: int = 150  # BioASQ allows 200; the first three gold snippets, which are hard to beat, have about 85
    prose: bool = True  # an ideal answer to factoid and list questions too, for a fifth of the time of an answer
    max_evidence: int = 5  # sentences shown an answer

    def thorough(self) -> "AskConfig":
        """The same, but all that there is to read is read."""
        return replace(self, passages=100_000, tokens=sys.maxsize, settled=float("inf"))
