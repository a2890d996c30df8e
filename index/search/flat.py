"""Exact search over the fp16 vectors of an index, one row per passage."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from threading import Lock
from typing import Any

import faiss
import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.cpus import processors
from bioqa.index.store import memory_maps
from bioqa.index.store.memory_maps import PageBudget

_SCANNED_AT_ONCE = 32_768  # rows per part of a segment: 25 MB with 384 dimensions

ScoredPassages = tuple[Array, Array]
"""Passage numbers (int64) and their inner products with a vector (float32), best first."""


class VectorRows:
    """The vectors of all segments, numbered as the passages. Segments are mapped at first use.

    At most `kept` bytes stay resident; if the rows are larger, pages are released after use.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        open_segment: Callable[[int], Array],
        dimensions: int,
        kept: int,
        verify: Callable[[int, Array, int], None] = lambda *_: None,
    ):
        """`open_segment(i)` returns the fp16 array of segment i, shape (lengths[i], dimensions).

        `verify(i, rows, n)` is called before `n` rows starting at each of `rows` are read; it raises an error if they
        are damaged.
        """
        self._bounds = [0, *accumulate(lengths)]
        self._open, self._verify, self.dimensions = open_segment, verify, dimensions
        self._opened: dict[int, Array] = {}
        self._gives_back = self._bounds[-1] * dimensions * 2 > kept
        self._allowance = PageBudget(kept)
        self._read_at_once = max(1, kept // memory_maps.READAHEAD if self._gives_back else self._bounds[-1])
        self._scanners: list[_Scanner] = []
        self._scanning = Lock()

    def __len__(self) -> int:
        return self._bounds[-1]

    def read(self, numbers: Array) -> Array:
        """The rows of passages `numbers`: float32, shape (n, dimensions)."""
        found = np.empty((len(numbers), self.dimensions), dtype=np.float32)
        order = np.argsort(numbers, kind="stable")
        for first in range(0, len(order), self._read_at_once):
            places = order[first : first + self._read_at_once]
            self._allowance.reserve(len(places))
            edges = np.searchsorted(numbers[places], self._bounds)
            for segment, (start, end) in enumerate(pairwise(edges.tolist())):
                if start < end:
                    chosen = places[start:end]
                    inside = numbers[chosen] - self._bounds[segment]
                    rows = self._segment(segment)
                    self._verify(segment, inside, 1)
                    found[chosen] = rows[inside]
        return found

    def blocks(self, size: int) -> Iterator[tuple[int, Array]]:
        """All rows in order, in blocks of at most `size`: the number of the first row, and float32 rows."""
        for segment, start, end in self._parts(size):
            rows = self._part(segment, start, end)
            yield start, rows.astype(np.float32)
            self._release(rows)

    def score(self, vector: Array, numbers: Array) -> ScoredPassages:
        """All `numbers` (ascending), ranked by their inner product with `vector` (float32)."""
        return rank(numbers, self.read(numbers) @ vector)

    def nearest(self, vector: Array, k: int, eligible: Array | None = None, first: int = 0) -> ScoredPassages:
        """The `k` nearest rows from number `first` on, restricted to `eligible` (one bool per row).

        Exact: every eligible row is scored from the mapped file.
        """
        parts = [
            (segment, start, end)
            for segment, start, end in self._parts(_SCANNED_AT_ONCE, first)
            if eligible is None or eligible[start:end].any()
        ]
        if not parts:
            return top_k([], k)
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
                return top_k([scored for share in shares for scored in share], k)

    def _scan(self, place: int, segment: int, start: int, end: int, k: int, eligible: Array | None) -> ScoredPassages:
        rows = self._part(segment, start, end)
        places, scores = self._scanners[place].nearest(rows, k, None if eligible is None else eligible[start:end])
        self._release(rows)
        return places + start, scores

    def _parts(self, size: int, first: int = 0) -> Iterator[tuple[int, int, int]]:
        """All rows from number `first` on in parts of at most `size`: segment, first number, end."""
        for segment, (begin, end) in enumerate(pairwise(self._bounds)):
            for start in range(max(begin, first), end, size):
                yield segment, start, min(start + size, end)

    def _part(self, segment: int, start: int, end: int) -> Array:
        before = self._bounds[segment]
        rows = self._segment(segment)
        self._verify(segment, np.array([start - before]), end - start)
        return rows[start - before : end - before]

    def _segment(self, segment: int) -> Array:
        if segment not in self._opened:
            self._opened[segment] = self._open(segment)
            mapped = memory_maps.file_of(self._opened[segment])
            if mapped is not None and self._gives_back:
                self._allowance.add_file(mapped)
        return self._opened[segment]

    def _release(self, rows: Array) -> None:
        if self._gives_back:
            memory_maps.release_pages(rows)


class _Scanner:
    """FAISS's scanner of inverted list codes, used because it reads rows in place; FAISS's flat index would copy them.

    FAISS never frees a scanner, so scanners are reused.
    """

    def __init__(self, dimensions: int):
        self._vector = np.empty(dimensions, dtype=np.float32)
        self._codec = faiss.ScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16)
        self._chosen: Any = faiss.IDSelectorBitmap(0, None)  # type: ignore[arg-type]
        self._scanner = self._codec.select_InvertedListScanner(  # type: ignore[attr-defined]
            faiss.METRIC_INNER_PRODUCT, None, True, self._chosen, False
        )
        self._scanner.set_list(0, 0.0)

    def query(self, vector: Array) -> None:
        """Set the query vector."""
        self._vector[:] = vector
        self._scanner.set_query(faiss.swig_ptr(self._vector))

    def nearest(self, rows: Array, k: int, eligible: Array | None) -> ScoredPassages:
        """The `k` nearest rows of a contiguous fp16 array, by position; `eligible` has one bool per row."""
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


def id_selector(eligible: Array) -> Any:
    """A FAISS selector of the eligible rows, from one bool per row."""
    return faiss.IDSelectorBitmap(np.packbits(eligible, bitorder="little"))  # type: ignore[arg-type, call-arg]


def rank(numbers: Array, scores: Array) -> ScoredPassages:
    """Sort by descending score, then by number."""
    order = np.lexsort((numbers, -scores))
    return numbers[order], scores[order]


def top_k(parts: Sequence[ScoredPassages], k: int) -> ScoredPassages:
    """The `k` best of several ranked results."""
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    numbers, scores = rank(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return numbers[:k], scores[:k]
