"""How memory is given back to the system while a model is trained on a CPU: not at all."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's mallopt
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Keep what is freed for what is asked for next, instead of having the system make pages of zeros in every step,
    which takes a quarter of the time. Does nothing where the C library is not glibc.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if adjust is not None:
        adjust(_MMAP_MAX, 0)
        adjust(_TRIM_THRESHOLD, _NEVER)
