"""Validation of the header of a FAISS file of inverted lists, because FAISS trusts the sizes in it.

FAISS would allocate memory for as many numbers as a damaged or malicious file states. The format is that of
`impl/index_write.cpp` for lists with four bits per component ("IwSq") and one bit ("Iwrq").
"""

import mmap
import struct

import numpy as np

_LARGE = 1 << 20  # written by FAISS in place of two obsolete fields


def fault(content: mmap.mmap, codes: str, dimensions: int | None, lists: int, rows: int) -> str:
    """What is wrong with the header of a file of `lists` lists over `rows` rows; empty if it is valid.

    Without `dimensions`, those in the header are used.
    """
    place = 0
    dimensions = int.from_bytes(content[4:8], "little") if dimensions is None else dimensions

    def follows(layout: str, *values: object) -> bool:
        nonlocal place
        found = content[place : place + struct.calcsize(f"<{layout}")]
        place += struct.calcsize(f"<{layout}")
        return len(found) == struct.calcsize(f"<{layout}") and struct.unpack(f"<{layout}", found) == values

    kind, width = (b"IwSq", (dimensions + 1) // 2) if codes == "sq4" else (b"Iwrq", (dimensions + 7) // 8 + 8)
    if not follows("4siqqq?iQQ", kind, dimensions, rows, _LARGE, _LARGE, True, 0, lists, 1):
        return "it does not begin as lists of this kind and size"
    if not follows("4siqqq?iQ", b"IxFI", dimensions, lists, _LARGE, _LARGE, True, 0, lists * dimensions):
        return "its centroids are of another kind or size"
    place += 4 * lists * dimensions
    if not follows("BQ", 0, 0):
        return "it has a map of its rows"
    if codes == "sq4":
        sound = follows("iifQQQ", 1, 0, 0.0, dimensions, width, 2 * dimensions)
        place += 4 * 2 * dimensions
        sound = follows("Q?", width, False) and sound
    else:
        sound = follows("QQiQ", dimensions, width, 0, width)
        place += 2  # whether rows are relative to their centroid, and the bits of a query
    if not sound or not follows("4sQQ", b"ilar", lists, width):
        return "its codes are of another kind or size"
    return _fault_of_sizes(content, place, lists, rows, width)


def _fault_of_sizes(content: mmap.mmap, place: int, lists: int, rows: int, width: int) -> str:
    """What is wrong with the sizes of the lists: one number per list, or pairs if most lists are empty."""
    kind, count = struct.unpack("<4sQ", content[place : place + 12].ljust(12, b"\0"))
    begin, end = place + 12, place + 12 + 8 * count
    if not ((kind == b"full" and count == lists) or (kind == b"sprs" and count % 2 == 0 and count <= 2 * lists)):
        return "its lists are not as many as there are"
    if end + rows * (width + 8) != len(content):
        return f"it is of {len(content):,} bytes, and not of as many as its lists take"
    numbers = np.frombuffer(content, np.uint64, count, begin)
    sizes = numbers if kind == b"full" else numbers[1::2]
    if np.any(sizes > rows) or sizes.sum() != rows:
        return "its lists do not hold as many rows as there are"
    if kind == b"sprs" and np.any(numbers[::2] >= lists):
        return "it names lists that there are not"
    return ""
