"""What a server answers in place of what was asked for, as an error: whether to ask again, and the cure."""

import http.client
import re
import ssl
from urllib.error import URLError

from bioqa.index.download.retry_after import seconds
from bioqa.index.errors import NetworkError, TransientError

_BUSY = {408, 425, 429}  # with most from 500 on, what a server says that may soon answer
_UNABLE = {501, 505, 506, 510, 511}  # what it cannot do now, it cannot do later; 511 wants somebody to log in
_MOST_OF_REASON = 200  # characters
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})", re.ASCII)  # how http.client tells of a proxy that refuses
_NOISE = re.compile(r"\[SSL(?:: \w+)?\] | ?\(?_ssl\.c:\d+(?:\)|: )")  # places in Python's source, in its messages
_CERTIFICATE_CURE = "where a proxy signs connections anew, let SSL_CERT_FILE name the file of its certificate"
_PROXY_CURE = "let HTTPS_PROXY name the proxy with user and password, as in http://user:password@host:port"


def refusal(url: str, response: http.client.HTTPResponse) -> NetworkError:
    """What an answer with another status than 200 to 299 comes to."""
    status = response.status
    answer = f"{url}: the server answers {status} {_short(response.reason)}".rstrip()
    if status in _BUSY or (500 <= status < 600 and status not in _UNABLE):
        return TransientError(answer, status, seconds(response.headers.get("Retry-After", "")))
    if status == 407:
        return NetworkError(f"{answer}; {_PROXY_CURE}", status)
    return NetworkError(f"{answer}; the file is not there" if status in (404, 410) else answer, status)


def failure(url: str, error: Exception) -> NetworkError:
    """What came in place of an answer, or of the rest of one; transient where it may be otherwise the next time."""
    asking = isinstance(error, URLError)  # as opposed to reading, where a connection was there
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NetworkError(f"{url}: its certificate is not trusted ({reason.verify_message}); {_CERTIFICATE_CURE}")
    if isinstance(reason, http.client.IncompleteRead):
        return TransientError(f"{url}: the connection broke off")
    if asking and isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return NetworkError(f"{url}: no secure connection comes about ({said(reason)}); look at the address")
    if isinstance(reason, str | ValueError | http.client.InvalidURL):
        return NetworkError(
            f"{url}: no request can be made ({said(reason)}); look at the address, and at that of a proxy"
        )
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, OSError):
        return NetworkError(f"{url}: the answer breaks the rules of HTTP ({said(reason)}); look at the address")
    refused = _TUNNEL.match(str(reason))
    if refused and int(refused[1]) < 500 and int(refused[1]) not in _BUSY:
        cure = _PROXY_CURE if refused[1] == "407" else "look at the address of the proxy"
        return NetworkError(f"{url}: {said(reason)}; {cure}", int(refused[1]))
    return TransientError(f"{url}: {said(reason)}")


def said(error: object) -> str:
    """The words of an error, in one line of bounded length."""
    words = _NOISE.sub("", str(getattr(error, "strerror", None) or error))
    return _short(words) or type(error).__name__


def _short(text: str) -> str:
    """What a server says, as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_OF_REASON else f"{line[:_MOST_OF_REASON]}..."
