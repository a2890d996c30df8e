"""Inverted lists (IVF) over the vectors of an index, in a FAISS file that can be rebuilt from the vectors.

The lists hold quantized codes of a few bits per component. The file is memory-mapped, and candidates are rescored from
the exact vectors. Jégou, Douze and Schmid 2011 describe the search.
"""

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.search import faiss_header
from bioqa.index.search.flat import VectorRows, id_selector
from bioqa.index.store.checksums import CheckedFile
from bioqa.index.store.manifest import InvertedListsInfo
from bioqa.index.store.planner import CLUSTERING, IvfDesign

_BLOCK = 16_384  # rows in memory at once, as float32: 25 MB with 384 dimensions
_SEED = 20_111  # the same rows give the same lists
_TRAINED = 16_384  # training rows of the quantizer; FAISS copies them several times
_CURE = "run 'bioqa index build' again, which rebuilds it"
_WHOLE = 64_000_000  # largest file verified before the first search, in bytes: some 50 ms
_AT_ONCE = 1_000_000  # largest file verified when opened, in bytes
_LEAST = 100  # least k for candidates, so that the results for a smaller k are the first of those for a larger one


def _four_bits(quantizer: Any, dimensions: int, lists: int) -> Any:
    return faiss.IndexIVFScalarQuantizer(
        quantizer, dimensions, lists, faiss.ScalarQuantizer.QT_4bit, faiss.METRIC_INNER_PRODUCT, False
    )


def _one_bit(quantizer: Any, dimensions: int, lists: int) -> Any:
    return faiss.IndexIVFRaBitQ(quantizer, dimensions, lists, faiss.METRIC_INNER_PRODUCT)


_CODES: dict[str, Callable[[Any, int, int], Any]] = {"sq4": _four_bits, "rabitq": _one_bit}


def write(path: Path, rows: VectorRows, design: IvfDesign, left_out: Array) -> int:
    """Write inverted lists over all rows except `left_out` (numbers, ascending); returns the file size in bytes.

    Memory holds the codes, a training sample and one block of rows. Raises StorageError if writing fails.
    """
    is_kept = np.ones(len(rows), dtype=bool)
    is_kept[left_out] = False
    kept = np.flatnonzero(is_kept)
    sample = rows.read(np.sort(np.random.default_rng(_SEED).choice(kept, min(design.sample, len(kept)), replace=False)))
    del kept
    centroids = _centroids(sample, design.lists)
    quantizer = faiss.IndexFlatIP(rows.dimensions)
    quantizer.add(centroids)
    index = _CODES[design.codes](quantizer, rows.dimensions, design.lists)
    index.train(sample[:: -(-len(sample) // _TRAINED)])
    del sample
    _fill(index, rows, is_kept)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise StorageError(f"{path}: writing the inverted lists failed: {error}") from error
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path.stat().st_size


def _centroids(sample: Array, lists: int) -> Array:
    parameters = faiss.ClusteringParameters()
    parameters.niter, parameters.seed, parameters.spherical = CLUSTERING, _SEED, True
    parameters.min_points_per_centroid = 1  # avoids a warning of FAISS about the planner's choice
    parameters.max_points_per_centroid = len(sample)
    clustering = faiss.Clustering(sample.shape[1], lists, parameters)
    clustering.train(sample, faiss.IndexFlatIP(sample.shape[1]))
    centroids: Array = faiss.vector_to_array(clustering.centroids).reshape(lists, -1)
    return centroids


def _fill(index: Any, rows: VectorRows, is_kept: Array) -> None:
    """Add the kept rows to the lists, which get their final size first because growing them doubles the memory."""
    lists = np.empty(len(rows), dtype=np.int32)
    for first, block in rows.blocks(_BLOCK):
        lists[first : first + len(block)] = index.quantizer.search(block, 1)[1][:, 0]
    lists[~is_kept] = -1
    for place, size in enumerate(np.bincount(lists[is_kept], minlength=index.nlist).tolist()):
        index.invlists.resize(place, size)
    filled = np.zeros(index.nlist, dtype=np.int64)
    for first, block in rows.blocks(_BLOCK):
        chosen = lists[first : first + len(block)].astype(np.int64)
        codes = np.empty((len(block), index.code_size), dtype=np.uint8)
        index.encode_vectors(len(block), faiss.swig_ptr(block), faiss.swig_ptr(chosen), faiss.swig_ptr(codes))
        order = np.argsort(chosen, kind="stable")
        edges = np.searchsorted(chosen[order], np.arange(index.nlist + 1))
        codes, numbers = codes[order], first + order
        for place in np.flatnonzero(np.diff(edges)).tolist():
            start, end = edges[place : place + 2].tolist()
            index.invlists.update_entries(
                place,
                int(filled[place]),
                end - start,
                faiss.swig_ptr(numbers[start:end]),
                faiss.swig_ptr(codes[start:end]),
            )
        filled += np.diff(edges)
    index.ntotal = int(filled.sum())


def is_whole(folder: Path, info: InvertedListsInfo) -> bool:
    """Whether the file exists in the size it was written with."""
    path = folder / info.file
    return path.is_file() and path.stat().st_size == info.bytes


def _map_file(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # a ValueError for an empty file
        raise IndexFolderError(f"{path}: cannot be read ({error}); {_CURE}") from None


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


class InvertedLists:
    """The memory-mapped inverted lists of an index; they cover the passages below number `passages`."""

    def __init__(self, folder: Path, info: InvertedListsInfo, dimensions: int | None = None, digest: str = ""):
        """A small file is verified by its `digest` now, a larger one at the first search, the largest not at all.

        Raises IndexFolderError for a file that is missing, of the wrong size, or not in the format that bioqa writes.
        """
        path = folder / info.file
        if not is_whole(folder, info):
            how = "does not have the size it was written with" if path.is_file() else "is missing"
            raise IndexFolderError(f"{path} {how}; {_CURE}")
        content = _map_file(path)
        found = faiss_header.fault(content, info.codes, dimensions, info.lists, info.passages - info.removed)
        if found or info.codes not in _CODES:
            raise IndexFolderError(f"{path}: damaged ({found or 'of unknown codes'}); {_CURE}")
        self._path, self._file = path, CheckedFile(path, content, None, digest if info.bytes <= _WHOLE else "")
        if info.bytes <= _AT_ONCE:
            self._file.verify_all()
        try:
            self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except (RuntimeError, MemoryError) as error:
            raise IndexFolderError(f"{path}: damaged ({_last_line(error)}); {_CURE}") from None
        self._info, self.passages = info, info.passages

    def candidates(self, vector: Array, k: int, eligible: Array | None, at_least: int) -> Array:
        """Candidates for the `k` nearest passages among those `eligible` (one bool per passage): numbers, ascending.

        Searches the lists nearest to the vector, and more lists until at least `at_least` passages are found.
        """
        self._file.verify_all()
        selector = None if eligible is None else id_selector(eligible)
        probes, count = self._info.probes, max(k, _LEAST) * self._info.refine
        while True:
            parameters = faiss.SearchParametersIVF(nprobe=probes, sel=selector)  # type: ignore[call-arg]
            try:
                found = self._index.search(vector[None, :], count, params=parameters)[1][0]
            except (RuntimeError, MemoryError) as error:
                raise IndexFolderError(f"{self._path}: damaged ({_last_line(error)}); {_CURE}") from None
            found = np.sort(found[(found >= 0) & (found < self.passages)])
            if len(found) >= at_least or probes >= self._info.lists:
                return found
            probes *= 2
