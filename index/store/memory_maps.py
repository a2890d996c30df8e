"""Mapped files, whose pages count as memory of this process from when they are read until they are given back.

The system keeps in its cache what is given back, while it can.
"""

import mmap
from typing import Any

import numpy as np

from bioqa.index.arrays import Array

# Bytes that the system maps in where one is read, at most: Linux takes 64 KB, or all that its cache holds as one piece.
AT_ONCE = 2 * 2**20


class Allowance:
    """How many bytes of some files may stay in memory: before they become more, all that was read is given back."""

    def __init__(self, limit: int):
        self._limit, self._read = limit, 0
        self._files: list[mmap.mmap] = []

    def cover(self, mapped: mmap.mmap) -> None:
        """Count a file among these."""
        self._files.append(mapped)

    def take(self, places: int) -> None:
        """Make room for what is about to be read, at so many places of the files."""
        if self._read + places * AT_ONCE > self._limit and sum(map(len, self._files)) > self._limit:
            for mapped in self._files:
                _give_back(mapped, 0, len(mapped))
            self._read = 0
        self._read += places * AT_ONCE


def give_back(array: Array) -> None:
    """Give back what reading a contiguous view of a mapped file has mapped in; an array in memory stays."""
    mapped = file_of(array)
    if mapped is not None and array.nbytes:
        start = array.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
        _give_back(mapped, start, start + array.nbytes)


def file_of(array: Array) -> mmap.mmap | None:
    """The mapped file that an array is a view of, however many views lie between; None where there is none."""
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return owner if isinstance(owner, mmap.mmap) else None


def _give_back(mapped: mmap.mmap, start: int, end: int) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):
        first, last = start // AT_ONCE * AT_ONCE, min(-(-end // AT_ONCE) * AT_ONCE, len(mapped))
        mapped.madvise(mmap.MADV_DONTNEED, first, last - first)
