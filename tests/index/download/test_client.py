import gzip
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import client as web
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.errors import InputError, NetworkError, TransientError

Server, Faults, Answering = Any, Any, Any
HASTE = RetryPolicy(silence=0.3, pauses=(0.01, 0.02, 0.03), longest=1.0)
PAGE = "baseline/README.txt"


@pytest.fixture
def said() -> list[str]:
    """What was said to the user."""
    return []


@pytest.fixture
def client(said: list[str]) -> HttpClient:
    return HttpClient(HASTE, said.append)


@pytest.fixture(autouse=True)
def _page(request: pytest.FixtureRequest) -> None:
    for name in ("nlm", "secure_nlm"):
        if name in request.fixturenames:
            request.getfixturevalue(name).files[PAGE] = "für alle".encode()


@pytest.mark.parametrize(
    "url", ["https://ftp.ncbi.nlm.nih.gov/pubmed/", "http://127.0.0.1:80/", "http://localhost/x", "http://[::1]:8/"]
)
def test_https_and_this_machine_are_addresses(url: str) -> None:
    web.check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://ftp.ncbi.nlm.nih.gov/pubmed/",
        "http://127.0.0.1.example/",
        "http://localhost@elsewhere.example/",
        "ftp://ftp.ncbi.nlm.nih.gov/pubmed/",
        "file:///etc/passwd",
        "ftp.ncbi.nlm.nih.gov/pubmed",
        "https://",
        "https://x/?a=b",
        "https://x/#a",
        "https://user:word@x/",
        "https://x:port/",
        "https://[/",
        "https://x/a b\n",
        "https://ü.example/",
        "https://a..b/",
        "https://%00/",
        "https://x:0/",
        f"https://{'a' * 64}.example/",
        "",
    ],
)
def test_anything_else_is_none(url: str) -> None:
    with pytest.raises(InputError):
        web.check_address(url)


def test_bioqa_says_who_it_is_and_wants_nothing_compressed(nlm: Server, client: HttpClient) -> None:
    assert client.page(nlm.url(PAGE)) == "für alle"
    [(_, _, headers)] = nlm.requests
    assert headers["User-Agent"] == f"bioqa/{metadata.version('bioqa')}"
    assert headers["Accept-Encoding"] == "identity"
    assert "Range" not in headers


@pytest.mark.parametrize("code", [500, 502, 503, 504, 429, 408])
def test_a_busy_server_is_asked_again(
    code: int, nlm: Server, faults: Faults, client: HttpClient, said: list[str]
) -> None:
    nlm.misbehave(PAGE, faults.status(code), faults.hang_up, faults.cut(3))
    assert client.page(nlm.url(PAGE)) == "für alle"
    assert len(nlm.requests) == 4
    assert f"the server answers {code}" in said[0]
    assert [line.rpartition("; ")[2] for line in said] == [f"retrying in {s} s" for s in (0.01, 0.02, 0.03)]


def test_one_that_stays_busy_is_given_up(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.status(503), lasting=True)
    with pytest.raises(TransientError, match=r"README.txt: the server answers 503"):
        client.page(nlm.url(PAGE))
    assert len(nlm.requests) == 4


@pytest.mark.parametrize("asks", ["1", "date"])
def test_a_pause_that_is_asked_for_is_made(asks: str, nlm: Server, faults: Faults, said: list[str]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1.9), usegmt=True)
    nlm.misbehave(PAGE, faults.status(503, Retry_After=soon if asks == "date" else asks))
    patient = HttpClient(RetryPolicy(silence=1, pauses=(0.0,), longest=5.0), said.append)
    patient.stop.wait = lambda seconds: said.append(f"{seconds:.2f}") or False  # type: ignore[method-assign, func-returns-value]
    assert patient.page(nlm.url(PAGE)) == "für alle"
    assert 0 < float(said[-1]) <= 2


@pytest.mark.parametrize("asks", ["9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_one_that_wants_to_be_left_alone_for_ever_is_too(
    asks: str, nlm: Server, faults: Faults, client: HttpClient
) -> None:
    nlm.misbehave(PAGE, faults.status(503, Retry_After=asks))
    with pytest.raises(NetworkError, match="requests a pause of 1,000,000,000 s"):
        client.page(nlm.url(PAGE))


def test_one_that_wants_to_be_left_alone_for_long_is(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.status(503, Retry_After="7200"))
    with pytest.raises(NetworkError, match=r"answers 503.*, and requests a pause of 7,200 s"):
        client.page(nlm.url(PAGE))
    assert len(nlm.requests) == 1


@pytest.mark.parametrize("code", [404, 410, 403, 401, 400])
def test_a_refusal_is_final(code: int, nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.status(code))
    with pytest.raises(
        NetworkError, match=f"README.txt: the server answers {code} .*; .*look at the address"
    ) as caught:
        client.page(nlm.url(PAGE))
    assert not isinstance(caught.value, TransientError)
    assert caught.value.status == code
    assert len(nlm.requests) == 1


@pytest.mark.parametrize("code", [101, 103, 300, 304, 407, 501, 505, 511, 600, 999])
def test_what_will_not_change_is_told_at_once(
    code: int, nlm: Server, faults: Faults, client: HttpClient, said: list[str]
) -> None:
    nlm.misbehave(PAGE, faults.sends(b"", code), lasting=True)
    with pytest.raises(NetworkError, match=f"the server answers {code}") as caught:
        client.page(nlm.url(PAGE))
    assert not isinstance(caught.value, TransientError)
    assert said == []


@pytest.mark.parametrize("code", [201, 202, 204, 205, 206])
def test_only_a_page_is_a_page(code: int, nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.sends(b"", code), lasting=True)
    with pytest.raises(NetworkError, match=f"answers {code}, which is no page"):
        client.page(nlm.url(PAGE))


@pytest.mark.parametrize("page", [b"", b"<html><a href='x'>", b"<html>\n<a href='x'></a></htm"])
def test_a_page_whose_length_is_not_told_has_to_come_to_its_end(
    page: bytes, answering: Answering, client: HttpClient
) -> None:
    with pytest.raises(TransientError, match=f"ends after {len(page)} bytes without </html>, so it broke off"):
        client.page(answering(b"HTTP/1.1 200 OK\r\n\r\n" + page))


@pytest.mark.parametrize("page", ["<html><a href='x'></a></HTML>\n", "MD5(x)= 0"])
def test_one_that_does_is_taken(page: str, answering: Answering, client: HttpClient) -> None:
    assert client.page(answering(b"HTTP/1.1 200 OK\r\n\r\n" + page.encode())) == page


def test_a_page_takes_so_long_at_most(
    answering: Answering, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_LONGEST_PAGE", 0.0)
    with pytest.raises(TransientError, match="the page was not complete after 0 s"):
        client.page(answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000))


def test_silence_is_not_waited_out(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.stall(2))
    assert client.page(nlm.url(PAGE)) == "für alle"


def test_where_nobody_listens_it_is_said(nlm: Server, client: HttpClient) -> None:
    url = nlm.url(PAGE)
    nlm.shutdown()
    nlm.server_close()
    with pytest.raises(TransientError, match="Connection refused"):
        client.page(url)


def test_a_compressed_page_is_refused(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.sends(gzip.compress(b"text"), Content_Encoding="gzip"))
    with pytest.raises(NetworkError, match="compresses a page"):
        client.page(nlm.url(PAGE))


def test_a_page_without_end_is_refused(
    nlm: Server, faults: Faults, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_MOST_OF_PAGE", 1000)
    nlm.misbehave(PAGE, faults.sends(b"x" * 2000))
    with pytest.raises(NetworkError, match="goes on after 1,000 bytes"):
        client.page(nlm.url(PAGE))


def test_redirections_on_this_machine_are_followed(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave("old.txt", faults.status(302, Location=nlm.url(PAGE)))
    assert client.page(nlm.url("old.txt")) == "für alle"


@pytest.mark.parametrize("target", ["http://elsewhere.example/", "file:///etc/passwd", "ftp://elsewhere.example/x"])
def test_redirections_to_anything_but_https_are_not(
    target: str, nlm: Server, faults: Faults, client: HttpClient
) -> None:
    nlm.misbehave(PAGE, faults.status(301, Location=target))
    with pytest.raises(NetworkError) as caught:
        client.page(nlm.url(PAGE))
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize("target", ["http://127.0.0.1:port/", "http://[::1", "https://\xff/", "x" * 60_000])
def test_redirections_to_nowhere_are_one_short_line(
    target: str, nlm: Server, faults: Faults, client: HttpClient, said: list[str]
) -> None:
    nlm.misbehave(PAGE, faults.status(301, Location=target))
    with pytest.raises(NetworkError, match="; not followed") as caught:
        client.page(nlm.url(PAGE))
    assert not isinstance(caught.value, TransientError)
    assert len(str(caught.value)) < 500
    assert said == []


def test_what_a_redirection_brings_along_is_not_read(nlm: Server, answering: Answering, client: HttpClient) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {nlm.url(PAGE)}\r\n\r\n".encode())
        for _ in range(100_000):
            connection.sendall(b"x" * 65536)

    assert client.page(answering(script)) == "für alle"


def test_redirections_in_a_circle_come_to_an_end(nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.status(302, Location=nlm.url(PAGE)), lasting=True)
    with pytest.raises(NetworkError, match="302") as caught:
        client.page(nlm.url(PAGE))
    assert len(nlm.requests) < 15
    assert "\n" not in str(caught.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(secure_nlm: Server, client: HttpClient) -> None:
    with pytest.raises(NetworkError, match=r"certificate is not trusted.*SSL_CERT_FILE") as caught:
        client.page(secure_nlm.url(PAGE))
    assert not isinstance(caught.value, TransientError)
    assert secure_nlm.requests == []


@pytest.fixture
def trusting(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> HttpClient:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return HttpClient(HASTE)


def test_one_that_the_machine_trusts_is_not(secure_nlm: Server, trusting: HttpClient) -> None:
    assert trusting.page(secure_nlm.url(PAGE)) == "für alle"


def test_https_does_not_lead_back_to_http_even_on_this_machine(
    secure_nlm: Server, nlm: Server, faults: Faults, trusting: HttpClient
) -> None:
    secure_nlm.misbehave(PAGE, faults.status(302, Location=nlm.url(PAGE)))
    with pytest.raises(NetworkError, match="which is not https; not followed"):
        trusting.page(secure_nlm.url(PAGE))
    assert nlm.requests == []


def test_the_size_is_asked_for_without_the_file(nlm: Server, client: HttpClient) -> None:
    assert client.size(nlm.url(PAGE)) == 9
    assert [method for method, *_ in nlm.requests] == ["HEAD"]


@pytest.mark.parametrize("told", ["many", "-1", "²", "9" * 400])
def test_a_size_that_is_none_is_not_known(told: str, nlm: Server, faults: Faults, client: HttpClient) -> None:
    nlm.misbehave(PAGE, faults.sends(b"", Content_Length=told))
    assert client.size(nlm.url(PAGE)) is None


def test_of_what_is_not_there_no_size_is_known(nlm: Server, client: HttpClient) -> None:
    assert client.size(nlm.url("nowhere")) is None


def test_whoever_gets_further_is_not_given_up(client: HttpClient) -> None:
    calls = iter(range(100))

    def work() -> str:
        if next(calls) < 20:
            raise TransientError("broke off")
        return "done"

    assert client.retry(work, has_progressed=lambda: True) == "done"


def test_a_pause_ends_at_once_where_the_work_is_stopped() -> None:
    client = HttpClient(RetryPolicy(pauses=(60.0,)), lambda _: client.stop.set())

    def work() -> None:
        raise TransientError("broke off")

    with pytest.raises(TransientError):
        client.retry(work)


def test_nothing_is_asked_again_where_the_work_is_stopped(client: HttpClient, said: list[str]) -> None:
    client.stop.set()

    def work() -> None:
        raise TransientError("stopped")

    with pytest.raises(TransientError):
        client.retry(work)
    assert said == []
