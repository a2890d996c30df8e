import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.corpus.files import CorpusFile, input_files
from bioqa.index.download.record import SEARCHES

Run = Callable[..., Any]
Server, Faults = Any, Any
BIOQA = [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()"]
QUERY = "cystic fibrosis[MeSH] AND 2015:2024[dp]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cf"


@pytest.fixture
def call(run: Run, few: Server, folder: Path) -> Run:
    """`bioqa corpus search` at the server of the test."""
    return lambda *arguments: run("corpus", "search", QUERY, "--to", folder, "--base-url", few.address, *arguments)


def pmids(folder: Path) -> list[str]:
    """What `bioqa index build` reads there."""
    return [record.id for path in input_files([folder]) for record in CorpusFile(path).records()]  # type: ignore[union-attr]


def test_the_papers_of_a_search_come_as_files_that_are_read_as_they_are(call: Run, few: Server, folder: Path) -> None:
    found = few.add(25)
    outcome = call()
    assert outcome.status == 0
    files = sorted(folder.glob("*.xml.gz"))
    assert outcome.out.splitlines() == [str(path) for path in files]
    assert len(files) == 3
    assert pmids(folder) == found
    assert outcome.err.splitlines() == [
        'PubMed reads the query as: "cystic fibrosis"[MeSH Terms]',
        "25 papers match; 0 are there already, 25 to fetch in batches of 10",
        "25 papers fetched into 3 files; 0 were there already.",
        f"next: bioqa index build {folder} --to INDEX",
    ]
    text = gzip.decompress(files[0].read_bytes()).decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC')
    assert "&lt;5 Ωs" in text


def test_what_the_server_is_told(call: Run, few: Server) -> None:
    few.add(1)
    call("--email", "me@example.org")
    [search], [fetch] = few.forms("esearch"), few.forms("efetch")
    for form in (search, fetch):
        assert (form["db"], form["tool"], form["email"]) == ("pubmed", "bioqa", "me@example.org")
        assert "api_key" not in form
    assert (search["term"], search["usehistory"], search["retmode"]) == (QUERY, "y", "xml")
    assert (fetch["WebEnv"], fetch["query_key"], fetch["retmode"]) == ("MCID_1", "1", "xml")


def test_a_long_query_goes_in_the_body(run: Run, few: Server, folder: Path) -> None:
    few.add(1)
    query = " OR ".join(f"gene{number}[tiab]" for number in range(300))
    assert run("corpus", "search", query, "--to", folder, "--base-url", few.address).status == 0
    assert [(method, form["term"]) for method, tool, form in few.requests if tool == "esearch"] == [("POST", query)]


def test_nothing_is_fetched_twice(call: Run, few: Server, folder: Path) -> None:
    few.add(25)
    call()
    outcome = call()
    assert (outcome.status, outcome.out) == (0, "")
    assert "25 papers match; 25 are there already, 0 to fetch\n" in outcome.err
    new = few.add(3, first=31_000_000)
    assert call("--json").status == 0
    assert set(few.served.values()) == {1}
    assert pmids(folder)[-3:] == new


def test_other_searches_and_files_of_the_folder_count(
    call: Run, few: Server, folder: Path, eutils_faults: Faults
) -> None:
    found = few.add(25)
    call("--limit", "12")
    folder.joinpath("mine.xml").write_bytes(eutils_faults.article_set(found[20:]))
    call()
    assert sorted(pmids(folder)) == sorted(found)
    assert [few.served[pmid] for pmid in found] == [1] * 20 + [0] * 5


def test_a_folder_that_is_resumed_is_not_asked_for_what_it_has(
    call: Run, few: Server, folder: Path, eutils_faults: Faults
) -> None:
    found = few.add(45)
    few.faults["efetch"] = [lambda handler, content: handler.answer(200, content)]
    few.lasting["efetch"] = eutils_faults.sends(b"", 503)
    outcome = call()
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].endswith("efetch.fcgi: the server answers 503 Service Unavailable")
    assert pmids(folder) == found[:10]
    few.lasting.clear()
    few.faults.clear()
    few.requests.clear()
    few.add(1, first=32_000_000)
    assert call().status == 0
    assert sorted(pmids(folder)) == sorted(few.papers)
    assert [(form["retstart"], form["retmax"]) for form in few.forms("efetch")] == [
        ("0", "1"),
        ("11", "10"),
        ("21", "10"),
        ("31", "10"),
        ("41", "5"),
    ]


def test_more_than_can_be_listed_is_divided_by_date(call: Run, few: Server, folder: Path) -> None:
    found = few.add(170)
    outcome = call()
    assert outcome.status == 0
    assert "170 papers match; they come in parts by date, in at least 17 requests" in outcome.err
    assert pmids(folder) == found
    assert set(few.served.values()) == {1}
    assert all(int(form["retstart"]) + int(form["retmax"]) <= 50 for form in few.forms("efetch"))


def test_a_limit_takes_the_newest(call: Run, few: Server, folder: Path) -> None:
    found = few.add(170)
    outcome = call("--limit", "7")
    assert "170 papers match, the newest 7 are wanted; 0 are there already, 7 to fetch in batches" in outcome.err
    assert pmids(folder) == found[:7]
    assert len(few.requests) == 2
    assert call("--limit", "93").status == 0
    assert pmids(folder) == found[:93]
    assert sum(few.served.values()) == 93
    record = json.loads((folder / SEARCHES).read_text())
    assert [(entry["limit"], entry["fetched"], entry["held"]) for entry in record["searches"]] == [
        (7, 7, 0),
        (93, 86, 7),
    ]


def test_a_dry_run_counts_and_touches_nothing(call: Run, few: Server, folder: Path) -> None:
    few.add(25)
    outcome = call("--dry-run")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err.splitlines()[-1] == "25 papers match; 0 are there already, 25 to fetch in batches of 10"
    assert json.loads(call("--dry-run", "--json").out)["count"] == 25
    assert not folder.exists()
    assert few.forms("efetch") == []


def test_the_query_is_on_record(call: Run, few: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCBI_API_KEY", "secret0123")
    found = few.add(25)
    few.withheld = {found[3]}
    data = json.loads(call("--json").out)
    text = (folder / SEARCHES).read_text()
    [entry] = json.loads(text)["searches"]
    assert data["files"] == [str(path) for path in sorted(folder.glob("*.xml.gz"))]
    assert {name: value for name, value in data.items() if name not in ("to", "dry_run", "files")} == entry
    assert (entry["query"], entry["translation"]) == (QUERY, '"cystic fibrosis"[MeSH Terms]')
    assert (entry["count"], entry["fetched"], entry["missing"], entry["complete"]) == (25, 24, [found[3]], False)
    assert few.forms("efetch")[0]["api_key"] == "secret0123"
    assert "secret0123" not in text
    few.withheld.clear()
    call()
    [entry] = json.loads((folder / SEARCHES).read_text())["searches"]
    assert (entry["fetched"], entry["held"], entry["missing"], entry["complete"]) == (1, 24, [], True)


def test_papers_that_are_not_delivered_are_named(call: Run, few: Server, folder: Path) -> None:
    found = few.add(25)
    few.withheld = {found[3], found[14]}
    outcome = call()
    assert outcome.status == 0
    assert f"warning: PubMed lists 2 papers that it did not deliver (PMID {found[3]}, {found[14]})" in outcome.err
    assert len(pmids(folder)) == 23
    outcome = call()
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].startswith("error: ")


def test_a_count_that_is_too_high_is_said(call: Run, few: Server, folder: Path) -> None:
    few.add(20)
    few.count = "40"
    outcome = call()
    assert outcome.status == 0
    assert "warning: PubMed counts 40 papers and lists 20" in outcome.err
    assert len(pmids(folder)) == 20


def test_a_server_that_does_not_heed_dates_is_one_error(call: Run, few: Server, folder: Path) -> None:
    few.add(170)
    few.heeds_dates = False
    outcome = call()
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].startswith("error: the server finds the same papers for different dates")
    assert len(few.forms("esearch")) == 3


def test_what_pubmed_does_not_find_is_said(call: Run, few: Server) -> None:
    few.add(1)
    few.remarks = (
        "<ErrorList><PhraseNotFound>xyzzy\x1b[31m</PhraseNotFound><FieldNotFound>[foo]</FieldNotFound></ErrorList>"
        '<WarningList><PhraseIgnored>of</PhraseIgnored><QuotedPhraseNotFound>"lung &amp; foo"</QuotedPhraseNotFound>'
        "<OutputMessage>Wildcard search used only the first 600 variations</OutputMessage></WarningList>"
    ).replace("\x1b", "&#x9b;")
    assert [line for line in call("--dry-run").err.splitlines() if line.startswith("warning")] == [
        "warning: PubMed does not find the phrase 'xyzzy\ufffd[31m'",
        'warning: PubMed does not find the quoted phrase "lung & foo"',
        "warning: PubMed has no field '[foo]'",
        "warning: PubMed ignores 'of'",
        "warning: PubMed says: Wildcard search used only the first 600 variations",
    ]


def test_no_paper_is_one_line(call: Run, few: Server, folder: Path) -> None:
    few.remarks = (
        "<ErrorList><PhraseNotFound>xyzzy</PhraseNotFound></ErrorList>"
        "<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>"
    )
    outcome = call()
    assert (outcome.status, outcome.out) == (2, "")
    [line] = outcome.err.splitlines()
    assert line.startswith(f"error: no paper in PubMed matches '{QUERY}' (PubMed does not find the phrase 'xyzzy'); ")
    assert not folder.exists()


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--base-url", "http://eutils.example/"], ["--email", "a b"]])
def test_a_wrong_call_has_status_2(arguments: list[str], call: Run, folder: Path) -> None:
    outcome = call(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert not folder.exists()


@pytest.mark.parametrize("query", ["", "  ", "x" * 20_001])
def test_a_query_has_words(query: str, run: Run, few: Server, folder: Path) -> None:
    assert run("corpus", "search", query, "--to", folder, "--base-url", few.address).status == 2
    assert few.requests == []


def test_a_download_of_all_pubmed_is_left_alone(call: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "downloads.json").write_text("{}")
    outcome = call()
    assert outcome.status == 2
    assert "holds a download of PubMed; choose another folder" in outcome.err


@pytest.mark.parametrize("name", ["", "manifest.json"])
def test_a_folder_that_is_something_else_is_refused_before_anything_is_asked(
    name: str, call: Run, few: Server, folder: Path
) -> None:
    if name:
        folder.mkdir()
    (folder / name if name else folder).write_text("{}")
    assert call().status == 2
    assert few.requests == []


def test_one_paper_is_no_papers(call: Run, few: Server) -> None:
    few.add(1)
    err = call().err
    assert "1 paper matches; 0 are there already, 1 to fetch" in err
    assert "1 paper fetched into 1 file; 0 were there already." in err


def test_a_damaged_file_of_the_folder_is_named(call: Run, few: Server, folder: Path) -> None:
    few.add(5)
    call()
    [path] = folder.glob("*.xml.gz")
    path.write_bytes(path.read_bytes()[:-20])
    outcome = call()
    assert outcome.status == 2
    assert f"error: {path}: damaged; delete it, and the same command fetches its papers again" in outcome.err


def test_without_a_network_it_takes_seconds_and_the_cure_is_told(run: Run, folder: Path, closed_address: str) -> None:
    began = time.monotonic()
    outcome = run("corpus", "search", QUERY, "--to", folder, "--base-url", closed_address)
    assert time.monotonic() - began < 10
    assert (outcome.status, outcome.out) == (1, "")
    assert "Connection refused; check the connection of this machine" in outcome.err.splitlines()[-1]
    assert not folder.exists()


def test_ctrl_c_keeps_what_came(eutils: Server, folder: Path) -> None:
    found = eutils.add(500)
    eutils.faults["efetch"] = [lambda handler, content: handler.answer(200, content)]
    eutils.lasting["efetch"] = lambda handler, _: handler.server.released.wait(10)
    command = [*BIOQA, "corpus", "search", QUERY, "--to", str(folder), "--base-url", eutils.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 30
        while len(eutils.forms("efetch")) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.splitlines() == [str(folder / "pubmed-search-000001.xml.gz")]
    assert [line for line in err.splitlines() if line][-2:] == [
        f"{folder}: 200 new papers kept, and the same command fetches the others",
        "interrupted; finished work is kept",
    ]
    assert pmids(folder) == found[:200]
