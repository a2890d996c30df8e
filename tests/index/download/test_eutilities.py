import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bioqa.index.download import eutilities
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.download.eutilities import DateRange, EUtilities, HistoryExpiredError
from bioqa.index.errors import BioqaError, InputError, NetworkError, TransientError

Server, Faults = Any, Any
HTML = b"<!DOCTYPE html>\n<html><head><title>NCBI - WWW Error Blocked Diagnostic</title></head></html>"
LIMIT = b'{"error":"API rate limit exceeded","api-key":"1.2.3.4","count":"4","limit":"3"}'
BOMB = b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><PubmedArticleSet>&b;</PubmedArticleSet>'
FILE = b'<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&x;</PubmedArticleSet>'


@pytest.fixture
def history(asking: EUtilities, eutils: Server) -> tuple[str, str]:
    """The history of a search that finds thirty papers."""
    eutils.add(30)
    return asking.search("CFTR").history


def test_a_search_gives_count_and_papers(asking: EUtilities, eutils: Server) -> None:
    found = eutils.add(30)
    result = asking.search("CFTR", 5)
    assert (result.count, result.pmids, result.history) == (30, found[:5], ("MCID_1", "1"))
    days = DateRange(date(2020, 1, 2), date(2020, 1, 4))
    assert asking.search("CFTR", dates=days).pmids == found[-3:]


def test_a_server_that_lists_few_at_once_is_asked_for_the_others(asking: EUtilities, eutils: Server) -> None:
    found = eutils.add(30)
    eutils.page = 12
    assert asking.search("CFTR").pmids == found
    assert [form["retstart"] for form in eutils.forms("esearch")] == ["0", "12", "24"]
    assert asking.search("CFTR", 20).pmids == found[:20]


def test_papers_come_by_their_place(asking: EUtilities, eutils: Server, history: tuple[str, str]) -> None:
    papers = asking.fetch(history, 10, 3)
    assert list(papers) == ["30000019", "30000018", "30000017"]
    assert papers["30000018"].startswith(b'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">30000018')


@pytest.mark.parametrize(
    "fault",
    [
        lambda faults: faults.sends(LIMIT, 429, Retry_After="0"),
        lambda faults: faults.sends(LIMIT),
        lambda faults: faults.sends(b"", 500),
        lambda faults: faults.sends(b"<html>502</html>", 502),
        lambda faults: faults.sends(HTML),
        lambda faults: faults.sends(b""),
        lambda faults: faults.sends(b"\xff\xfe\x00"),
        lambda faults: faults.becomes(lambda content: content[: len(content) // 2]),
        lambda faults: faults.becomes(lambda content: content.replace(b"</", b"<", 1)),
        lambda faults: faults.breaks,
        lambda faults: faults.stalls,
    ],
)
@pytest.mark.parametrize("tool", ["esearch", "efetch"])
def test_a_server_that_stumbles_is_asked_again(
    tool: str, fault: Callable[[Any], Any], asking: EUtilities, eutils: Server, eutils_faults: Faults
) -> None:
    eutils.add(30)
    eutils.faults[tool] = [fault(eutils_faults)] * 3
    assert len(asking.fetch(asking.search("CFTR").history, 0, 30)) == 30
    assert len(eutils.forms(tool)) == 4


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (HTML, r"sent a web page \(NCBI - WWW Error Blocked Diagnostic\) in place of"),
        (b"hello", "sent 'hello'"),
        (LIMIT, "answers: API rate limit exceeded"),
        (b"<PubmedArticleSet></PubmedArticleSet>", "sent none of 30 papers|is no search result"),
    ],
)
@pytest.mark.parametrize("tool", ["esearch", "efetch"])
def test_one_that_never_recovers_is_told_in_its_words(
    tool: str, fault: bytes, told: str, asking: EUtilities, eutils: Server, eutils_faults: Faults
) -> None:
    eutils.add(30)
    eutils.lasting[tool] = eutils_faults.sends(fault)
    with pytest.raises(TransientError, match=told):
        asking.fetch(asking.search("CFTR").history, 0, 30)


@pytest.mark.parametrize("fault", [BOMB, FILE])
def test_entities_are_refused_at_once(
    fault: bytes, asking: EUtilities, eutils: Server, eutils_faults: Faults, history: tuple[str, str]
) -> None:
    eutils.lasting["efetch"] = eutils_faults.sends(fault)
    with pytest.raises(NetworkError, match="declares XML entities") as caught:
        asking.fetch(history, 0, 30)
    assert not isinstance(caught.value, TransientError)


def test_a_result_is_not_expanded(asking: EUtilities, eutils: Server, eutils_faults: Faults) -> None:
    bomb = b'<!DOCTYPE eSearchResult [<!ENTITY a "5">]><eSearchResult><Count>&a;</Count></eSearchResult>'
    eutils.lasting["esearch"] = eutils_faults.sends(bomb)
    with pytest.raises(NetworkError):
        asking.search("CFTR")


@pytest.mark.parametrize("count", ["-1", "many", "", "9" * 12, "1e3", "²"])
def test_a_count_that_is_none_is_an_error(count: str, asking: EUtilities, eutils: Server) -> None:
    eutils.add(3)
    eutils.count = count or " "
    with pytest.raises(NetworkError, match="states the count"):
        asking.search("CFTR")


def test_ids_that_are_none_are_an_error(asking: EUtilities, eutils: Server, eutils_faults: Faults) -> None:
    eutils.add(3)
    eutils.lasting["esearch"] = eutils_faults.becomes(lambda page: page.replace(b"<Id>3", b"<Id>../3"))
    with pytest.raises(NetworkError, match=r"lists '../30000002', which is no PMID"):
        asking.search("CFTR")


@pytest.mark.parametrize("status", [200, 400])
def test_a_history_that_is_gone_is_told_at_once(
    status: int, asking: EUtilities, eutils: Server, eutils_faults: Faults, history: tuple[str, str]
) -> None:
    gone = b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>"
    eutils.lasting["efetch"] = eutils_faults.sends(gone, status)
    with pytest.raises(HistoryExpiredError, match="Unable to obtain query #1"):
        asking.fetch(history, 0, 30)
    assert len(eutils.forms("efetch")) == 1


@pytest.mark.parametrize(("status", "stated"), [(200, b"Empty term and query_key - nothing todo"), (400, b"Bad term")])
def test_a_query_that_is_refused_is_not_repeated(
    status: int, stated: bytes, asking: EUtilities, eutils: Server, eutils_faults: Faults
) -> None:
    page = b"<eSearchResult><ERROR>" + stated + b"</ERROR></eSearchResult>"
    eutils.lasting["esearch"] = eutils_faults.sends(page, status)
    with pytest.raises(BioqaError, match=stated.decode()) as caught:
        asking.search("(")
    assert isinstance(caught.value, InputError if status == 200 else NetworkError)
    assert len(eutils.requests) == 1


@pytest.mark.parametrize("status", [200, 400])
def test_a_wrong_key_is_told_with_the_cure_and_not_shown(status: int, eutils: Server, eutils_faults: Faults) -> None:
    said: list[str] = []
    patience = RetryPolicy(silence=0.4, pauses=(0.0, 0.0))
    asking = EUtilities(HttpClient(patience, said.append), eutils.address, key="secret0123")
    eutils.faults["esearch"] = [eutils_faults.sends(b"", 500)]
    eutils.lasting["esearch"] = eutils_faults.sends(b'{"error":"API key invalid","api-key":"x"}', status)
    with pytest.raises(
        NetworkError, match=r"API key invalid.*; correct the environment variable NCBI_API_KEY"
    ) as caught:
        asking.search("CFTR")
    assert len(eutils.requests) == 2
    assert "secret0123" not in str(caught.value) + "".join(said)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_form_is_not_sent_on(status: int, asking: EUtilities, eutils: Server, eutils_faults: Faults) -> None:
    eutils.lasting["esearch"] = eutils_faults.sends(b"", status, Location=f"{eutils.address}efetch.fcgi")
    with pytest.raises(NetworkError, match=f"the server answers {status}"):
        asking.search("CFTR")
    assert eutils.forms("efetch") == []


def test_an_answer_without_end_is_refused(
    asking: EUtilities, eutils: Server, eutils_faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eutilities, "_MOST_OF_SEARCH", 1000)
    eutils.lasting["esearch"] = eutils_faults.sends(b"x" * 5000)
    with pytest.raises(NetworkError, match="goes on after 1,000 bytes"):
        asking.search("CFTR")


@pytest.mark.parametrize(("key", "rate"), [("", 3), ("secret0123", 10)])
def test_requests_keep_their_distance(key: str, rate: int, eutils: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asking = EUtilities(HttpClient(RetryPolicy(silence=5)), eutils.address, key=key)
    began = time.monotonic()
    for _ in range(4):
        asking.search("CFTR", 0)
    assert time.monotonic() - began >= 3 / rate
    assert all(later - earlier > 0.9 / rate for earlier, later in zip(eutils.times, eutils.times[1:], strict=False))


@pytest.mark.parametrize("value", ["a b", "a\nb", "ü", "x" * 201])
def test_what_cannot_be_a_key_is_not_sent(value: str, eutils: Server) -> None:
    for option in ("key", "email"):
        with pytest.raises(InputError) as caught:
            EUtilities(HttpClient(), eutils.address, **{option: value})
        assert value not in str(caught.value)
