"""HTTPS, certificates checked, for the download of corpora and models. No question and no answer comes through here."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from bioqa.index.download import redirects
from bioqa.index.errors import InputError, NetworkError, TransientError, UnreachableError

if TYPE_CHECKING:
    from http.client import HTTPResponse

T = TypeVar("T")
_MOVED = {301, 302, 303, 307, 308}
_MOST_REDIRECTIONS = 5
_MOST_OF_PAGE = 8 << 20  # bytes; the listing of 1,300 files has 0.3 MB
_LONGEST_PAGE = 600.0  # seconds; at the least rate, twice that listing
_CHUNK = 1 << 16
_QUICK = 2.0  # seconds after which a failure to connect is not one that passes at once
_OFFLINE_CURE = "check the connection of this machine; where only a proxy leads out, let HTTPS_PROXY name it"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for, in seconds, and how often it is asked again."""

    silence: float = 60.0  # without a byte, without the end of the headers, and without the least rate
    pauses: tuple[float, ...] = (2.0, 10.0, 30.0, 120.0)  # one before each further attempt: a restart takes minutes
    longest: float = 600.0  # pause that a server may ask for; one that wants more is down for maintenance


PATIENCE = Patience()


def check_address(url: str) -> None:
    """Raises InputError unless `url` is https, or http on this machine, with a host and without query or fragment."""
    try:
        parts = urlsplit(url)
        has_host = redirects.has_host(url)
    except ValueError as error:
        raise InputError(f"{url}: no address ({error})") from None
    if not has_host or parts.query or parts.fragment or parts.username or not url.isascii() or not url.isprintable():
        raise InputError(f"{url}: expected an address such as https://ftp.ncbi.nlm.nih.gov/pubmed/")
    if not redirects.is_safe(url):
        raise InputError(f"{url}: only https is used, because nobody can change on the way what it brings")


class Web:
    """Asks servers with patience; from several threads at once, until `stop` is set."""

    def __init__(self, patience: Patience = PATIENCE, talk: Callable[[str], None] = lambda _: None):
        from bioqa.index.download import connection

        self._patience, self._talk = patience, talk
        self._opener = connection.opener()
        self._agent = f"bioqa/{metadata.version('bioqa')}"
        self._known: set[str] = set()  # servers that have answered
        self.stop = threading.Event()

    @contextlib.contextmanager
    def open(self, url: str, first_byte: int = 0, method: str = "GET") -> Iterator["HTTPResponse"]:
        """The response, from byte `first_byte` on where the server can do that (status 206); to be read within `with`.

        Raises NetworkError where the server refuses, its certificate is not trusted, it leads to an unsafe address or
        breaks the rules of HTTP, TransientError where it is worth asking again.
        """
        import http.client

        from bioqa.index.download import http_errors

        with self._answer(url, first_byte, method) as response:
            try:
                yield response
            except (OSError, http.client.HTTPException) as error:
                raise http_errors.failure(url, error) from None

    def _answer(self, url: str, first_byte: int, method: str) -> "HTTPResponse":
        """The answer with a status from 200 to 299, at `url` or where it leads."""
        import http.client
        import urllib.request

        from bioqa.index.download import http_errors
        from bioqa.index.download.connection import Unreached

        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        if first_byte:
            headers["Range"] = f"bytes={first_byte}-"
        place = url
        for _ in range(_MOST_REDIRECTIONS + 1):
            request = urllib.request.Request(place, headers=headers, method=method)  # noqa: S310 (check_address)
            try:
                response: HTTPResponse = self._opener.open(request, timeout=self._patience.silence)
            except Unreached as error:
                reason = (
                    f"{url}: {request.host}: {http_errors.said(error.__cause__)}"  # the host may be that of a proxy
                )
                known = urlsplit(place).netloc in self._known
                raise TransientError(reason) if known else UnreachableError(reason) from None
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a host that is no name
                raise http_errors.failure(url, error) from None
            self._known.add(urlsplit(place).netloc)
            if 200 <= response.status < 300:
                return response
            with response:  # its body may have no end, and is not read
                location = response.headers.get("Location")
                if response.status not in _MOVED or location is None:
                    raise http_errors.refusal(url, response)
                place = redirects.target(place, str(location))
        raise NetworkError(
            f"{url}: the server answers {response.status} and leads on after {_MOST_REDIRECTIONS} redirections; "
            "look at the address"
        )

    def page(self, url: str) -> str:
        """The short text at `url`. Raises NetworkError as `open` does, and where there is no end to it."""
        return self.patiently(lambda: self._page(url))

    def _page(self, url: str) -> str:
        with self.open(url) as response:
            if response.status != 200:
                raise NetworkError(
                    f"{url}: the server answers {response.status}, which is no page; look at the address"
                )
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise NetworkError(f"{url}: the server compresses a page though it was asked not to")
            expected, framed = response.length, response.length is not None or response.chunked
            content, began = bytearray(), time.monotonic()
            while piece := response.read(min(_CHUNK, _MOST_OF_PAGE - len(content))):
                content += piece
                if time.monotonic() - began > _LONGEST_PAGE:
                    raise TransientError(f"{url}: the page was not complete after {_LONGEST_PAGE:g} s")
        if len(content) == _MOST_OF_PAGE:
            raise NetworkError(f"{url}: the page goes on after {_MOST_OF_PAGE:,} bytes; look at the address")
        if expected is not None and len(content) < expected:
            raise TransientError(f"{url}: the connection broke off after {len(content):,} of {expected:,} bytes")
        if not framed and not _has_end(content):
            raise TransientError(f"{url}: the page ends after {len(content):,} bytes without </html>, so it broke off")
        return content.decode("utf-8", "replace")

    def size(self, url: str) -> int | None:
        """The size of the file at `url` in bytes; None where the server does not say. Raises TransientError."""

        def ask() -> str:
            with self.open(url, method="HEAD") as response:
                return str(response.headers.get("Content-Length", ""))

        try:
            told = self.patiently(ask)
        except TransientError:
            raise
        except NetworkError:  # not there, or HEAD is not allowed: fetching the file will show
            return None
        return int(told) if re.fullmatch(r"[0-9]{1,15}", told) else None

    def patiently(self, work: Callable[[], T], furthered: Callable[[], bool] = lambda: False) -> T:
        """What `work` returns, called again after a pause where it raises TransientError.

        The pauses grow, and are at least what the server asks for; they begin anew after a call that got further.
        There is at most one where a server cannot be reached that never answered before.
        """
        failures, began = 0, time.monotonic()
        while True:
            try:
                return work()
            except TransientError as error:
                failures = 0 if furthered() else failures
                offline = isinstance(error, UnreachableError)  # more patience makes no network
                if offline and (failures or time.monotonic() - began > _QUICK):
                    raise UnreachableError(f"{error}; {_OFFLINE_CURE}") from None
                if failures >= len(self._patience.pauses) or self.stop.is_set():
                    raise
                if error.retry_after > self._patience.longest:
                    raise NetworkError(f"{error}, and asks to be left alone for {error.retry_after:,.0f} s") from None
                pause = max(self._patience.pauses[failures], error.retry_after)
                failures += 1
                self._talk(f"{error}; asking again in {pause:g} s")
                if self.stop.wait(pause):
                    raise


def _has_end(content: bytes | bytearray) -> bool:
    """Whether a page of which the server did not say how long it is came to its end, as far as its content tells."""
    return b"</html>" in content[-1000:].lower() or (bool(content) and b"<" not in content)
