"""Block checksums of segment files, which verify each block at its first use.

Verifying whole files when an index is opened would take a hundred times as long as opening it. A search uses a few
blocks of a large file, and the CRC-32 of a block takes some microseconds. Segments written by an earlier bioqa have no
checksums; their files are verified by their digests in the manifest, unless they are large.
"""

import mmap
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.store import digests
from bioqa.index.store.array_files import damaged_error, map_array

FILE = "checksums.npy"
_BLOCK = 16_384  # bytes; the checksums add 1/4096 to the size of the files
_READ = 64 * _BLOCK


def write(segment: Path, files: Mapping[str, int]) -> None:
    """Write the block checksums of these files (name: bytes) into the segment folder."""
    sums = [crc for name in sorted(files) for crc in _block_checksums(segment / name)]
    np.save(segment / FILE, np.array(sums, dtype=np.uint32))


def _block_checksums(path: Path) -> list[int]:
    found = []
    with path.open("rb") as file:
        while content := file.read(_READ):
            view = memoryview(content)
            found += [zlib.crc32(view[start : start + _BLOCK]) for start in range(0, len(content), _BLOCK)]
    return found


def read(segment: Path, files: Mapping[str, int]) -> dict[str, Array]:
    """The block checksums of each file (name: bytes) of a segment; empty if the segment has none.

    Raises IndexFolderError if their number does not match the number of blocks.
    """
    if FILE not in files:
        return {}
    sums = map_array(segment / FILE, np.uint32, columns=False)[1]
    found, start = {}, 0
    for name in sorted(set(files) - {FILE}):
        end = start + -(-files[name] // _BLOCK)
        found[name] = sums[start:end]
        start = end
    if start != len(sums):
        raise damaged_error(segment / FILE, f"it holds {len(sums):,} checksums, the files have {start:,} blocks")
    return found


class CheckedFile:
    """A memory-mapped file whose blocks are verified at first use."""

    def __init__(self, path: Path, content: mmap.mmap, sums: Array | None, digest: str = ""):
        """Without `sums`, the whole file is verified by its `digest` at first use, if a digest is given."""
        self._path, self._content, self._digest = path, content, "" if sums is not None else digest
        self._sums = np.empty(0, dtype=np.uint32) if sums is None else sums
        self._verified = bytearray(len(self._sums))

    def verify(self, start: int, end: int) -> None:
        """Verify bytes `start` to `end`, before they are read.

        Raises IndexFolderError if they are damaged or the file was truncated: reading beyond its end kills the process.
        """
        if self._begin():
            for block in range(max(start, 0) // _BLOCK, min(-(-end // _BLOCK), len(self._verified))):
                if not self._verified[block]:
                    self._check(block)

    def verify_ranges(self, starts: Array, length: int) -> None:
        """Verify `length` bytes starting at each of `starts`."""
        if self._begin() and len(starts):
            first, last = starts // _BLOCK, (starts + (length - 1)) // _BLOCK
            span = np.arange(int((last - first).max()) + 1)
            blocks = np.minimum(first[:, None] + span, last[:, None])
            verified = np.frombuffer(self._verified, dtype=np.uint8)
            for block in sorted(set(blocks[verified[blocks] == 0].tolist())):  # np.unique imports numpy.ma, 9 ms
                self._check(block)

    def verify_all(self) -> None:
        """Verify the whole file."""
        self.verify(0, len(self._content))

    def _begin(self) -> bool:
        """Whether the file has block checksums; verifies the size and, once, the digest of the whole file."""
        if self._content.size() < len(self._content):
            raise damaged_error(self._path, "it was truncated while it was read")
        if self._digest:
            digests.refuse_changed({self._path: self._digest})
            self._digest = ""
        return bool(self._verified)

    def _check(self, block: int) -> None:
        start = block * _BLOCK
        with memoryview(self._content) as content, content[start : start + _BLOCK] as view:
            if zlib.crc32(view) != self._sums[block]:
                raise damaged_error(self._path, f"a byte or more after byte {start:,} has changed")
        self._verified[block] = 1
