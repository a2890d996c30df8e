"""Dense search: the nearest passages by flat scan or inverted lists, restricted to eligible passages."""

from collections.abc import Sequence

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.search.flat import ScoredPassages, VectorRows, top_k
from bioqa.index.search.ivf import InvertedLists

# This many scattered rows are read and scored in a few milliseconds.
_FEW_ROWS = 2_000
# An exact scan of this many rows takes about as long as a search of inverted lists.
_EXACT = 100_000


class VectorIndex:
    """Cosine similarity search (inner products of unit vectors) over all passages that were not removed."""

    def __init__(self, rows: VectorRows, removed: Array, structure: InvertedLists | None = None):
        """`removed` holds passage numbers. Passages beyond those that `structure` covers are searched flat."""
        self._rows, self._structure = rows, structure
        self._living: Array | None = None
        if len(removed):
            self._living = np.ones(len(rows), dtype=bool)
            self._living[removed] = False

    def search(self, vector: Array, k: int, allowed: Array | None = None) -> dict[int, float]:
        """The `k` passages nearest to `vector` (float32, shape (dimensions,)): {passage number: cosine}, best first.

        With `allowed` (passage numbers), only those are eligible, and min(k, eligible) of them are returned. The result
        is exact without inverted lists, and with them if at most 100,000 passages are eligible. Otherwise the cosines
        are exact but some of the nearest passages may be missed; `bioqa eval growth` measures the recall.
        """
        eligible, count = self._eligible(allowed)
        k = min(k, count)
        if k < 1:
            return {}
        numbers, scores = self._nearest(vector, k, eligible, count)
        return dict(zip(numbers.tolist(), scores.tolist(), strict=True))

    def vectors_of(self, numbers: Sequence[int]) -> Array:
        """The vectors of these passages: float32, shape (n, dimensions)."""
        return self._rows.read(np.array(numbers, dtype=np.int64))

    def _eligible(self, allowed: Array | None) -> tuple[Array | None, int]:
        """A mask of the eligible rows, None for all, and their number."""
        if allowed is None:
            living = self._living
            return living, len(self._rows) if living is None else int(np.count_nonzero(living))
        eligible = np.zeros(len(self._rows), dtype=bool)
        eligible[allowed[(allowed >= 0) & (allowed < len(self._rows))]] = True
        if self._living is not None:
            eligible &= self._living
        return eligible, int(np.count_nonzero(eligible))

    def _nearest(self, vector: Array, k: int, eligible: Array | None, count: int) -> ScoredPassages:
        if eligible is not None and count <= _FEW_ROWS:
            return top_k([self._rows.score(vector, np.flatnonzero(eligible))], k)
        if self._structure is None or (eligible is not self._living and count <= _EXACT):
            return self._rows.nearest(vector, k, eligible)
        covered = self._structure.passages
        inside = covered if eligible is None else int(np.count_nonzero(eligible[:covered]))
        candidates = self._structure.candidates(vector, k, eligible, at_least=min(k, inside))
        outside = self._rows.nearest(vector, k, eligible, first=covered)
        return top_k([self._rows.score(vector, candidates), outside], k)
