import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from bioqa.index.download import connection
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.errors import NetworkError, TransientError, UnreachableError

Answering = Callable[[Any], str]
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def said() -> list[str]:
    """What was said to the user."""
    return []


@pytest.fixture
def client(said: list[str]) -> HttpClient:
    return HttpClient(RetryPolicy(silence=0.3, pauses=(0.01, 0.01)), said.append)


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;name=value\r\nhello\r\n0\r\nX: y\r\n\r\n",
        b"00005 \r\nhello\r\n0\r\n\r\n",
        b"2\nhe\r\n3\r\nllo\r\n0\n\n",
    ],
)
def test_a_page_in_chunks_is_put_together(body: bytes, answering: Answering, client: HttpClient) -> None:
    assert client.page(answering(CHUNKED + body)) == "hello"


@pytest.mark.parametrize(
    "size", [b"-5", b"-1", b"+5", b"0x5", b"1_0", b" 5", b"zz", b"", b"5.0", b"f" * 16, b"5;" + b"a" * 300, b"\x00"]
)
def test_what_is_no_size_of_a_chunk_is_an_error_at_once(
    size: bytes, answering: Answering, client: HttpClient, said: list[str]
) -> None:
    with pytest.raises(NetworkError, match="is not a chunk size") as caught:
        client.page(answering(CHUNKED + size + b"\r\nhello\r\n0\r\n\r\n"))
    assert not isinstance(caught.value, TransientError)
    assert said == []


@pytest.mark.parametrize("body", [b"", b"5", b"5\r\nhe", b"5\r\nhello\r\n", b"f" * 15 + b"\r\nhello"])
def test_chunks_that_break_off_are_asked_for_again(
    body: bytes, answering: Answering, client: HttpClient, said: list[str]
) -> None:
    with pytest.raises(TransientError, match="broke off"):
        client.page(answering(CHUNKED + body))
    assert len(said) == 2


def test_chunks_without_number_are_too_many(answering: Answering, client: HttpClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(connection, "_MOST_CHUNKS", 3)
    assert client.page(answering(CHUNKED + b"1\r\na\r\n" * 2 + b"0\r\n\r\n")) == "aa"
    with pytest.raises(NetworkError, match="comes in more than 3 chunks") as caught:
        client.page(answering(CHUNKED + b"1\r\na\r\n" * 4 + b"0\r\n\r\n"))
    assert not isinstance(caught.value, TransientError)


def endless(start: bytes, block: bytes) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(100_000):
            connection.sendall(block)

    return script


@pytest.mark.parametrize(
    ("start", "block", "told"),
    [
        (HEAD, b"X: y\r\n" * 1000, "got more than 100 headers"),
        (HEAD + b"X: ", b"a" * 65536, "got more than 65536 bytes"),
        (b"", b"H" * 65536, "got more than 65536 bytes"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "headers exceed 262,144 bytes"),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 1000, "goes on after 100 trailers"),
        (b"", b"SSH-2.0-OpenSSH_9\r\n", "violates HTTP"),
    ],
)
def test_floods_come_to_an_end_at_once(
    start: bytes, block: bytes, told: str, answering: Answering, client: HttpClient
) -> None:
    with pytest.raises(NetworkError, match=told) as caught:
        client.page(answering(endless(start, block)))
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (b"Content-Length: 5\r\nContent-Length: 4\r\n", "several lengths"),
        (b"Content-Length: 9999999999999999\r\n", "a length that no file has"),
        (b"Transfer-Encoding: gzip\r\n", "transfer coding 'gzip'"),
        (b"Transfer-Encoding: gzip, chunked\r\n", "transfer coding"),
    ],
)
def test_an_answer_whose_end_nobody_could_tell_is_refused(
    headers: bytes, told: str, answering: Answering, client: HttpClient
) -> None:
    with pytest.raises(NetworkError, match=told) as caught:
        client.page(answering(HEAD + headers + b"\r\nhello"))
    assert not isinstance(caught.value, TransientError)


def test_the_same_length_twice_is_a_length(answering: Answering, client: HttpClient) -> None:
    assert client.page(answering(HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello more")) == "hello"


def drip(start: bytes) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(500):
            connection.sendall(b"a")
            time.sleep(0.02)

    return script


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"HTTP/1.1 200 ", "headers were not complete after 0.3 s"),
        (HEAD + b"X: ", "headers were not complete after 0.3 s"),
        (HEAD + b"\r\n", "fewer than 1,000 bytes a second came for 0.3 s"),
        (CHUNKED, "fewer than 1,000 bytes a second"),
    ],
)
def test_a_byte_now_and_then_does_not_hold_anybody(
    start: bytes, told: str, answering: Answering, client: HttpClient
) -> None:
    began = time.monotonic()
    with pytest.raises(TransientError, match=told):
        client.page(answering(drip(start)))
    assert time.monotonic() - began < 5


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_where_nothing_was_ever_reached_there_is_one_more_attempt_and_the_cure(
    said: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    client = HttpClient(RetryPolicy(pauses=(0.01, 60.0, 60.0)), said.append)
    with pytest.raises(UnreachableError, match=r"refused; check the connection of this machine.*HTTPS_PROXY"):
        client.page(f"http://127.0.0.1:{closed_port()}/")
    assert len(said) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_host_that_does_not_exist_is_told_at_once_unless_it_did(
    known: bool, answering: Answering, said: list[str], monkeypatch: Any
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = HttpClient(RetryPolicy(pauses=(0.01, 0.01)), said.append)
    url = answering(HEAD + b"Content-Length: 5\r\n\r\nhello").replace("127.0.0.1", "localhost")
    monkeypatch.setenv("no_proxy", "localhost")
    if known:
        assert client.page(url) == "hello"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(
        NetworkError, match="not known" if known else "not known; look at the address, and check"
    ) as caught:
        client.page(url)
    assert isinstance(caught.value, TransientError) == known
    assert len(said) == (2 if known else 0)


def test_a_server_that_answered_once_is_waited_for(answering: Answering, said: list[str], monkeypatch: Any) -> None:
    client = HttpClient(RetryPolicy(pauses=(0.01, 0.01, 0.01)), said.append)
    url = answering(HEAD + b"Content-Length: 5\r\n\r\nhello")
    assert client.page(url) == "hello"

    def refused(*_: object) -> None:
        raise connection.ConnectionFailedError from ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(connection.Connection, "connect", refused)
    with pytest.raises(TransientError) as caught:
        client.page(url)
    assert not isinstance(caught.value, UnreachableError)
    assert len(said) == 3


def test_a_name_server_that_is_silent_is_not_waited_for(said: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(connection, "_CONTACT", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="no name server answers; check"):
        HttpClient(RetryPolicy(pauses=(0.01,)), said.append).page("https://nlm.example/")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("script", "waits"), [(time.sleep, True), (lambda _: None, False)])
def test_one_that_takes_the_call_and_makes_no_secure_connection_was_not_reached(
    script: Callable[[Any], None], waits: bool, answering: Answering, said: list[str]
) -> None:
    url = answering((lambda _: script(2)) if waits else script).replace("http:", "https:")
    with pytest.raises(UnreachableError, match="check the connection of this machine"):
        HttpClient(RetryPolicy(silence=0.2, pauses=(0.01, 60.0)), said.append).page(url)
    assert len(said) == 1


def test_name_server_and_connection_share_their_time(monkeypatch: Any) -> None:
    limits = []

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            limits.append(self.gettimeout())
            raise TimeoutError("timed out")

    def slow(*_: object, **__: object) -> list[Any]:
        time.sleep(0.4)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]

    monkeypatch.setattr(connection, "_CONTACT", 1.0)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(socket, "socket", Socket)
    with pytest.raises(connection.ConnectionFailedError):
        connection._connect(("nlm.example", 443), 60.0)
    assert limits[0] < 0.65


@pytest.fixture
def proxy(answering: Answering, monkeypatch: Any) -> Callable[[Any], None]:
    """Names a proxy for https that answers so."""

    def start(answer: Any) -> None:
        monkeypatch.setenv("https_proxy", answering(answer))
        monkeypatch.delenv("no_proxy")

    return start


def test_a_proxy_or_server_that_takes_the_call_and_is_silent_is_not_waited_for(
    proxy: Callable[[Any], None], said: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(connection, "_HANDSHAKE", 0.2)
    proxy(lambda _: time.sleep(3))
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="check the connection of this machine"):
        HttpClient(RetryPolicy(silence=30, pauses=(0.01, 60.0)), said.append).page("https://nlm.example/")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [b"502 Bad Gateway", b"503 Service Unavailable", b"504 Gateway Timeout"])
def test_a_proxy_that_reaches_no_server_is_asked_once_more(
    status: bytes, proxy: Callable[[Any], None], said: list[str]
) -> None:
    proxy(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(UnreachableError, match=status.decode() + "; check the connection of this machine"):
        HttpClient(RetryPolicy(pauses=(0.01, 60.0)), said.append).page("https://nlm.example/")
    assert len(said) == 1


@pytest.mark.parametrize(
    "status",
    [
        b"407 Proxy Authentication Required",
        b"403 Forbidden",
        b"401 Unauthorized",
        b"501 No",
        b"511 Log In",
        b"999 What",
    ],
)
def test_a_proxy_that_refuses_is_told_at_once(status: bytes, proxy: Callable[[Any], None], said: list[str]) -> None:
    proxy(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(NetworkError, match=status.decode() + ".*proxy") as caught:
        HttpClient(RetryPolicy(pauses=(60.0,)), said.append).page("https://nlm.example/")
    assert not isinstance(caught.value, TransientError)
    assert said == []


def test_a_silent_address_leaves_time_for_the_others(monkeypatch: Any) -> None:
    tried = []

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            tried.append((address, self.gettimeout()))
            if address[0] != "127.0.0.1":
                raise TimeoutError("timed out")
            super().connect(address)

    kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = [("192.0.2.1", 443), ("192.0.2.2", 443), server.getsockname()]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(*kind, place) for place in places])
        monkeypatch.setattr(socket, "socket", Socket)
        connection._connect(("nlm.example", 443), 60.0).close()
    assert [address for address, _ in tried] == places
    assert tried[0][1] == pytest.approx(2.0, abs=0.1)


def test_nothing_but_http_can_be_opened() -> None:
    opener = connection.build_opener()
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x"):
        assert opener.open(url) is None
