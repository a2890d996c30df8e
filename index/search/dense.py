"""Dense search: the nearest passages, flat over all rows or by inverted lists, among those that may be found."""

from collections.abc import Sequence

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.search.flat import Rows, Scored, best
from bioqa.index.search.ivf import Structure

# So many rows, wherever they lie, are picked out and scored in a few milliseconds.
_FEW = 2_000
# So many are scanned in about as long as inverted lists are searched, and exactly.
_EXACT = 100_000


class VectorIndex:
    """Inner products over unit vectors, which are cosines, of all passages but the removed ones."""

    def __init__(self, rows: Rows, removed: Array, structure: Structure | None = None):
        """`removed` holds passage numbers. What comes after the passages that `structure` covers is searched flat."""
        self._rows, self._structure = rows, structure
        self._living: Array | None = None
        if len(removed):
            self._living = np.ones(len(rows), dtype=bool)
            self._living[removed] = False

    def search(self, vector: Array, k: int, allowed: Array | None = None) -> dict[int, float]:
        """The `k` passages nearest to `vector` (float32, shape (dimensions,)): {passage number: cosine}, best first.

        With `allowed` (passage numbers) only those are considered, and as many of them are found as there are, up to
        `k`. The result is exact without inverted lists, and with them where no more than 100,000 are allowed. Else the
        cosines are exact, and the measured share of the nearest is found (`bioqa eval growth`).
        """
        eligible, count = self._eligible(allowed)
        k = min(k, count)
        if k < 1:
            return {}
        numbers, scores = self._nearest(vector, k, eligible, count)
        return dict(zip(numbers.tolist(), scores.tolist(), strict=True))

    def of(self, numbers: Sequence[int]) -> Array:
        """The vectors of these passages: float32, shape (n, dimensions)."""
        return self._rows.read(np.array(numbers, dtype=np.int64))

    def _eligible(self, allowed: Array | None) -> tuple[Array | None, int]:
        """Which rows may be found, None for all of them, and how many these are."""
        if allowed is None:
            living = self._living
            return living, len(self._rows) if living is None else int(np.count_nonzero(living))
        eligible = np.zeros(len(self._rows), dtype=bool)
        eligible[allowed[(allowed >= 0) & (allowed < len(self._rows))]] = True
        if self._living is not None:
            eligible &= self._living
        return eligible, int(np.count_nonzero(eligible))

    def _nearest(self, vector: Array, k: int, eligible: Array | None, count: int) -> Scored:
        if eligible is not None and count <= _FEW:
            return best([self._rows.score(vector, np.flatnonzero(eligible))], k)
        if self._structure is None or (eligible is not self._living and count <= _EXACT):
            return self._rows.nearest(vector, k, eligible)
        covered = self._structure.passages
        inside = covered if eligible is None else int(np.count_nonzero(eligible[:covered]))
        candidates = self._structure.candidates(vector, k, eligible, at_least=min(k, inside))
        outside = self._rows.nearest(vector, k, eligible, first=covered)
        return best([self._rows.score(vector, candidates), outside], k)
