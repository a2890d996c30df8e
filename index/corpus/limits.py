"""A limit to what one record may be, so that no input makes reading it take much memory."""

from typing import BinaryIO

from bioqa.index.errors import InputError

# Of 4,470 full-text articles the largest has 0.4 MB, and a citation has 4 KB. Read as XML or JSON, a record takes up to
# 30 times its size in memory.
LARGEST = 16 << 20  # bytes of one record
_HEAD = 4096  # bytes


class Bounded:
    """A stream that gives out at most `LARGEST` bytes before it is told that a record has ended."""

    def __init__(self, stream: BinaryIO, source: str):
        self._stream, self._source = stream, source
        self._records = 0
        self._left = LARGEST
        self.head = b""  # what was given out first

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes. Raises InputError where a record does not end."""
        data = self._stream.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(data)
        self.head = self.head or data[:_HEAD]
        if self._left < 0:
            raise InputError(
                f"{self._source}: record {self._records + 1:,} is larger than {LARGEST >> 20} MB, as none should be; "
                "the file is damaged or of another format"
            )
        return data

    def ended(self, skipping: int = 0) -> None:
        """Take note that a record has ended, and that `skipping` bytes will be read that belong to none."""
        self._records += 1
        self._left = LARGEST + skipping
