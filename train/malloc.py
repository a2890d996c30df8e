"""Memory allocation for training on a CPU: freed memory stays with the process."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's mallopt
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for later allocations.

    Otherwise the kernel zeroes new pages in every training step, which takes a quarter of the time. Does nothing with
    another C library.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if adjust is not None:
        adjust(_MMAP_MAX, 0)
        adjust(_TRIM_THRESHOLD, _NEVER)
