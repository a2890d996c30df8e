"""Reads from a server that may be slow on purpose: within bounds of time and size, however few bytes come at once."""

import http.client
import io
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LEAST_RATE = 1000  # bytes a second; a modem of 1990 brings more
_MOST_OF_HEAD = 256 << 10  # bytes; real servers send 1 kB of headers


class Malformed(http.client.HTTPException):
    """An answer that breaks the rules of HTTP, and will do so the next time."""


class Paced(io.RawIOBase):
    """The bytes of a connection, of which first the headers and then the body are read.

    The headers must be complete within `seconds` of waiting and have an end; of the body, `LEAST_RATE` must come on
    average in every such span. A limit on silence alone starts again with every byte. Raises TimeoutError, Malformed.
    """

    def __init__(self, raw: io.RawIOBase, seconds: float):
        self._raw, self._seconds = raw, seconds
        self._in_head = True
        self._waited, self._count = 0.0, 0

    def body(self) -> None:
        """Take note that the headers are complete."""
        self._in_head = False
        self._waited, self._count = 0.0, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        """Raises TimeoutError where it is late, Malformed where the headers have no end."""
        began = time.monotonic()
        count = self._raw.readinto(buffer)
        self._waited += time.monotonic() - began
        self._count += count
        late = self._waited >= self._seconds
        if self._in_head and self._count > _MOST_OF_HEAD:
            raise Malformed(f"its headers go on after {_MOST_OF_HEAD:,} bytes")
        if self._in_head and late:
            raise TimeoutError(f"its headers were not complete after {self._seconds:g} s")
        if late:
            if count and self._count < LEAST_RATE * self._seconds:
                raise TimeoutError(f"fewer than {LEAST_RATE:,} bytes a second came for {self._seconds:g} s")
            self._waited, self._count = 0.0, 0
        return int(count)

    def close(self) -> None:
        """Let go of the connection too."""
        self._raw.close()
        super().close()
