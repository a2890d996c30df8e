"""Checksums of the blocks of a segment's files, by which a block is checked when it is first used.

To read whole files as an index is opened would take a hundred times as long as opening it. What a search uses of a
large file are a few blocks, and the CRC-32 of one takes some microseconds. A segment of an earlier bioqa has no
checksums; a file of it is checked by its digest in the manifest, unless it is large.
"""

import mmap
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.store import digests
from bioqa.index.store.array_files import damaged, mapped

FILE = "checksums.npy"
_BLOCK = 16_384  # bytes; the table takes 1/4096 of what it covers
_READ = 64 * _BLOCK


def write(segment: Path, files: Mapping[str, int]) -> None:
    """Write the checksums of these files (name: bytes) of a segment, beside them."""
    sums = [crc for name in sorted(files) for crc in _of(segment / name)]
    np.save(segment / FILE, np.array(sums, dtype=np.uint32))


def _of(path: Path) -> list[int]:
    found = []
    with path.open("rb") as file:
        while content := file.read(_READ):
            view = memoryview(content)
            found += [zlib.crc32(view[start : start + _BLOCK]) for start in range(0, len(content), _BLOCK)]
    return found


def read(segment: Path, files: Mapping[str, int]) -> dict[str, Array]:
    """The checksums of each file (name: bytes) of a segment; none where the segment has none.

    Raises IndexFolderError where they are not as many as the files have blocks.
    """
    if FILE not in files:
        return {}
    sums = mapped(segment / FILE, np.uint32, columns=False)[1]
    found, start = {}, 0
    for name in sorted(set(files) - {FILE}):
        end = start + -(-files[name] // _BLOCK)
        found[name] = sums[start:end]
        start = end
    if start != len(sums):
        raise damaged(segment / FILE, f"it holds {len(sums):,} checksums, the files have {start:,} blocks")
    return found


class Checked:
    """A mapped file whose blocks are checked when they are first used."""

    def __init__(self, path: Path, content: mmap.mmap, sums: Array | None, digest: str = ""):
        """Without `sums`, the whole file is checked by its `digest` in the place of a block, where that is given."""
        self._path, self._content, self._digest = path, content, "" if sums is not None else digest
        self._sums = np.empty(0, dtype=np.uint32) if sums is None else sums
        self._fine = bytearray(len(self._sums))

    def use(self, start: int, end: int) -> None:
        """See to it that bytes `start` to `end` are what was written; to be called before they are read.

        Raises IndexFolderError where they are not, and where the file was cut: its end would end the process.
        """
        if self._begin():
            for block in range(max(start, 0) // _BLOCK, min(-(-end // _BLOCK), len(self._fine))):
                if not self._fine[block]:
                    self._check(block)

    def use_each(self, starts: Array, length: int) -> None:
        """As `use`, for `length` bytes from each of `starts`."""
        if self._begin() and len(starts):
            first, last = starts // _BLOCK, (starts + (length - 1)) // _BLOCK
            span = np.arange(int((last - first).max()) + 1)
            blocks = np.unique(np.minimum(first[:, None] + span, last[:, None]))
            fine = np.frombuffer(self._fine, dtype=np.uint8)
            for block in blocks[fine[blocks] == 0].tolist():
                self._check(block)

    def use_all(self) -> None:
        """As `use`, for the whole file."""
        self.use(0, len(self._content))

    def _begin(self) -> bool:
        """Whether blocks are left to be checked one by one."""
        if self._content.size() < len(self._content):
            raise damaged(self._path, "it was cut while it was read")
        if self._digest:
            digests.refuse_changed({self._path: self._digest})
            self._digest = ""
        return bool(self._fine)

    def _check(self, block: int) -> None:
        start = block * _BLOCK
        with memoryview(self._content) as content, content[start : start + _BLOCK] as view:
            if zlib.crc32(view) != self._sums[block]:
                raise damaged(self._path, f"a byte or more after byte {start:,} has changed")
        self._fine[block] = 1
