"""The fp16 vectors of an index, one row a passage, and exact scores from them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from threading import Lock
from typing import Any

import faiss
import numpy as np

from bioqa.index import mapping
from bioqa.index.runtime import Array, processors

Scored = tuple[Array, Array]
"""Passage numbers (int64) and their inner products with a vector (float32), best first."""


class Rows:
    """The rows of all segments; a row's number is that of its passage. Segments are mapped when first read.

    No more than `kept` bytes of them stay in memory: before they become more, all that was read is given back.
    """

    def __init__(self, lengths: Sequence[int], open_segment: Callable[[int], Array], dimensions: int, kept: int):
        """`open_segment(i)` gives the fp16 array of segment i, shape (lengths[i], dimensions)."""
        self._bounds = [0, *accumulate(lengths)]
        self._open, self.dimensions = open_segment, dimensions
        self._opened: dict[int, Array] = {}
        self._kept, self._resident = kept, 0
        self._scanners: list[_Scanner] = []
        self._scanning = Lock()

    def __len__(self) -> int:
        return self._bounds[-1]

    def read(self, numbers: Array) -> Array:
        """The rows of passages `numbers`: float32, shape (n, dimensions)."""
        order = np.argsort(numbers, kind="stable")
        ascending = numbers[order]
        found = np.empty((len(numbers), self.dimensions), dtype=np.float32)
        edges = np.searchsorted(ascending, self._bounds)
        for segment in np.flatnonzero(np.diff(edges)).tolist():
            first, last = edges[segment : segment + 2].tolist()
            rows = self._segment(segment)
            self._make_room(min((last - first) * mapping.AT_ONCE, rows.nbytes))
            found[order[first:last]] = rows[ascending[first:last] - self._bounds[segment]]
        return found

    def _make_room(self, size: int) -> None:
        """Give back what was read where so many bytes more would be too many."""
        if self._resident and self._resident + size > self._kept:
            self._resident = 0
            for opened in self._opened:
                self._give_back(opened)
        self._resident += size

    def blocks(self, size: int) -> Iterator[tuple[int, Array]]:
        """All rows in order, at most `size` at once: the number of the first, and float32 rows."""
        for segment, (start, end) in enumerate(pairwise(self._bounds)):
            for first in range(start, end, size):
                yield first, self._segment(segment)[first - start : first - start + size].astype(np.float32)
            self._give_back(segment)

    def score(self, vector: Array, numbers: Array) -> Scored:
        """All of `numbers` (ascending) by their inner product with `vector` (float32)."""
        return ranked(numbers, self.read(numbers) @ vector)

    def nearest(self, vector: Array, k: int, eligible: Array | None = None, first: int = 0) -> Scored:
        """The `k` nearest of all rows from number `first` on, where `eligible` (a bool a row) allows them.

        Exact: each row is scored, straight from the mapped file.
        """
        parts = [
            (segment, max(start, first), end)
            for segment, (start, end) in enumerate(pairwise(self._bounds))
            if max(start, first) < end and (eligible is None or eligible[max(start, first) : end].any())
        ]
        if not parts:
            return best([], k)
        with self._scanning:
            if not self._scanners:
                self._scanners = [_Scanner(self.dimensions) for _ in range(processors())]
            for scanner in self._scanners:
                scanner.query(vector)
            with ThreadPoolExecutor(len(self._scanners)) as pool:
                shares = pool.map(
                    lambda place: [
                        self._scan(place, *part, k, eligible) for part in parts[place :: len(self._scanners)]
                    ],
                    range(len(self._scanners)),
                )
                return best([scored for share in shares for scored in share], k)

    def _scan(self, place: int, segment: int, start: int, end: int, k: int, eligible: Array | None) -> Scored:
        rows = self._segment(segment)[start - self._bounds[segment] :]
        places, scores = self._scanners[place].nearest(rows, k, None if eligible is None else eligible[start:end])
        self._give_back(segment)
        return places + start, scores

    def _segment(self, segment: int) -> Array:
        if segment not in self._opened:
            self._opened[segment] = self._open(segment)
        return self._opened[segment]

    def _give_back(self, segment: int) -> None:
        is_large = len(self) * self.dimensions * 2 > self._kept
        mapped = mapping.of(self._opened[segment])
        if is_large and mapped is not None:
            mapping.give_back(mapped)


class _Scanner:
    """What FAISS scans the codes of an inverted list with. It takes them wherever they lie; FAISS's flat index would
    copy them. FAISS never frees one, so each is used again and again."""

    def __init__(self, dimensions: int):
        self._vector = np.empty(dimensions, dtype=np.float32)
        self._codec = faiss.ScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16)
        self._chosen: Any = faiss.IDSelectorBitmap(0, None)  # type: ignore[arg-type]
        self._scanner = self._codec.select_InvertedListScanner(  # type: ignore[attr-defined]
            faiss.METRIC_INNER_PRODUCT, None, True, self._chosen, False
        )
        self._scanner.set_list(0, 0.0)

    def query(self, vector: Array) -> None:
        """Set the vector that `nearest` compares with."""
        self._vector[:] = vector
        self._scanner.set_query(faiss.swig_ptr(self._vector))

    def nearest(self, rows: Array, k: int, eligible: Array | None) -> Scored:
        """The `k` nearest rows of a contiguous fp16 array, by place in it; `eligible` is a bool a row."""
        k = min(k, len(rows))
        bits = np.packbits(np.ones(len(rows), dtype=bool) if eligible is None else eligible, bitorder="little")
        self._chosen.n, self._chosen.bitmap = len(bits), faiss.swig_ptr(bits)
        scores = np.full(k, -np.inf, dtype=np.float32)
        places = np.full(k, -1, dtype=np.int64)
        codes = rows.reshape(-1).view(np.uint8)
        self._scanner.scan_codes(
            len(rows), faiss.swig_ptr(codes), None, faiss.swig_ptr(scores), faiss.swig_ptr(places), k
        )
        filled = places >= 0
        return places[filled], scores[filled]


def selecting(eligible: Array) -> Any:
    """What FAISS takes to leave out rows: a bool for each."""
    return faiss.IDSelectorBitmap(np.packbits(eligible, bitorder="little"))  # type: ignore[arg-type, call-arg]


def ranked(numbers: Array, scores: Array) -> Scored:
    """Best first; what scores alike by number."""
    order = np.lexsort((numbers, -scores))
    return numbers[order], scores[order]


def best(parts: Sequence[Scored], k: int) -> Scored:
    """The `k` best of several results."""
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    numbers, scores = ranked(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return numbers[:k], scores[:k]
