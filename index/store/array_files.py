"""Memory-mapped array files (.npy). Only headers that bioqa writes are accepted, because NumPy evaluates headers."""

import mmap
import re
from math import prod
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError

_LONGEST_HEAD = 256  # bytes
_HEAD = re.compile(  # https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0
    rb"\x93NUMPY\x01\x00(?P<length>..)\{'descr': '(?P<kind><[a-z][0-9])', 'fortran_order': False, "
    rb"'shape': \((?P<rows>[0-9]{1,15}),(?: (?P<columns>[0-9]{1,9}))?\), \} *\n",
    re.DOTALL,
)


def map_array(path: Path, kind: type[np.generic], columns: bool) -> tuple[mmap.mmap, Array]:
    """A mapped file and its array of numbers of type `kind`: two-dimensional with `columns`, else one-dimensional.

    Raises IndexFolderError if the file cannot be read or contains anything else.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise unreadable_error(path, error) from None
    except ValueError:  # an empty file cannot be mapped
        raise damaged_error(path, "it is empty") from None
    head = _HEAD.match(content[:_LONGEST_HEAD])
    dtype = np.dtype(kind)
    if head is None or head.end() != 10 + int.from_bytes(head["length"], "little"):
        raise damaged_error(path, "it does not begin as an array that bioqa wrote")
    if head["kind"].decode() != dtype.str or (head["columns"] is not None) is not columns:
        raise damaged_error(path, "its array is of another kind")
    shape = [int(head["rows"]), *([int(head["columns"])] if columns else [])]
    count = prod(shape)
    if head.end() + count * dtype.itemsize != len(content):
        raise damaged_error(path, f"is of shape {tuple(shape)}, but of {len(content):,} bytes")
    return content, np.frombuffer(content, dtype, count, head.end()).reshape(shape)


def unreadable_error(path: Path, error: OSError) -> IndexFolderError:
    """The error for a file that cannot be read."""
    return IndexFolderError(f"{path} cannot be read ({error.strerror or error})")


def damaged_error(path: Path, how: str) -> IndexFolderError:
    """The error for a damaged file."""
    return IndexFolderError(f"{path}: damaged ({how}); rebuild with 'bioqa index build'")
