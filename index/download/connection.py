"""HTTP connections with limits on time and size, for untrusted servers; `client` imports them on demand."""

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

from bioqa.index.download.bounded_reads import MalformedResponse, PacedStream

_CONTACT = 6.0  # seconds for the name server and the connection together; the system would wait for minutes
_HANDSHAKE = 8.0  # seconds for a proxy to reach the server, and for the keys to be agreed on
_MOST_ADDRESSES = 8  # per server
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")  # RFC 9112, 7.1
_MOST_STATED = 10**15  # bytes
_LONGEST_LINE = 256  # bytes of a line between chunks
_MOST_CHUNKS = 1_000_000  # chunks of one byte would keep a processor busy for minutes
_MOST_TRAILERS = 100

_Address = tuple[Any, ...]  # an entry of socket.getaddrinfo: family, type, protocol, canonical name, address


class ConnectionFailedError(Exception):
    """No connection: no network, no such server, or no listener. The exception's cause gives the reason."""


class BoundedResponse(http.client.HTTPResponse):
    """A response with limits on time and size and strict framing."""

    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None):
        super().__init__(sock, debuglevel, method, url)
        self._pace = PacedStream(self.fp.detach(), sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(self._pace)
        self._chunks = 0

    def begin(self) -> None:
        """Read the headers. Raises MalformedResponse if they do not determine the end of the body."""
        super().begin()
        coding = self.headers.get("Transfer-Encoding", "identity")
        if not self.chunked and coding.lower() != "identity":
            raise MalformedResponse(f"it uses the transfer coding {coding[:40]!r}")
        if not self.chunked and len(set(self.headers.get_all("Content-Length", []))) > 1:
            raise MalformedResponse("it states several lengths")
        if self.length is not None and self.length > _MOST_STATED:
            raise MalformedResponse("it states a length that no file has")
        self._pace.body()

    def _read_next_chunk_size(self) -> int:
        # the base class accepts "-1" as a size, which then means an unlimited read
        line = self.fp.readline(_LONGEST_LINE)
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise http.client.IncompleteRead(b"")
        match = _CHUNK_SIZE.fullmatch(line)
        if not match:
            raise MalformedResponse(f"{line[:40]!r} is not a chunk size")
        self._chunks += 1
        if self._chunks > _MOST_CHUNKS:
            raise MalformedResponse(f"it comes in more than {_MOST_CHUNKS:,} chunks")
        return int(match[1], 16)

    def _read_and_discard_trailer(self) -> None:
        # the base class reads endless trailers
        for _ in range(_MOST_TRAILERS):
            line = self.fp.readline(_LONGEST_LINE)
            if line in (b"\r\n", b"\n", b""):
                return
        raise MalformedResponse(f"it goes on after {_MOST_TRAILERS} trailers")


class _BoundedConnect:
    """Connects within limits of time; shared by plain and secure connections."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._create_connection = _connect


class Connection(_BoundedConnect, http.client.HTTPConnection):
    """Plain HTTP."""

    response_class = BoundedResponse


class SecureConnection(_BoundedConnect, http.client.HTTPSConnection):
    """HTTPS."""

    response_class = BoundedResponse

    def connect(self) -> None:
        """Raises ConnectionFailedError also if the server accepts the connection but does not respond."""
        silence = self.timeout
        self.timeout = _HANDSHAKE if silence is None else min(silence, _HANDSHAKE)
        try:
            super().connect()
        except (TimeoutError, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise ConnectionFailedError from error
        finally:
            self.timeout = silence
        self.sock.settimeout(silence)


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(Connection, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self) -> None:
        self._trusted = ssl.create_default_context()
        super().__init__(context=self._trusted)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(SecureConnection, req, context=self._trusted)


def build_opener() -> urllib.request.OpenerDirector:
    """An opener for http and https only, which uses the proxy named in the environment.

    Responses are returned unchanged: redirections are not followed, and no status raises an error.
    """
    made = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler(), _HttpHandler(), _HttpsHandler()):
        made.add_handler(handler)
    return made


def _connect(server: tuple[str, int], silence: float, _source: object = None) -> socket.socket:
    """A connection to `server` with a read timeout of `silence` seconds. Raises ConnectionFailedError."""
    until = time.monotonic() + _CONTACT
    try:
        addresses = _resolve(*server)[:_MOST_ADDRESSES]
    except OSError as error:
        raise ConnectionFailedError from error
    failure = OSError("the name server knows no address")
    for place, (family, kind, protocol, _, where) in enumerate(addresses):
        share = (until - time.monotonic()) / (len(addresses) - place)  # a silent address leaves time for the others
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # an address family that this system does not support
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
    raise ConnectionFailedError from failure


def _resolve(host: str, port: int) -> list[_Address]:
    """Resolve a host name, in a thread that is abandoned if there is no answer in time."""
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
