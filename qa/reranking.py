"""Re-ranking: the first passages found, weighed anew by how much the reader thinks them to the point."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bioqa.index.model import shipped
from bioqa.index.records import Hit
from bioqa.qa.calibration import log_odds, relevances
from bioqa.qa.reader import Reader

_WEIGHT = 0.03  # of a log-odds of relevance beside a score (0..1); chosen on BioASQ year 9 and NFCorpus dev


@dataclass(frozen=True, slots=True)
class Reranker:
    """Puts the first `count` of what was found in a new order."""

    reader: Reader
    count: int

    def __call__(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The hits, best first, their scores no longer within 0..1; what is not read counts as what is least to the
        point of all that is, and a reader that does not tell leaves the order as it is."""
        first = [hit.passage for hit in hits[: self.count]]
        read = relevances(self.reader.read(question, first, max_tokens=1, count=1))
        least = min(read.values(), default=0.5)
        weighed = [
            replace(hit, score=hit.score + _WEIGHT * log_odds(read.get(hit.passage.number, least))) for hit in hits
        ]
        return sorted(weighed, key=lambda hit: -hit.score)


def reranker(reader_folder: Path | None, count: int) -> Reranker:
    """One with the reader in a folder, None for the one that ships. Raises ModelError."""
    return Reranker(Reader(reader_folder or shipped("reader")), count)
