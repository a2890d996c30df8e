"""Connections to servers that may mean harm: made and read within bounds. `web` imports this when it needs it."""

import http.client
import io
import re
import socket
import ssl
import threading
import time
import urllib.request
from queue import Empty, SimpleQueue
from typing import Any

from bioqa.index.download.bounded_reads import Malformed, Paced

_CONTACT = 6.0  # seconds for the name server, and then for the server to answer a knock; the system waits for minutes
_MOST_ADDRESSES = 8  # of a server
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")  # RFC 9112, 7.1
_MOST_STATED = 10**15  # bytes
_LONGEST_LINE = 256  # bytes, of those between chunks
_MOST_CHUNKS = 1_000_000  # a page of one byte in each would keep a processor busy for minutes
_MOST_TRAILERS = 100

_Address = tuple[Any, ...]  # as the socket module has it: family, kind, protocol, name, place


class Unreached(Exception):  # noqa: N818 (no error of the library's tree: `web` turns it into one)
    """No connection came about: there is no network, no such server, or nobody who listens. Its cause says which."""


class Response(http.client.HTTPResponse):
    """An answer whose headers and body keep to a pace, and whose framing is what the standard says."""

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None):
        super().__init__(sock, debuglevel, method, url)
        self._pace = Paced(self.fp.detach(), sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(self._pace)
        self._chunks = 0

    def begin(self) -> None:
        """Read the headers. Raises Malformed where nobody could tell from them where the body ends."""
        super().begin()
        coding = self.headers.get("Transfer-Encoding", "identity")
        if not self.chunked and coding.lower() != "identity":
            raise Malformed(f"it uses the transfer coding {coding[:40]!r}")
        if not self.chunked and len(set(self.headers.get_all("Content-Length", []))) > 1:
            raise Malformed("it states several lengths")
        if self.length is not None and self.length > _MOST_STATED:
            raise Malformed("it states a length that no file has")
        self._pace.body()

    def _read_next_chunk_size(self) -> int:
        # Python's own takes "-1" for a size, which then means everything that comes
        line = self.fp.readline(_LONGEST_LINE)
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise http.client.IncompleteRead(b"")
        match = _CHUNK_SIZE.fullmatch(line)
        if not match:
            raise Malformed(f"{line[:40]!r} is no size of a chunk")
        self._chunks += 1
        if self._chunks > _MOST_CHUNKS:
            raise Malformed(f"it comes in more than {_MOST_CHUNKS:,} chunks")
        return int(match[1], 16)

    def _read_and_discard_trailer(self) -> None:
        # Python's own reads trailers without end
        for _ in range(_MOST_TRAILERS):
            line = self.fp.readline(_LONGEST_LINE)
            if line in (b"\r\n", b"\n", b""):
                return
        raise Malformed(f"it goes on after {_MOST_TRAILERS} trailers")


class _Reaching:
    """What connections share, secured or not."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._create_connection = _reach


class Connection(_Reaching, http.client.HTTPConnection):
    """Plain HTTP."""

    response_class = Response


class SecureConnection(_Reaching, http.client.HTTPSConnection):
    """HTTPS."""

    response_class = Response

    def connect(self) -> None:
        """Raises Unreached also where a server, or what stands in for one, takes the call and then says nothing."""
        try:
            super().connect()
        except (TimeoutError, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise Unreached from error


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(Connection, req)


class _Secured(urllib.request.HTTPSHandler):
    def __init__(self) -> None:
        self._trusted = ssl.create_default_context()
        super().__init__(context=self._trusted)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(SecureConnection, req, context=self._trusted)


def opener() -> urllib.request.OpenerDirector:
    """Opens http and https, by way of a proxy where the environment names one, and nothing else.

    Every answer comes back as it is: no redirection is followed, and no status is an error.
    """
    made = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), _Plain(), _Secured()):
        made.add_handler(handler)
    return made


def _reach(server: tuple[str, int], silence: float, _source: object = None) -> socket.socket:
    """A connection to `server`, in which `silence` seconds may pass without a byte. Raises Unreached."""
    try:
        addresses = _addresses(*server)[:_MOST_ADDRESSES]
    except OSError as error:
        raise Unreached from error
    until = time.monotonic() + _CONTACT
    failure = OSError("the name server knows no address")
    for place, (family, kind, protocol, _, where) in enumerate(addresses):
        share = (until - time.monotonic()) / (len(addresses) - place)  # one that is silent leaves the others some
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this system does not speak
            failure = error
            continue
        try:
            connection.settimeout(max(share, 0.1))
            connection.connect(where)
            connection.settimeout(silence)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise Unreached from failure


def _addresses(host: str, port: int) -> list[_Address]:
    """What the name server says. Asked in a thread, which is left behind where there is no answer in time."""
    answers: SimpleQueue[list[_Address] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put([*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=_CONTACT)
    except Empty:
        raise TimeoutError("no name server answers") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
