import http.client
import ssl
from urllib.error import URLError

import pytest

from bioqa.index.download import http_errors
from bioqa.index.errors import TransientError

URL = "https://a.example/"


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError("timed out"),
        http.client.RemoteDisconnected("Remote end closed connection without response"),
        http.client.IncompleteRead(b""),
        URLError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
        ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac (_ssl.c:2580)"),
        OSError("Tunnel connection failed: 503 Service Unavailable"),
        OSError("Tunnel connection failed: 429 Too Many Requests"),
    ],
)
def test_what_may_pass_is_transient(error: Exception) -> None:
    assert isinstance(http_errors.request_error(URL, error), TransientError)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (http.client.BadStatusLine("SSH-2.0-OpenSSH"), r"violates HTTP \(SSH-2.0-OpenSSH\)"),
        (http.client.LineTooLong("header line"), "violates HTTP"),
        (http.client.UnknownProtocol("HTTP/2.0"), "violates HTTP"),
        (URLError("no host given"), "no request can be made"),
        (UnicodeError("label too long"), "no request can be made"),
        (http.client.InvalidURL("nonnumeric port: 'x'"), "no request can be made"),
        (URLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")),
         r"no secure connection is possible \(wrong version number\)"),
        (URLError(OSError("Tunnel connection failed: 407 Authentication Required")), "407.*; let HTTPS_PROXY name"),
        (OSError("Tunnel connection failed: 403 Forbidden"), "403 Forbidden; look at the address of the proxy"),
    ],
)  # fmt: skip
def test_what_will_not_change_is_final(error: Exception, said: str) -> None:
    failure = http_errors.request_error(URL, error)
    assert not isinstance(failure, TransientError)
    with pytest.raises(type(failure), match=said):
        raise failure


@pytest.mark.parametrize("said", ["x" * 100_000, "a\nb\r\n\tc " * 1000])
def test_what_a_server_says_becomes_one_line_of_bounded_length(said: str) -> None:
    told = str(http_errors.request_error(URL, http.client.BadStatusLine(said)))
    assert len(told) < 400
    assert "\n" not in told
