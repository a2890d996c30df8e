"""Mapped files, whose pages count as memory of this process from when they are read until they are given back.

The system keeps in its cache what is given back, while it can.
"""

import mmap
from typing import Any

import numpy as np

from bioqa.index.runtime import Array

AT_ONCE = 65_536  # bytes that the system maps in where one is read


def give_back(mapped: mmap.mmap, start: int = 0, end: int | None = None) -> None:
    """Give back what reading bytes `start` to `end`, or all, has mapped in; nothing happens where that cannot be."""
    if hasattr(mmap, "MADV_DONTNEED"):
        first = start // AT_ONCE * AT_ONCE
        mapped.madvise(mmap.MADV_DONTNEED, first, (len(mapped) if end is None else end) - first)


def of(array: Array) -> mmap.mmap | None:
    """The mapped file that an array is a view of, however many views lie between; None where there is none."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return owner if isinstance(owner, mmap.mmap) else None
