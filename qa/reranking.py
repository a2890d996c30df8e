"""Reranking of search results by the reader's relevance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bioqa.index.models.model import shipped
from bioqa.index.records import Hit
from bioqa.qa.calibration import log_odds, relevances
from bioqa.qa.reader import Reader

_WEIGHT = 0.03  # of the log-odds of relevance, added to a score (0..1); tuned on BioASQ year 9 and NFCorpus dev


@dataclass(frozen=True, slots=True)
class Reranker:
    """A reranker of the first `count` hits."""

    reader: Reader
    count: int

    def __call__(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The hits in their new order; scores may leave 0..1.

        A hit that is not read counts as the least relevant of those that are. A reader without a relevance head changes
        nothing.
        """
        first = [hit.passage for hit in hits[: self.count]]
        probabilities = relevances(self.reader.read(question, first, max_tokens=1, count=1))
        least = min(probabilities.values(), default=0.5)
        rescored = [
            replace(hit, score=hit.score + _WEIGHT * log_odds(probabilities.get(hit.passage.number, least)))
            for hit in hits
        ]
        return sorted(rescored, key=lambda hit: -hit.score)


def load_reranker(reader_folder: Path | None, count: int) -> Reranker:
    """The reranker with the reader in a folder, None for the reader that ships. Raises ModelError."""
    return Reranker(Reader(reader_folder or shipped("reader")), count)
