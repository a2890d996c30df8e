"""Exact dense search over the fp16 rows of an index, in FAISS."""

from collections.abc import Sequence

import faiss
import numpy as np

from bioqa.index.runtime import Array


class VectorIndex:
    """Inner products over unit vectors, which are cosines; `numbers[i]` is the passage of row i."""

    def __init__(self, segments: Sequence[Array], dimensions: int, removed: Array):
        """`segments` are fp16 arrays (n, dimensions), consecutive in passage number; what is `removed` is left out."""
        self._flat = faiss.IndexFlatIP(dimensions)
        kept: list[Array] = []
        base = 0
        for rows in segments:
            numbers = np.arange(base, base + len(rows))
            alive = np.flatnonzero(~np.isin(numbers, removed))
            self._flat.add(np.ascontiguousarray(rows[alive] if len(alive) < len(rows) else rows, dtype=np.float32))
            kept.append(numbers[alive])
            base += len(rows)
        self._numbers = np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)

    def search(self, vector: Array, k: int, allowed: Array | None = None) -> dict[int, float]:
        """The `k` passages nearest to `vector` (float32, shape (dimensions,)): {passage number: cosine}, best first.

        With `allowed` (passage numbers) only those are considered, and the result is exactly the top of that set.
        """
        parameters = None
        if allowed is not None:
            rows = np.flatnonzero(np.isin(self._numbers, allowed))
            k = min(k, len(rows))
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
        k = min(k, len(self._numbers))
        if k < 1:
            return {}
        scores, found = self._flat.search(vector[None, :], k, params=parameters)
        best_first = sorted(
            ((int(self._numbers[row]), float(score)) for row, score in zip(found[0], scores[0], strict=True)),
            key=lambda hit: (-hit[1], hit[0]),
        )
        return dict(best_first)
