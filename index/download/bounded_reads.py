"""Reads from an untrusted server within limits of time and size, even if it sends byte by byte."""

import http.client
import io
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LEAST_RATE = 1000  # bytes a second; a modem of 1990 is faster
_MOST_OF_HEAD = 256 << 10  # bytes; real servers send 1 kB of headers


class MalformedResponse(http.client.HTTPException):
    """A response that violates HTTP, for which a retry is useless."""


class PacedStream(io.RawIOBase):
    """The byte stream of a connection: first the headers, then the body.

    The headers must be complete after `seconds` of waiting, and the body must arrive at `LEAST_RATE` on average in
    every such interval. A socket timeout would restart with every byte. Raises TimeoutError, MalformedResponse.
    """

    def __init__(self, raw: io.RawIOBase, seconds: float):
        self._raw, self._seconds = raw, seconds
        self._in_head = True
        self._waited, self._count = 0.0, 0

    def body(self) -> None:
        """Mark the headers as complete."""
        self._in_head = False
        self._waited, self._count = 0.0, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        """Raises TimeoutError if the data are late, MalformedResponse if the headers are endless."""
        began = time.monotonic()
        count = self._raw.readinto(buffer)
        self._waited += time.monotonic() - began
        self._count += count
        late = self._waited >= self._seconds
        if self._in_head and self._count > _MOST_OF_HEAD:
            raise MalformedResponse(f"its headers exceed {_MOST_OF_HEAD:,} bytes")
        if self._in_head and late:
            raise TimeoutError(f"its headers were not complete after {self._seconds:g} s")
        if late:
            if count and self._count < LEAST_RATE * self._seconds:
                raise TimeoutError(f"fewer than {LEAST_RATE:,} bytes a second came for {self._seconds:g} s")
            self._waited, self._count = 0.0, 0
        return int(count)

    def close(self) -> None:
        """Close the connection as well."""
        self._raw.close()
        super().close()
