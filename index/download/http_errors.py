"""Translation of HTTP and connection errors to NetworkErrors, transient or permanent, with a remedy."""

import http.client
import re
import socket
import ssl
from urllib.error import URLError

from bioqa.index.download.retry_after import seconds
from bioqa.index.errors import NetworkError, TransientError

_BUSY = {408, 425, 429}  # transient statuses, besides most from 500 on
_UNABLE = {501, 505, 506, 510, 511}  # permanent statuses; 511 requires a login
_MOST_OF_REASON = 200  # characters
_MOST_OF_BODY = 4096  # bytes read of the body of a failure
_STATED = re.compile(rb'"error"\s*:\s*"([^"]*)"|<ERROR>([^<]*)</ERROR>')
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})", re.ASCII)  # http.client's message for a refusing proxy
_NOISE = re.compile(r"\[SSL(?:: \w+)?\] | ?\(?_ssl\.c:\d+(?:\)|: )")  # source locations in Python's messages
_PROXY_CURE = "let HTTPS_PROXY name the proxy with user and password, as in http://user:password@host:port"
_CURES = {  # of statuses that a repetition does not change
    401: "it asks for a login, which bioqa does not have; look at the address",
    403: "it refuses this machine or this address; look at the address, or ask whoever runs the server",
    404: "the file is not there; look at the address",
    407: _PROXY_CURE,
    410: "the file is not there any more; look at the address",
    451: "it may not be given out here for legal reasons; get it elsewhere",
    511: "this network asks for a login; open a page in a web browser, log in, and try again",
}
_CERTIFICATE_CURE = "behind a proxy that decrypts connections, set SSL_CERT_FILE to the file with its certificate"


def status_error(url: str, response: http.client.HTTPResponse, stated: str = "") -> NetworkError:
    """The error for a response with a status other than 200 to 299; `stated` is the reason that its body gives."""
    status = response.status
    answer = f"{url}: the server answers {status} {_short(response.reason)}".rstrip() + (stated and f" ({stated})")
    if _may_change(status):
        return TransientError(answer, status, seconds(response.headers.get("Retry-After", "")))
    return NetworkError(f"{answer}; {_CURES.get(status, 'look at the address')}", status)


def request_error(url: str, error: Exception) -> NetworkError:
    """The error for an exception while requesting or reading a response; transient if a retry may succeed."""
    requesting = isinstance(error, URLError)  # as opposed to reading a response
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NetworkError(f"{url}: its certificate is not trusted ({reason.verify_message}); {_CERTIFICATE_CURE}")
    if isinstance(reason, http.client.IncompleteRead):
        return TransientError(f"{url}: the connection broke off")
    if (
        requesting
        and isinstance(reason, ssl.SSLError)
        and not isinstance(reason, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    ):
        return NetworkError(f"{url}: no secure connection is possible ({error_text(reason)}); look at the address")
    if isinstance(reason, str | ValueError | http.client.InvalidURL):
        return NetworkError(
            f"{url}: no request can be made ({error_text(reason)}); look at the address, and at that of a proxy"
        )
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, OSError):
        return NetworkError(f"{url}: the answer violates HTTP ({error_text(reason)}); look at the address")
    refused = _TUNNEL.match(str(reason))
    if refused and not _may_change(int(refused[1])):
        cure = _PROXY_CURE if refused[1] == "407" else "look at the address of the proxy"
        return NetworkError(f"{url}: {error_text(reason)}; {cure}", int(refused[1]))
    return TransientError(f"{url}: {error_text(reason)}")


def stated_error(response: http.client.HTTPResponse) -> str:
    """The reason that a service gives for a failure, in JSON or XML; empty if it gives none."""
    try:
        found = _STATED.search(response.read1(_MOST_OF_BODY))
    except (OSError, http.client.HTTPException):
        return ""
    return _short((found[1] or found[2]).decode("utf-8", "replace")) if found else ""


def _may_change(status: int) -> bool:
    return status in _BUSY or (500 <= status < 600 and status not in _UNABLE)


def is_unknown_host(error: BaseException | None) -> bool:
    """Whether the name server says that there is no such host, or there is no name server."""
    return isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_HOST


def is_refused_tunnel(error: Exception) -> bool:
    """Whether a proxy answered in place of the server."""
    return _TUNNEL.match(str(error.reason if isinstance(error, URLError) else error)) is not None


def error_text(error: object) -> str:
    """The message of an error, on one line of limited length."""
    words = _NOISE.sub("", str(getattr(error, "strerror", None) or error))
    return _short(words) or type(error).__name__


def _short(text: str) -> str:
    """A text from a server, on one line of limited length."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_OF_REASON else f"{line[:_MOST_OF_REASON]}..."
