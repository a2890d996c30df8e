"""HTTPS, certificates checked, for the download of corpora and models. No question and no answer comes through here."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from bioqa.index.errors import InputError, NetworkError, TransientError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError
    from urllib.request import OpenerDirector

T = TypeVar("T")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # the only hosts where plain HTTP is taken: nobody stands in between
_BUSY = {408, 425, 429}  # with all from 500 on, what a server says that may soon answer
_MOST_OF_PAGE = 16 << 20  # bytes; the listing of 1,300 files has 0.3 MB
_CERTIFICATE_CURE = "where a proxy signs connections anew, let SSL_CERT_FILE name the file of its certificate"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for, in seconds, and how often it is asked again."""

    silence: float = 60.0  # without a single byte
    pauses: tuple[float, ...] = (2.0, 10.0, 30.0, 120.0)  # one before each further attempt: a restart takes minutes
    longest: float = 600.0  # pause that a server may ask for; one that wants more is down for maintenance


PATIENCE = Patience()


def check_address(url: str) -> None:
    """Raises InputError unless `url` is https, or http on this machine, with a host and without query or fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{url}: no address ({error})") from None
    if not host or parts.query or parts.fragment or parts.username or not url.isascii() or not url.isprintable():
        raise InputError(f"{url}: expected an address such as https://ftp.ncbi.nlm.nih.gov/pubmed/")
    if not _is_safe(url):
        raise InputError(f"{url}: only https is used, because nobody can change on the way what it brings")


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


class Web:
    """Asks servers with patience; from several threads at once, until `stop` is set."""

    def __init__(self, patience: Patience = PATIENCE, talk: Callable[[str], None] = lambda _: None):
        self._patience, self._talk = patience, talk
        self._opener = _opener()
        self._agent = f"bioqa/{metadata.version('bioqa')}"
        self.stop = threading.Event()

    @contextlib.contextmanager
    def open(self, url: str, first_byte: int = 0, method: str = "GET") -> Iterator["HTTPResponse"]:
        """The response, from byte `first_byte` on where the server can do that (status 206); to be read within `with`.

        Raises NetworkError where the server refuses, its certificate is not trusted or it leads to an unsafe address,
        TransientError where it is worth asking again.
        """
        import http.client
        import urllib.error
        import urllib.request

        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        if first_byte:
            headers["Range"] = f"bytes={first_byte}-"
        request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 (check_address)
        try:
            with self._opener.open(request, timeout=self._patience.silence) as response:
                yield response
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(url, error) from None
        except (OSError, http.client.HTTPException) as error:
            raise _failure(url, error) from None

    def page(self, url: str) -> str:
        """The short text at `url`. Raises NetworkError as `open` does, and where there is no end to it."""

        def read() -> str:
            with self.open(url) as response:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise NetworkError(f"{url}: the server compresses a page though it was asked not to")
                expected = response.length
                content = response.read(_MOST_OF_PAGE)
                if len(content) == _MOST_OF_PAGE:
                    raise NetworkError(f"{url}: the page goes on after {_MOST_OF_PAGE:,} bytes; look at the address")
                if expected is not None and len(content) < expected:
                    raise TransientError(
                        f"{url}: the connection broke off after {len(content):,} of {expected:,} bytes"
                    )
            return content.decode("utf-8", "replace")

        return self.patiently(read)

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
        """
        failures = 0
        while True:
            try:
                return work()
            except TransientError as error:
                failures = 0 if furthered() else failures
                if failures == len(self._patience.pauses) or self.stop.is_set():
                    raise
                if error.retry_after > self._patience.longest:
                    raise NetworkError(f"{error}, and asks to be left alone for {error.retry_after:,.0f} s") from None
                pause = max(self._patience.pauses[failures], error.retry_after)
                failures += 1
                self._talk(f"{error}; asking again in {pause:g} s")
                if self.stop.wait(pause):
                    raise


def _opener() -> "OpenerDirector":
    import ssl
    import urllib.request

    class SafeRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(  # type: ignore[no-untyped-def]
            self, req, fp, code, msg, headers, newurl
        ) -> urllib.request.Request | None:
            if not _is_safe(newurl) or (req.type == "https" and urlsplit(newurl).scheme != "https"):
                raise NetworkError(f"{req.full_url}: leads to {newurl}, which is not https; not followed")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    secured = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    return urllib.request.build_opener(SafeRedirects, secured)


def _refusal(url: str, error: "HTTPError") -> NetworkError:
    reason = " ".join(error.reason.split())  # for a redirect without end, it has several lines
    answer = f"{url}: the server answers {error.code} {reason}".rstrip()
    if error.code in _BUSY or error.code >= 500:
        return TransientError(answer, error.code, _seconds(error.headers.get("Retry-After", "")))
    return NetworkError(f"{answer}; the file is not there" if error.code in (404, 410) else answer, error.code)


def _seconds(retry_after: str) -> float:
    """How long the header Retry-After asks to wait (RFC 9110, 10.2.3: seconds, or a date); 0 where it says neither."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _failure(url: str, error: Exception) -> NetworkError:
    import ssl

    reason = getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NetworkError(f"{url}: its certificate is not trusted ({reason.verify_message}); {_CERTIFICATE_CURE}")
    said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return TransientError(f"{url}: {said}")
