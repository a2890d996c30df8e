"""The fp16 vectors of an index, one row a passage, and exact scores from them."""

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
from bioqa.index.store.memory_maps import Allowance

_SCANNED_AT_ONCE = 32_768  # rows of one part of a segment: 25 MB of 384 dimensions

Scored = tuple[Array, Array]
"""Passage numbers (int64) and their inner products with a vector (float32), best first."""


class Rows:
    """The rows of all segments; a row's number is that of its passage. Segments are mapped when first read.

    No more than `kept` bytes of them stay in memory: of more, what was read is given back.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        open_segment: Callable[[int], Array],
        dimensions: int,
        kept: int,
        use: Callable[[int, Array, int], None] = lambda *_: None,
    ):
        """`open_segment(i)` gives the fp16 array of segment i, shape (lengths[i], dimensions); `use(i, rows, n)` is
        called before `n` rows from each of `rows` are read, and raises where they are not what was written."""
        self._bounds = [0, *accumulate(lengths)]
        self._open, self._use, self.dimensions = open_segment, use, dimensions
        self._opened: dict[int, Array] = {}
        self._gives_back = self._bounds[-1] * dimensions * 2 > kept
        self._allowance = Allowance(kept)
        self._read_at_once = max(1, kept // memory_maps.AT_ONCE if self._gives_back else self._bounds[-1])
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
            self._allowance.take(len(places))
            edges = np.searchsorted(numbers[places], self._bounds)
            for segment, (start, end) in enumerate(pairwise(edges.tolist())):
                if start < end:
                    chosen = places[start:end]
                    inside = numbers[chosen] - self._bounds[segment]
                    rows = self._segment(segment)
                    self._use(segment, inside, 1)
                    found[chosen] = rows[inside]
        return found

    def blocks(self, size: int) -> Iterator[tuple[int, Array]]:
        """All rows in order, at most `size` at once: the number of the first, and float32 rows."""
        for segment, start, end in self._parts(size):
            rows = self._part(segment, start, end)
            yield start, rows.astype(np.float32)
            self._give_back(rows)

    def score(self, vector: Array, numbers: Array) -> Scored:
        """All of `numbers` (ascending) by their inner product with `vector` (float32)."""
        return ranked(numbers, self.read(numbers) @ vector)

    def nearest(self, vector: Array, k: int, eligible: Array | None = None, first: int = 0) -> Scored:
        """The `k` nearest of all rows from number `first` on, where `eligible` (a bool a row) allows them.

        Exact: each row is scored, straight from the mapped file.
        """
        parts = [
            (segment, start, end)
            for segment, start, end in self._parts(_SCANNED_AT_ONCE, first)
            if eligible is None or eligible[start:end].any()
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
        rows = self._part(segment, start, end)
        places, scores = self._scanners[place].nearest(rows, k, None if eligible is None else eligible[start:end])
        self._give_back(rows)
        return places + start, scores

    def _parts(self, size: int, first: int = 0) -> Iterator[tuple[int, int, int]]:
        """All rows from number `first` on in parts of at most `size`: a segment, and from which number to which."""
        for segment, (begin, end) in enumerate(pairwise(self._bounds)):
            for start in range(max(begin, first), end, size):
                yield segment, start, min(start + size, end)

    def _part(self, segment: int, start: int, end: int) -> Array:
        before = self._bounds[segment]
        rows = self._segment(segment)
        self._use(segment, np.array([start - before]), end - start)
        return rows[start - before : end - before]

    def _segment(self, segment: int) -> Array:
        if segment not in self._opened:
            self._opened[segment] = self._open(segment)
            mapped = memory_maps.file_of(self._opened[segment])
            if mapped is not None and self._gives_back:
                self._allowance.cover(mapped)
        return self._opened[segment]

    def _give_back(self, rows: Array) -> None:
        if self._gives_back:
            memory_maps.give_back(rows)


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
