"""The size limit of a single record, which bounds the memory for any input."""

from collections.abc import Callable
from typing import BinaryIO

from bioqa.index.errors import InputError

# The largest of 4,470 full-text articles has 0.4 MB, and a citation has 4 KB. Parsed XML or JSON takes up to 30 times
# its size in memory.
LARGEST = 16 << 20  # bytes of one record
_HEAD = 4096  # bytes


class RecordLimitedStream:
    """A stream that raises an error after `LARGEST` bytes unless `end_record` is called before."""

    def __init__(self, stream: BinaryIO, source: str):
        # what is available is returned, so that it is not lost if the next byte cannot be read
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._source = source
        self.records = 0  # that have ended
        self._left = LARGEST
        self.head = b""  # the first bytes of the stream

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, none at the end. Raises InputError if the record is too large."""
        data = self._read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(data)
        self.head = self.head or data[:_HEAD]
        if self._left < 0:
            raise InputError(
                f"{self._source}: record {self.records + 1:,} is larger than {LARGEST >> 20} MB, as none should be; "
                "the file is damaged or of another format"
            )
        return data

    def end_record(self, skipping: int = 0) -> None:
        """Reset the limit at the end of a record; `skipping` further bytes belong to no record."""
        self.records += 1
        self._left = LARGEST + skipping
