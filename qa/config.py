"""Configuration of question answering, with a reason for each value."""

import sys
from dataclasses import dataclass, replace

from bioqa.index.search.filters import NO_FILTER, Filter


@dataclass(frozen=True, slots=True)
class AskConfig:
    """How a question is answered."""

    passages: int = 20  # retrieved per question, and read in order while tokens remain
    tokens: int = (
        1_280  # read per question, titles and question included: about ten passages; twice as many gain little
    )
    settled: float = 0.35  # stop reading when the best answer's margin is this share of the unread passages' weight
    top: int = 5  # answers given: BioASQ scores five
    min_confidence: float | None = None  # None: the threshold fitted with the calibration
    filters: Filter = NO_FILTER
    spans_per_passage: int = 20  # an answer that ranks low in one passage may rank first in another, and both count
    factoid_tokens: int = 20  # word pieces; 93% of the factoid answers of BioASQ years 4-6 fit
    list_tokens: int = 80  # word pieces; a span for a list question may be a whole enumeration
    max_question_characters: int = 2_000
    ideal_words: int = 150  # BioASQ allows 200; the first three gold snippets, a strong baseline, have about 85
    ideal_sentences: int = 5  # of an answer in prose: more are not read
    always_summarize: bool = True  # an ideal answer to factoid and list questions too; takes a fifth of the time
    max_evidence: int = 5  # sentences shown per answer
    given: bool = False  # the passages are given, not searched: another calibration of the confidence

    def for_given_passages(self) -> "AskConfig":
        """This configuration for passages that are given: every one is read."""
        return replace(self, given=True, passages=100_000, tokens=sys.maxsize, settled=float("inf"))


DEFAULTS = AskConfig()
