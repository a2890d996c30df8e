from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import paper_search, search_record
from bioqa.index.download.eutilities import EUtilities, HistoryExpiredError
from bioqa.index.download.paper_search import SearchReport, fetch_papers, windows
from bioqa.index.errors import NetworkError
from bioqa.index.progress import NoProgress

Server, Faults = Any, Any


@pytest.fixture
def fetch(few: Server, asking: EUtilities, tmp_path: Path) -> Any:
    """Fetches all papers of the server into a folder; what was reached, even if it fails."""

    def call(limit: int | None = None) -> SearchReport:
        report = SearchReport()
        held = search_record.held_pmids(tmp_path)
        fetch_papers(asking, "CFTR", asking.search("CFTR"), tmp_path, held, limit, report, NoProgress())
        return report

    return call


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", []),
        ("x", [(0, 1)]),
        ("xxxxxxxxxxxx", [(0, 10), (10, 2)]),
        ("..xx.x", [(2, 4)]),
        ("x.....x", [(0, 7)]),
        ("x......x", [(0, 1), (7, 1)]),
        ("xxxxxxxx..xxx", [(0, 8), (10, 3)]),
    ],
)
def test_runs_of_missing_papers_are_asked_for(
    wanted: str, found: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_search, "BATCH", 10)
    pmids = [str(place) for place in range(len(wanted))]
    assert windows(pmids, {pmid for pmid, mark in zip(pmids, wanted, strict=True) if mark == "x"}) == found


def test_a_history_that_expires_is_searched_for_again(fetch: Any, few: Server, eutils_faults: Faults) -> None:
    few.add(45)

    def whole(handler: Any, _: bytes) -> None:
        handler.answer(200, few.efetch(few.forms("efetch")[-1], False))

    few.faults["efetch"] = [whole, whole, eutils_faults.forgets, whole, eutils_faults.forgets]
    assert fetch().fetched == 45
    assert set(few.served.values()) == {1}
    assert len(few.forms("esearch")) == 3


def test_one_that_always_expires_is_given_up(fetch: Any, few: Server, eutils_faults: Faults) -> None:
    few.add(45)
    few.lasting["efetch"] = eutils_faults.forgets
    with pytest.raises(HistoryExpiredError, match="Unable to obtain query"):
        fetch()
    assert len(few.requests) < 20


def test_a_batch_that_fails_is_tried_again_at_the_end(fetch: Any, few: Server, eutils_faults: Faults) -> None:
    few.add(45)
    few.faults["efetch"] = [eutils_faults.sends(b"", 500)] * 4
    report = fetch()
    assert (report.fetched, report.missing) == (45, [])
    assert [form["retstart"] for form in few.forms("efetch")] == ["0", "0", "0", "0", "10", "20", "30", "40", "0"]


def test_two_that_fail_in_a_row_are_the_end(fetch: Any, few: Server, eutils_faults: Faults, tmp_path: Path) -> None:
    few.add(45)
    few.lasting["efetch"] = eutils_faults.sends(b"", 500)
    with pytest.raises(NetworkError, match="answers 500"):
        fetch()
    assert len(few.forms("efetch")) == 8


def test_a_batch_that_comes_short_is_completed(fetch: Any, few: Server, eutils_faults: Faults) -> None:
    found = few.add(45)
    few.faults["efetch"] = [eutils_faults.sends(eutils_faults.article_set(found[:4]))]
    report = fetch()
    assert (report.fetched, report.missing) == (45, [])
    assert len(report.files) == 6


def test_papers_that_nobody_asked_for_are_left_out(fetch: Any, few: Server, eutils_faults: Faults) -> None:
    found = few.add(45)
    strange = ["1", *found[:10], found[0], "2"]
    few.faults["efetch"] = [eutils_faults.sends(eutils_faults.article_set(strange))]
    report = fetch()
    assert report.fetched == 45
    assert search_record.held_pmids(report.files[0].parent) == set(found)


def test_a_server_whose_history_has_another_order_is_followed(fetch: Any, few: Server) -> None:
    found = few.add(45)
    search = few.esearch

    def shuffled(form: dict[str, str]) -> bytes:
        page = search(form)
        few.histories[f"MCID_{len(few.histories)}"].reverse()
        return page

    few.esearch = shuffled
    report = fetch()
    assert (report.fetched, report.missing) == (45, [])
    assert search_record.held_pmids(report.files[0].parent) == set(found)
