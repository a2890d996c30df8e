"""Rules for redirections: to HTTPS, or to plain HTTP on this machine, and never from HTTPS to HTTP."""

import re
from urllib.parse import quote, urljoin, urlsplit

from bioqa.index.errors import NetworkError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # the only hosts for which plain HTTP is accepted
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"  # RFC 1123, and the underscore that some have
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL}){{0,126}}\.?|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, IPv4 or IPv6
_PRINTABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_LONGEST = 8000  # characters; RFC 9110, 4.1
_SHOWN = 200  # characters of an address in a message


def is_safe(url: str) -> bool:
    """Whether data from `url` cannot be changed in transit. Raises ValueError if it is not an address."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def has_host(url: str) -> bool:
    """Whether `url` names a valid host. Raises ValueError if it is not an address."""
    parts = urlsplit(url)
    return _HOST.fullmatch(parts.hostname or "") is not None and parts.port != 0


def target(url: str, location: str) -> str:
    """The target of a redirection from `url`. Raises NetworkError if it must not be followed."""
    if len(location) > _LONGEST:
        raise NetworkError(f"{url}: leads to an address of {len(location):,} characters; not followed")
    # headers are decoded as Latin-1; other characters than printable ASCII are percent-encoded as the original bytes
    written = quote(location, encoding="iso-8859-1", safe=_PRINTABLE)
    try:
        found = urljoin(url, written)
        parts, safe = urlsplit(found), is_safe(found)
        usable = has_host(found) and parts.username is None
    except ValueError as error:
        raise NetworkError(f"{url}: leads to {_shown(written)}, which is no address ({error}); not followed") from None
    if not safe or (urlsplit(url).scheme == "https" and parts.scheme != "https"):
        raise NetworkError(f"{url}: leads to {_shown(written)}, which is not https; not followed")
    if not usable:
        raise NetworkError(f"{url}: leads to {_shown(written)}, whose host cannot be used; not followed")
    return parts._replace(fragment="").geturl()


def _shown(address: str) -> str:
    return address if len(address) <= _SHOWN else f"{address[:_SHOWN]}..."
