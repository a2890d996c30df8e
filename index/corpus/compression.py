"""Bounded decompression of gzip, xz and bzip2."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from bioqa.index.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DAMAGED = (EOFError, lzma.LZMAError, zlib.error)  # and OSError, which bzip2 raises
_CHUNK = 1 << 16  # bytes read at once
_MEMORY = 256 << 20  # bytes for xz, whose highest level takes 65 MB; a file can demand 4 GB
# PubMed files decompress to 8 times their size, JSON lines from xz to 5 times. gzip can reach 1,000 times and bzip2 a
# million times, which would take days to read.
_MOST_GROWTH = 200
_FREE = 256 << 20  # decompressed bytes below which no limit applies


class _Decompressor(Protocol):
    """The common interface of the standard library's decompressors of bzip2 and xz."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed data was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed for further output."""
        ...

    @property
    def unused_data(self) -> bytes:
        """The data after the end."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most `max_length` decompressed bytes from `data` and earlier input."""
        ...


class _Gzip:
    """A decompressor of gzip with the same interface."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)  # with gzip header and checksum
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        found = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = not self._inflate.unconsumed_tail and len(found) < max_length
        return found


_DECOMPRESSORS: dict[bytes, Callable[[], _Decompressor]] = {  # by how a file begins
    b"\x1f\x8b": _Gzip,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    b"BZh": bz2.BZ2Decompressor,
}


class _DecompressedStream(io.RawIOBase):
    """The content of one or several concatenated compressed streams, which may be separated by zeros."""

    def __init__(self, stream: BinaryIO, source: str, start: Callable[[], _Decompressor]):
        self._stream, self._source, self._start = stream, source, start
        self._decompressor = start()
        self._rest = b""  # read but not yet decompressed
        self._in = self._out = 0
        self._damage: Exception | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer` unless the data ends; what is before damage is returned before the error is raised.

        Raises InputError for a decompression bomb, and the errors in DAMAGED.
        """
        if self._damage is not None:
            raise self._damage  # some decompressors would continue after an error
        view = memoryview(buffer)
        filled = 0
        try:
            while filled < len(view) and (found := self._decompress(len(view) - filled)):
                view[filled : filled + len(found)] = found
                filled += len(found)
        except (*DAMAGED, OSError) as error:
            self._damage = error
            if not filled:
                raise
        self._out += filled
        if self._out > _FREE and self._out > self._in * _MOST_GROWTH:
            raise InputError(
                f"{self._source}: the compressed data grows to more than {_MOST_GROWTH} times its size, as no papers "
                "do; unpack the file to see what is in it"
            )
        return filled

    def _decompress(self, size: int) -> bytes:
        """At most `size` bytes of the content, none at its end."""
        found = b""
        while not found and (not self._decompressor.eof or self._next()):
            data, self._rest = self._rest, b""
            if not data and self._decompressor.needs_input:
                data = self._read()
                if not data:
                    raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            found = self._decompressor.decompress(data, size)
        return found

    def _next(self) -> bool:
        """Start the next compressed stream; whether there is one."""
        rest = self._decompressor.unused_data.lstrip(b"\0")
        while not rest:
            data = self._read()
            if not data:
                return False
            rest = data.lstrip(b"\0")
        self._decompressor, self._rest = self._start(), rest
        return True

    def _read(self) -> bytes:
        data = self._stream.read(_CHUNK)
        self._in += len(data)
        return data


def open_decompressed(stream: "io.BufferedReader[Any]", source: str) -> "io.BufferedReader[Any]":
    """The stream itself, or its decompressed content; `source` names it in messages."""
    head = stream.peek(8)
    start = next((start for magic, start in _DECOMPRESSORS.items() if head.startswith(magic)), None)
    return io.BufferedReader(_DecompressedStream(stream, source, start), _CHUNK) if start else stream
