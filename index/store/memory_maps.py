"""Limits on the resident memory of memory-mapped files.

Pages that were read count as memory of this process until they are released. Released pages stay in the page cache of
the operating system while there is room.
"""

import mmap
from typing import Any

import numpy as np

from bioqa.index.arrays import Array

# Most bytes that the system maps when one is read: Linux maps 64 KB, or a whole large folio of its page cache.
READAHEAD = 2 * 2**20


class PageBudget:
    """A limit in bytes on the resident pages of some files: all pages are released before it is exceeded."""

    def __init__(self, limit: int):
        self._limit, self._read = limit, 0
        self._files: list[mmap.mmap] = []

    def add_file(self, mapped: mmap.mmap) -> None:
        """Add a file to those that the limit covers."""
        self._files.append(mapped)

    def reserve(self, places: int) -> None:
        """Make room for reads at this many places of the files."""
        if self._read + places * READAHEAD > self._limit and sum(map(len, self._files)) > self._limit:
            for mapped in self._files:
                _release(mapped, 0, len(mapped))
            self._read = 0
        self._read += places * READAHEAD


def release_pages(array: Array) -> None:
    """Release the pages of a contiguous view of a mapped file. An array in memory is left alone."""
    mapped = file_of(array)
    if mapped is not None and array.nbytes:
        start = array.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
        _release(mapped, start, start + array.nbytes)


def file_of(array: Array) -> mmap.mmap | None:
    """The mapped file behind an array, through any number of views; None if there is none."""
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return owner if isinstance(owner, mmap.mmap) else None


def _release(mapped: mmap.mmap, start: int, end: int) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):
        first, last = start // READAHEAD * READAHEAD, min(-(-end // READAHEAD) * READAHEAD, len(mapped))
        mapped.madvise(mmap.MADV_DONTNEED, first, last - first)
