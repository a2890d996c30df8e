"""The HTTPS client for downloads of corpora and models; questions and answers are never sent."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode, urlsplit

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
_LONGEST_QUERY = 1500  # characters of a form in an address; longer ones are sent in the body
_QUICK = 1.0  # seconds; a failure to connect that takes longer is not retried
_OFFLINE_CURE = "check the connection of this machine; where only a proxy leads out, let HTTPS_PROXY name it"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Timeouts and pauses between attempts, in seconds."""

    silence: float = 60.0  # limit for a byte to arrive, for the headers, and for the least rate
    pauses: tuple[float, ...] = (2.0, 10.0, 30.0, 120.0)  # before each retry: a server restart takes minutes
    longest: float = 600.0  # longest pause that a server may request; one that needs more is down


RETRY_POLICY = RetryPolicy()


def check_address(url: str) -> None:
    """Raise InputError unless `url` is https, or http on this machine, with a host and without query or fragment."""
    try:
        parts = urlsplit(url)
        has_host = redirects.has_host(url)
    except ValueError as error:
        raise InputError(f"{url}: no address ({error})") from None
    if not has_host or parts.query or parts.fragment or parts.username or not url.isascii() or not url.isprintable():
        raise InputError(f"{url}: expected an address such as https://ftp.ncbi.nlm.nih.gov/pubmed/")
    if not redirects.is_safe(url):
        raise InputError(f"{url}: only https is used, because it protects the data from changes on the way")


class HttpClient:
    """A thread-safe HTTP client with retries; setting `stop` ends its work."""

    def __init__(self, patience: RetryPolicy = RETRY_POLICY, talk: Callable[[str], None] = lambda _: None):
        from bioqa.index.download import connection

        self._patience, self._talk = patience, talk
        self._opener = connection.build_opener()
        self._agent = f"bioqa/{metadata.version('bioqa')}"
        self._known: set[str] = set()  # servers that have responded
        self.stop = threading.Event()

    @contextlib.contextmanager
    def open(
        self, url: str, first_byte: int = 0, method: str = "GET", form: Mapping[str, str] | None = None
    ) -> Iterator["HTTPResponse"]:
        """The response, from byte `first_byte` on if the server supports this (status 206); read it within `with`.

        A `form` may hold a key: no message shows it, and it is not sent on where the server redirects. Raises
        NetworkError if the server refuses, its certificate is not trusted, it redirects to an unsafe address or
        violates HTTP, and TransientError if a retry may succeed.
        """
        import http.client

        from bioqa.index.download import http_errors

        with self._answer(url, first_byte, method, urlencode(form or {})) as response:
            try:
                yield response
            except (OSError, http.client.HTTPException) as error:
                raise http_errors.request_error(url, error) from None

    def _answer(self, url: str, first_byte: int, method: str, query: str) -> "HTTPResponse":
        """The response with a status from 200 to 299, after redirections."""
        import http.client
        import urllib.request

        from bioqa.index.download import http_errors
        from bioqa.index.download.connection import ConnectionFailedError

        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        if first_byte:
            headers["Range"] = f"bytes={first_byte}-"
        body = query.encode() if len(query) > _LONGEST_QUERY else None
        place = f"{url}?{query}" if query and body is None else url
        for _ in range(_MOST_REDIRECTIONS + 1):
            request = urllib.request.Request(  # noqa: S310 (check_address)
                place, body, headers, method="POST" if body else method
            )
            try:
                response: HTTPResponse = self._opener.open(request, timeout=self._patience.silence)
            except ConnectionFailedError as error:
                # the host may be that of a proxy
                reason = f"{url}: {request.host}: {http_errors.error_text(error.__cause__)}"
                if urlsplit(place).netloc in self._known:
                    raise TransientError(reason) from None
                if http_errors.is_unknown_host(error.__cause__):
                    raise NetworkError(f"{reason}; look at the address, and {_OFFLINE_CURE}") from None
                raise UnreachableError(reason) from None
            except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a host that is no name
                failure = http_errors.request_error(url, error)
                if http_errors.is_refused_tunnel(error) and isinstance(failure, TransientError):
                    failure = failure if urlsplit(place).netloc in self._known else UnreachableError(str(failure))
                raise failure from None
            self._known.add(urlsplit(place).netloc)
            if 200 <= response.status < 300:
                return response
            with response:  # its body may have no end, and is not read
                location = response.headers.get("Location")
                if response.status not in _MOVED or location is None or query:
                    raise http_errors.status_error(url, response, http_errors.stated_error(response) if query else "")
                place = redirects.target(place, str(location))
        raise NetworkError(
            f"{url}: the server answers {response.status} and leads on after {_MOST_REDIRECTIONS} redirections; "
            "look at the address"
        )

    def page(self, url: str) -> str:
        """The short text at `url`. Raises NetworkError as `open` does, and if the text is too long."""
        return self.retry(lambda: self._content(url, _MOST_OF_PAGE, None, _has_end).decode("utf-8", "replace"))

    def answer(self, url: str, form: Mapping[str, str], most: int) -> bytes:
        """The answer to a form in one attempt, of at most `most` bytes. Raises NetworkError as `open` does."""
        return self._content(url, most, form, lambda _: True)

    def _content(
        self, url: str, most: int, form: Mapping[str, str] | None, has_end: Callable[[bytes | bytearray], bool]
    ) -> bytes:
        """The content of a response in full; `has_end` judges one whose length is not stated."""
        with self.open(url, form=form) as response:
            if response.status != 200:
                raise NetworkError(
                    f"{url}: the server answers {response.status}, which is no page; look at the address"
                )
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise NetworkError(f"{url}: the server compresses a page though it was asked not to")
            expected, framed = response.length, response.length is not None or response.chunked
            content, began = bytearray(), time.monotonic()
            while piece := response.read(min(_CHUNK, most - len(content))):
                content += piece
                if time.monotonic() - began > _LONGEST_PAGE:
                    raise TransientError(f"{url}: the page was not complete after {_LONGEST_PAGE:g} s")
        if len(content) == most:
            raise NetworkError(f"{url}: the page goes on after {most:,} bytes; look at the address")
        if expected is not None and len(content) < expected:
            raise TransientError(f"{url}: the connection broke off after {len(content):,} of {expected:,} bytes")
        if not framed and not has_end(content):
            raise TransientError(f"{url}: the page ends after {len(content):,} bytes without </html>, so it broke off")
        return bytes(content)

    def size(self, url: str) -> int | None:
        """The size of the file at `url` in bytes; None if the server does not state it. Raises TransientError."""

        def ask() -> str:
            with self.open(url, method="HEAD") as response:
                return str(response.headers.get("Content-Length", ""))

        try:
            content_length = self.retry(ask)
        except TransientError:
            raise
        except NetworkError:  # missing, or HEAD is not allowed: fetching the file will show
            return None
        return int(content_length) if re.fullmatch(r"[0-9]{1,15}", content_length) else None

    def retry(self, work: Callable[[], T], has_progressed: Callable[[], bool] = lambda: False) -> T:
        """The result of `work`, which is repeated after a pause if it raises TransientError.

        The pauses grow, and are at least as long as the server requests; they restart after an attempt with progress.
        A server that has never responded gets at most one retry.
        """
        failures, began = 0, time.monotonic()
        while True:
            try:
                return work()
            except TransientError as error:
                failures = 0 if has_progressed() else failures
                offline = isinstance(error, UnreachableError)  # further retries would not help
                if offline and (failures or time.monotonic() - began > _QUICK):
                    raise UnreachableError(f"{error}; {_OFFLINE_CURE}") from None
                if failures >= len(self._patience.pauses) or self.stop.is_set():
                    raise
                if error.retry_after > self._patience.longest:
                    raise NetworkError(f"{error}, and requests a pause of {error.retry_after:,.0f} s") from None
                pause = max(self._patience.pauses[failures], error.retry_after)
                failures += 1
                self._talk(f"{error}; retrying in {pause:g} s")
                if self.stop.wait(pause):
                    raise


def _has_end(content: bytes | bytearray) -> bool:
    """Whether a page of unstated length seems complete, judging by its content."""
    return b"</html>" in content[-1000:].lower() or (bool(content) and b"<" not in content)
