import gzip
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import record as downloads
from bioqa.index.download.record import DownloadedFile
from bioqa.index.errors import StorageError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.progress import TerminalProgress
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.index.store import planner, storage
from bioqa.index.store.manifest import FORMAT, MANIFEST

Run = Callable[..., Any]
WriteJsonl = Callable[..., Path]
BIOQA = [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()"]
ARTICLE = (
    "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><ArticleTitle>Paper {0}</ArticleTitle></Article>"
    "</MedlineCitation></PubmedArticle>\n"
)


def papers(*numbers: int) -> list[dict[str, Any]]:
    return [{"pmid": number, "title": f"Paper {number}", "abstract": f"On gene {number}."} for number in numbers]


def found(folder: Path) -> list[str]:
    """The ids of all papers in an index."""
    return sorted(hit.passage.document.id for hit in Index(folder).search(Query("paper", None), 1000))


def assert_plain(outcome: Any) -> None:
    """A message for a person, not for a programmer."""
    assert "Traceback" not in outcome.out + outcome.err
    assert "Error(" not in outcome.err
    assert sum(line.startswith("error: ") for line in outcome.err.splitlines()) <= 1


@pytest.fixture
def build(run: Run, tmp_path: Path) -> Run:
    """`bioqa index build` into a folder called index, without vectors."""
    return lambda *inputs: run("index", "build", *inputs, "--to", tmp_path / "index", "--encoder", "none")


# What a user sees


def test_a_build_tells_on_stderr_what_it_read_and_on_stdout_what_there_is(
    run: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    path = write_jsonl("a.jsonl", papers(1, 2, 3))
    outcome = run("index", "build", path, "--to", tmp_path / "index")
    assert outcome.status == 0
    assert outcome.err == "3 records read.\n"
    lines = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert lines["index"] == str(tmp_path / "index")
    assert (lines["documents"], lines["passages"]) == ("3", "3")
    assert lines["encoder"].startswith("minilm-l6-pubmed, 384 dimensions")


def test_a_build_reads_files_of_different_formats_together(build: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.nbib").write_text("PMID- 1\nTI  - Paper 1\n\nPMID- 2\nDP  - 2001\n")
    (tmp_path / "in" / "b.xml").write_text(f"<PubmedArticleSet>{ARTICLE.format(2)}</PubmedArticleSet>")
    (tmp_path / "in" / "c.tsv").write_text("pmid\ttitle\n3\tPaper 3\n")
    (tmp_path / "in" / "d.json").write_text(
        '{"id": "4", "passages": [{"infons": {"type": "title"}, "text": "Paper 4"}]}'
    )
    outcome = build(tmp_path / "in")
    assert outcome.status == 0
    assert f"skipped: {tmp_path / 'in' / 'a.nbib'}: PMID 2: neither title nor abstract" in outcome.err
    assert "4 records read; 1 unusable." in outcome.err
    assert found(tmp_path / "index") == ["1", "2", "3", "4"]


def test_a_second_build_tells_what_it_replaced_and_skipped(build: Run, write_jsonl: WriteJsonl) -> None:
    first = write_jsonl("a.jsonl", papers(1, 2, 3))
    update = write_jsonl("b.jsonl", papers(2, 4))
    build(first)
    outcome = build(first, update)
    assert outcome.status == 0
    assert outcome.err == "2 records read; 1 replaced by a newer one with the same id; 1 files already in the index.\n"
    assert "documents  4" in outcome.out


def test_info_prints_what_the_build_printed(run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    built = build(write_jsonl("a.jsonl", papers(1, 2, 3)))
    shown = run("index", "info", tmp_path / "index")
    assert (shown.status, shown.out, shown.err) == (0, built.out, "")


def test_info_as_json_is_the_manifest_and_nothing_else(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    path = write_jsonl("a.jsonl", papers(1, 2, 3))
    build(path)
    outcome = run("index", "info", tmp_path / "index", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    data = json.loads(outcome.out)
    assert (data["documents"], data["passages"], data["format"], data["encoder"]) == (3, 3, FORMAT, None)
    assert data["path"] == str(tmp_path / "index")
    assert data["sources"][0]["path"] == str(path)
    assert data["bytes"] == sum(file.stat().st_size for file in (tmp_path / "index").rglob("*") if file.is_file())


def test_info_tells_of_files_that_are_in_only_in_part(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 2)
    broken = tmp_path / "broken.xml"
    broken.write_text("<PubmedArticleSet>" + "".join(map(ARTICLE.format, (7, 8, 9))))
    build(write_jsonl("a.jsonl", papers(1)), broken)
    assert "files in   1, 1 in part" in run("index", "info", tmp_path / "index").out


def test_an_update_adds_revises_and_deletes_and_reports_like_a_build(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1, 2, 3)))
    update = tmp_path / "update.xml"
    deleted = "<DeleteCitation><PMID>1</PMID><PMID>77</PMID></DeleteCitation>"
    update.write_text(f"<PubmedArticleSet>{ARTICLE.format(3)}{ARTICLE.format(4)}{deleted}</PubmedArticleSet>")
    outcome = run("index", "update", tmp_path / "index", update)
    assert outcome.status == 0
    assert outcome.err == (
        "4 records read; 1 replaced by a newer one with the same id; 1 deleted; 1 deletions of absent documents.\n"
    )
    assert "documents  3\n" in outcome.out
    assert "removed    2 passages, of which 2 wait to be dropped from the lexical index\n" in outcome.out
    assert found(tmp_path / "index") == ["2", "3", "4"]
    again = run("index", "update", tmp_path / "index", update)
    assert (again.status, again.err) == (0, "0 records read; 1 files already in the index.\n")
    data = json.loads(run("index", "info", tmp_path / "index", "--json").out)
    assert (data["removed_passages"], data["waiting_passages"], data["passages"]) == (2, 2, 3)
    assert f"commit 2 of {data['committed']}\n" in outcome.out


def test_an_update_takes_downloads_in_the_order_of_their_numbers(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1)))
    folder = tmp_path / "pubmed"
    folder.mkdir()
    record = {}
    deleted = "<DeleteCitation><PMID>4</PMID></DeleteCitation>"
    for number, content in {
        1302: deleted,
        1301: ARTICLE.format(4) + ARTICLE.format(5),
        1304: ARTICLE.format(6),
    }.items():
        name = f"pubmed26n{number}.xml.gz"
        (folder / name).write_bytes(gzip.compress(f"<PubmedArticleSet>{content}</PubmedArticleSet>".encode()))
        size = (folder / name).stat().st_size
        record[name] = DownloadedFile("updatefiles", name, size, "0" * 32, "", "", "2026-01-10T04:17:00+00:00")
    downloads.write_record(folder, record)
    outcome = run("index", "update", tmp_path / "index", "--from-downloads", folder)
    assert outcome.status == 0
    assert "warning: 1 updates are missing" in outcome.err
    assert found(tmp_path / "index") == ["1", "5"]
    assert "2 files already in the index" in run("index", "update", tmp_path / "index", "--from-downloads", folder).err


def test_an_update_is_of_files_or_of_downloads(run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    path = write_jsonl("a.jsonl", papers(1))
    build(path)
    for inputs in ([], [path, "--from-downloads", tmp_path]):
        outcome = run("index", "update", tmp_path / "index", *inputs)
        assert outcome.status == 2
        assert "name files to read, or a folder of downloads with --from-downloads" in outcome.err
    outcome = run("index", "update", tmp_path / "index", "--from-downloads", tmp_path)
    assert (outcome.status, "nothing was downloaded there" in outcome.err) == (2, True)


def test_an_update_takes_the_encoder_of_the_index(run: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(model.shipped("encoder"), tmp_path / "own")
    run("index", "build", write_jsonl("a.jsonl", papers(1)), "--to", folder, "--encoder", tmp_path / "own")
    assert run("index", "update", folder, write_jsonl("b.jsonl", papers(2))).status == 0
    assert len(Index(folder)._vectors.search(Index(folder)._store.segments[0].vectors[0].astype("float32"), 9)) == 2
    shutil.rmtree(tmp_path / "own")
    outcome = run("index", "update", folder, write_jsonl("c.jsonl", papers(3)))
    assert outcome.status == 2
    assert f"{folder}: the encoder it was built with cannot be opened" in outcome.err
    assert_plain(outcome)


@pytest.mark.parametrize("what", ["nowhere", "empty", "file", "foreign", "format 1"])
def test_an_update_of_what_is_no_index_is_refused_and_makes_none(
    what: str, run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    match what:
        case "empty":
            folder.mkdir()
        case "file":
            folder.write_text("mine")
        case "foreign":
            folder.mkdir()
            (folder / "thesis.txt").write_text("mine")
        case "format 1":
            build(write_jsonl("a.jsonl", papers(1)))
            change_manifest(folder, format=1)
    before = sorted(tmp_path.rglob("*"))
    path = write_jsonl("b.jsonl", papers(2))
    outcome = run("index", "update", folder, path)
    assert outcome.status == 2
    assert str(folder) in outcome.err
    assert "bioqa index build" in outcome.err or what == "file"
    assert sorted(set(tmp_path.rglob("*")) - {path}) == before
    assert_plain(outcome)


@pytest.mark.parametrize("command", [["index"], *(["index", verb] for verb in ("build", "update", "info", "verify"))])
def test_help_says_how_to_call_it(command: list[str], run: Run) -> None:
    outcome = run(*command, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith("Usage: ")
    assert f" {' '.join(command)} " in outcome.out.splitlines()[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["index", "build"],
        ["index", "build", "a.jsonl"],
        ["index", "build", "--to", "x"],
        ["index", "build", "a.jsonl", "--to"],
        ["index", "build", "a.jsonl", "--to", "x", "--format", "pdf"],
        ["index", "build", "a.jsonl", "--to", "x", "--unheard"],
        ["index", "info"],
        ["index", "info", "a", "b"],
        ["index", "update"],
        ["index", "update", "a"],
        ["index", "update", "a", "b", "--encoder", "none"],
        ["index", "verify"],
        ["index", "verify", "a", "b"],
        ["index", "destroy"],
    ],
)
def test_a_wrong_call_has_status_2_and_says_what_is_wrong(arguments: list[str], run: Run) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2
    assert "Error: " in outcome.err
    assert outcome.out == ""
    assert_plain(outcome)


# Inputs that are wrong


def truncated(compress: Callable[[bytes], bytes]) -> bytes:
    return compress(b"".join(os.urandom(16).hex().encode() for _ in range(200)))[:-20]


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty.xml": (b"", "the file is empty"),
    "cut.xml.gz": (truncated(gzip.compress), "damaged or cut off"),
    "cut.jsonl.xz": (truncated(lzma.compress), "damaged or cut off"),
    "half.xml": (b"<PubmedArticleSet>\n<PubmedArticle><MedlineCit", "line 2: broken XML after 0 records"),
    "latin.xml": (
        b"<PubmedArticleSet>\n\n<PubmedArticle>\xe9</PubmedArt",
        "line 3: broken XML",
    ),
    "bomb.xml": (
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><PubmedArticleSet>&b;</PubmedArticleSet>',
        "declares XML entities",
    ),
    "outside.xml": (
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY a SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&a;</PubmedArticleSet>',
        "declares XML entities",
    ),
    "feed.xml": (b"<rss/>", "not PubMed's"),
    "array.json": (b'[{"pmid": 1}]', "one object a line"),
    "paper.pdf": (b"%PDF-1.7 \xff\xfe", "not a known format"),
}


@pytest.mark.parametrize(("name", "content", "message"), [(name, *bad) for name, bad in BAD_FILES.items()])
def test_a_bad_file_is_named_with_the_reason_and_nothing_is_written(
    name: str, content: bytes, message: str, build: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    outcome = build(tmp_path / name)
    assert outcome.status == 2
    assert str(tmp_path / name) in outcome.err
    assert message in outcome.err
    assert "root:" not in outcome.err + outcome.out
    assert outcome.out == ""
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


@pytest.mark.parametrize(("name", "content", "message"), [(name, *bad) for name, bad in BAD_FILES.items()])
def test_a_bad_file_beside_a_good_one_does_not_keep_that_out(
    name: str, content: bytes, message: str, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("before.jsonl", papers(1)))
    (tmp_path / name).write_bytes(content)
    outcome = build(tmp_path / name, write_jsonl("good.jsonl", papers(2, 3)))
    assert outcome.status == 2
    assert str(tmp_path / name) in outcome.err
    assert message in outcome.err
    assert "run the same command again" in outcome.err
    assert found(tmp_path / "index") == ["1", "2", "3"]
    assert_plain(outcome)


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "not utf-8": (b'{"pmid": 1, "title": "caf\xe9"}', "not UTF-8 at byte 26"),
    "cut": (b'{"pmid": 1, "titl', "not JSON"),
    "no object": (b'"just text"', "expected an object"),
    "no id": (b'{"title": "t"}', "no 'pmid' or 'id'"),
    "no text": (b'{"pmid": 1}', "record 1 has neither title nor abstract"),
    "wrong type": (b'{"pmid": 1, "title": ["t"]}', "'title' of record 1 is list"),
    "deep": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_skipped_and_named(line: bytes, message: str, build: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"pmid": 7, "title": "Paper"}\n' + line + b'\n{"pmid": 8, "title": "Paper"}\n')
    outcome = build(path)
    assert outcome.status == 0
    assert f"skipped: {path}: line 2: " in outcome.err
    assert message in outcome.err
    assert "2 records read; 1 unusable." in outcome.err
    assert found(tmp_path / "index") == ["7", "8"]
    assert_plain(outcome)


def test_many_bad_lines_are_counted_and_only_the_first_named(build: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"pmid": 7, "title": "Paper"}\n' + b"oops\n" * 2000)
    outcome = build(path)
    assert outcome.status == 0
    assert len(outcome.err.splitlines()) < 10
    assert "1,995 further records" in outcome.err
    assert "2,000 unusable" in outcome.err


@pytest.mark.parametrize("line", [line for line, _ in BAD_LINES.values()], ids=BAD_LINES.keys())
def test_a_file_of_bad_lines_alone_makes_no_index(line: bytes, build: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"comment": "no record"}\n' + line + b"\n")
    outcome = build(tmp_path / "a.jsonl")
    assert outcome.status == 2
    assert "no document found" in outcome.err
    assert f"{tmp_path / 'a.jsonl'}: line 2" in outcome.err
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


def test_articles_without_pmid_or_text_are_skipped_and_named(build: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    empty = ARTICLE.format(5).replace("Paper 5", "")
    path.write_text(f"<PubmedArticleSet>\n{ARTICLE.format('')}{empty}{ARTICLE.format(6)}</PubmedArticleSet>")
    outcome = build(path)
    assert outcome.status == 0
    assert f"skipped: {path}: line 2: record without PMID" in outcome.err
    assert f"skipped: {path}: PMID 5: neither title nor abstract" in outcome.err
    assert found(tmp_path / "index") == ["6"]


@pytest.mark.parametrize("inside", ["", "notes.txt", ".hidden.jsonl"])
def test_a_folder_without_readable_files_is_refused(inside: str, build: Run, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    if inside:
        (folder / inside).write_text('{"pmid": 1, "title": "t"}')
    outcome = build(folder)
    assert outcome.status == 2
    assert f"error: {folder}: no file in this folder ends in" in outcome.err
    assert not (tmp_path / "index").exists()


def test_a_path_that_is_not_there_is_refused_before_anything_is_read(
    build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    outcome = build(write_jsonl("a.jsonl", papers(1)), tmp_path / "gone.xml")
    assert outcome.status == 2
    assert outcome.err == f"error: {tmp_path / 'gone.xml'}: no such file or folder\n"
    assert not (tmp_path / "index").exists()


def test_a_format_can_be_forced(run: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    path = write_jsonl("a.jsonl", papers(1))
    to = ("--to", tmp_path / "index", "--encoder", "none", "--format")
    wrong = run("index", "build", path, *to, "pubmed")
    assert wrong.status == 2
    assert f"{path}: line 1: broken XML" in wrong.err
    assert run("index", "build", path, *to, "jsonl").status == 0


# Folders that are wrong


@pytest.mark.parametrize("name", ["nowhere", "empty", "file", "foreign"])
def test_info_on_what_is_no_index_says_how_to_make_one(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/thesis.txt").write_text("x")
    for options in ([], ["--json"]):
        outcome = run("index", "info", tmp_path / name, *options)
        assert outcome.status == 2
        assert str(tmp_path / name) in outcome.err
        assert outcome.out == ""
        assert_plain(outcome)


def test_a_build_into_a_folder_of_other_things_is_refused(build: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index/thesis.txt").write_text("mine")
    outcome = build(write_jsonl("a.jsonl", papers(1)))
    assert outcome.status == 2
    assert f"{tmp_path / 'index'}: holds other files (thesis.txt)" in outcome.err
    assert [file.name for file in (tmp_path / "index").iterdir()] == ["thesis.txt"]


def test_a_build_with_another_encoder_is_refused_and_the_index_left(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1)))
    outcome = run("index", "build", write_jsonl("b.jsonl", papers(2)), "--to", tmp_path / "index")
    assert outcome.status == 2
    assert f"{tmp_path / 'index'}: was built with no encoder, not minilm-l6-pubmed" in outcome.err
    assert found(tmp_path / "index") == ["1"]
    assert_plain(outcome)


@pytest.mark.parametrize("what", ["nowhere", "no model", "a reader", "damaged"])
def test_an_encoder_that_is_none_is_refused_before_anything_is_read(
    what: str, run: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    folder = tmp_path / "encoder"
    match what:
        case "no model":
            folder.mkdir()
        case "a reader":
            folder = model.shipped("reader")
        case "damaged":
            shutil.copytree(model.shipped("encoder"), folder)
            with (folder / "model.onnx").open("r+b") as file:
                file.truncate(1000)
    outcome = run("index", "build", write_jsonl("a.jsonl", papers(1)), "--to", tmp_path / "index", "--encoder", folder)
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: {folder}")
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


def change_manifest(folder: Path, **changes: Any) -> None:
    state = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(state | {"digest": ""} | changes))


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "format": (lambda folder: change_manifest(folder, format=99), "index format 99, this bioqa reads"),
    "empty manifest": (lambda folder: (folder / MANIFEST).write_bytes(b""), "damaged"),
    "half a manifest": (lambda folder: os.truncate(folder / MANIFEST, 70), "damaged"),
    "binary manifest": (lambda folder: (folder / MANIFEST).write_bytes(b"\xff\x00\xff"), "damaged"),
    "foreign manifest": (lambda folder: (folder / MANIFEST).write_text('{"name": "web app"}'), "damaged"),
    "no documents": (lambda folder: next(folder.rglob("documents.jsonl")).unlink(), "documents.jsonl is missing"),
    "short documents": (
        lambda folder: os.truncate(next(folder.rglob("documents.jsonl")), 5),
        "documents.jsonl does not have the size",
    ),
    "no passages": (lambda folder: next(folder.rglob("passages.npy")).unlink(), "passages.npy is missing"),
    "no segment": (lambda folder: shutil.rmtree(folder / "segments"), "is missing"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("command", ["info", "info --json", "build", "update", "search"])
def test_a_damaged_index_is_named_with_the_reason(
    damage: Callable[[Path], Any],
    message: str,
    command: str,
    run: Run,
    build: Run,
    write_jsonl: WriteJsonl,
    tmp_path: Path,
) -> None:
    build(write_jsonl("a.jsonl", papers(1, 2, 3)))
    damage(tmp_path / "index")
    more = write_jsonl("b.jsonl", papers(4))
    match command:
        case "build":
            outcome = build(more)
        case "update":
            outcome = run("index", "update", tmp_path / "index", more)
        case "search":
            outcome = run("search", "gene", "--index", tmp_path / "index", "--mode", "lexical")
        case _:
            verb, *options = command.split()
            outcome = run("index", verb, tmp_path / "index", *options)
    assert outcome.status == 2
    assert str(tmp_path / "index") in outcome.err
    assert message in outcome.err
    assert "rebuild" in outcome.err
    assert outcome.out == ""
    assert_plain(outcome)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: shutil.rmtree(folder / "lexical"), id="no folder"),
        pytest.param(lambda folder: next(folder.rglob("meta.json")).unlink(), id="no meta.json"),
        pytest.param(lambda folder: next(folder.rglob("*.term")).unlink(), id="no terms"),
        pytest.param(lambda folder: os.truncate(next(folder.rglob("*.idx")), 10), id="short postings"),
    ],
)
def test_a_damaged_lexical_index_is_named_where_it_is_used(
    damage: Callable[[Path], Any], run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1, 2, 3)))
    damage(tmp_path / "index")
    for outcome in (
        run("search", "gene", "--index", tmp_path / "index", "--mode", "lexical"),
        build(write_jsonl("b.jsonl", papers(4))),
    ):
        assert outcome.status == 2
        assert f"{tmp_path / 'index/lexical/000001'}: the lexical index cannot be opened" in outcome.err
        assert_plain(outcome)


def test_info_notices_that_the_lexical_index_is_gone(
    run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1)))
    shutil.rmtree(tmp_path / "index/lexical")
    assert run("index", "info", tmp_path / "index").status == 2


def test_a_file_in_place_of_the_folder_is_a_wrong_call(build: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("mine")
    outcome = build(write_jsonl("a.jsonl", papers(1)))
    assert str(tmp_path / "index") in outcome.err
    assert outcome.status == 2


# Stops on the way


def test_an_interruption_keeps_what_was_committed_and_the_same_command_goes_on(
    build: Run, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: TerminalProgress, fraction: float, count: int) -> None:
        if count >= 4:
            raise KeyboardInterrupt

    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 2)
    path = write_jsonl("a.jsonl", papers(*range(1, 8)))
    with monkeypatch.context() as patch:
        patch.setattr(TerminalProgress, "update", stop)
        outcome = build(path)
    assert outcome.status == 130
    assert "interrupted; finished work is kept" in outcome.err
    assert outcome.out == ""
    assert_plain(outcome)
    assert found(tmp_path / "index") == ["1", "2", "3", "4"]
    assert build(path).err == "3 records read.\n"
    assert found(tmp_path / "index") == [str(number) for number in range(1, 8)]


def test_a_disk_that_refuses_ends_with_status_1_and_keeps_what_was_committed(
    build: Run, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    build(write_jsonl("a.jsonl", papers(1, 2)))
    monkeypatch.setattr(builder, "write_segment", full)
    outcome = build(write_jsonl("b.jsonl", papers(3)))
    assert outcome.status == 1
    assert f"error: {tmp_path / 'index'}: No space left on device" in outcome.err
    assert found(tmp_path / "index") == ["1", "2"]
    assert_plain(outcome)


def test_a_second_build_at_the_same_time_is_refused(build: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    build(write_jsonl("a.jsonl", papers(1)))
    with storage.locked_for_writing(tmp_path / "index"):
        outcome = build(write_jsonl("b.jsonl", papers(2)))
    assert outcome.status == StorageError.exit_status == 1
    assert f"{tmp_path / 'index'}: another bioqa is writing to this index (process {os.getpid()} on " in outcome.err
    assert found(tmp_path / "index") == ["1"]
    assert_plain(outcome)


# Real disks: a mount of our own, gone with the process that made it


def in_own_mounts(script: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Runs a shell script in which `bioqa` is the command and mounts harm nobody; skips where that is not allowed."""
    unshare = shutil.which("unshare")
    probe = [unshare or "false", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$1"', "sh"]
    if subprocess.run([*probe, str(arguments[0])], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    function = 'bioqa() { "$PYTHON" -c "from bioqa.qa.cli.main import run; run()" "$@"; echo "status $?"; }\n'
    return subprocess.run(
        [str(unshare), "-rm", "sh", "-c", function + script, "sh", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "PYTHON": sys.executable},
    )


@pytest.mark.parametrize("size", ["700k", "2m"])
@pytest.mark.parametrize("command", ['build "$3" --to "$1/index" --encoder none', 'update "$1/index" "$3"'])
def test_a_full_disk_leaves_the_last_commit_and_room_to_go_on(
    command: str, size: str, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    small = write_jsonl("small.jsonl", papers(*range(20)))
    texts = (os.urandom(700).hex() for _ in range(3000))
    much = write_jsonl(
        "much.jsonl",
        [
            {"pmid": 1000 + n, "title": "Paper", "abstract": " ".join(text[i : i + 7] for i in range(0, 1400, 7))}
            for n, text in enumerate(texts)
        ],
    )
    outcome = in_own_mounts(
        """
        mount -t tmpfs -o "size=$4" tmpfs "$1"
        bioqa index build "$2" --to "$1/index" --encoder none
        echo "--- full"
        bioqa index COMMAND
        echo "--- after"
        bioqa index info "$1/index"
        bioqa search "gene 7" --index "$1/index" --mode lexical --json
        echo "--- again"
        echo '{"pmid": 99, "title": "A paper that fits"}' > "$1/one.jsonl"
        bioqa index build "$1/one.jsonl" --to "$1/index" --encoder none
        bioqa index verify "$1/index"
        """.replace("COMMAND", command),
        disk, small, much, size,
    )  # fmt: skip
    first, full, after, again = outcome.stdout.split("---")
    assert "status 0" in first
    assert "status 1" in full
    assert "documents" not in full
    assert "No space left on device" in outcome.stderr
    assert str(disk / "index") in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "documents  20" in after
    assert '"pmid": "7"' in after
    assert after.count("status 0") == 2
    assert "documents  21" in again
    assert "every file is as it was written" in again


def test_a_disk_that_may_only_be_read_can_be_searched_and_refuses_a_build(
    run: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    assert run("index", "build", write_jsonl("a.jsonl", papers(1, 2, 3)), "--to", folder).status == 0
    outcome = in_own_mounts(
        """
        mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null || exit 77
        bioqa index info "$1"
        bioqa search "gene 2" --index "$1" --json
        echo "--- build"
        bioqa index build "$2" --to "$1"
        bioqa index update "$1" "$2"
        """,
        folder, write_jsonl("b.jsonl", papers(4)),
    )  # fmt: skip
    if outcome.returncode == 77:
        pytest.skip("this machine lets nobody mount a folder read-only")
    reading, building = outcome.stdout.split("---")
    assert reading.count("status 0") == 2, outcome.stderr
    assert '"pmid": "2"' in reading
    assert building.count("status 1") == 2
    assert f"error: {folder}: Read-only file system" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert found(folder) == ["1", "2", "3"]


def test_the_command_that_is_installed_ends_with_the_status_of_its_message(tmp_path: Path) -> None:
    ended = subprocess.run([*BIOQA, "index", "info", tmp_path], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {tmp_path}: no index there")
    assert ended.stdout == ""


# Memory


def test_the_plan_is_shown_before_the_build_and_kept_with_the_index(
    run: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    path = write_jsonl("a.jsonl", papers(1, 2, 3))
    outcome = run("index", "build", path, "--to", tmp_path / "index", "--max-ram", "2G")
    assert outcome.status == 0
    plan, *_, last = outcome.err.splitlines()
    assert plan.startswith("plan ")
    assert plan.endswith("passages, flat")
    assert last == "3 records read."
    assert "layout     flat: every search scores all vectors" in outcome.out
    assert json.loads(run("index", "info", tmp_path / "index", "--json").out)["max_ram"] == 2 * 10**9


def test_too_little_memory_is_refused_before_anything_is_written(
    run: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    path = write_jsonl("a.jsonl", papers(1, 2, 3))
    outcome = run("index", "build", path, "--to", tmp_path / "index", "--max-ram", "10M")
    assert outcome.status == 2
    assert outcome.out == ""
    assert "10M of memory is too little" in outcome.err
    assert "use --max-ram 760M or more" in outcome.err
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


def test_a_plan_for_files_without_a_document_makes_no_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"not JSON\n")
    outcome = run("index", "build", tmp_path / "a.jsonl", "--to", tmp_path / "index", "--max-ram", "2G")
    assert outcome.status == 2
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


@pytest.mark.parametrize("size", ["4X", "-1", "0", "1e99G", ""])
def test_a_bad_size_is_refused(size: str, run: Run, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    path = write_jsonl("a.jsonl", papers(1))
    outcome = run("index", "build", path, "--to", tmp_path / "index", f"--max-ram={size}")
    assert outcome.status == 2
    assert "expected a size such as 800M" in outcome.err
    assert not (tmp_path / "index").exists()
    assert_plain(outcome)


def test_a_corpus_larger_than_it_looked_stops_the_build_with_what_would_do(
    build: Run, run: Run, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_jsonl("a.jsonl", papers(*range(1, 21)))
    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 5)
    monkeypatch.setattr(planner, "estimate_passages", lambda name, size: 1)
    monkeypatch.setattr(planner, "_LEXICAL_BYTES", 10**8)
    arguments = ["index", "build", path, "--to", tmp_path / "index", "--encoder", "none", "--max-ram"]
    outcome = run(*arguments, "500M")
    assert outcome.status == 2
    assert "or more; the records read so far are indexed, run the command again with it" in outcome.err
    least = outcome.err.split("use --max-ram ")[1].split()[0]
    assert_plain(outcome)
    assert len(found(tmp_path / "index")) == 5
    assert run(*arguments, least).status == 0
    assert len(found(tmp_path / "index")) == 20


def test_info_tells_how_vectors_are_searched_and_what_lies_outside_the_lists(
    run: Run, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FLAT_BYTES", 10 * 384 * 2)
    folder = tmp_path / "index"
    outcome = run("index", "build", write_jsonl("a.jsonl", papers(*range(1, 31))), "--to", folder)
    assert "writing 20 inverted lists over 30 passages" in outcome.err
    assert "layout     ivf-sq4: a search reads 20 of 20 lists\n" in outcome.out
    outcome = run("index", "build", write_jsonl("b.jsonl", papers(31, 32)), "--to", folder)
    assert (
        "layout     ivf-sq4: a search reads 20 of 20 lists, and scores 2 passages that came after them" in outcome.out
    )
    hits = json.loads(run("search", "Paper 32 on gene 32", "--index", folder, "--mode", "dense", "--json").out)
    assert hits[0]["pmid"] == "32"
    (lists,) = folder.glob("vectors-*.faiss")
    lists.unlink()
    for command in (["index", "info", folder], ["search", "gene", "--index", folder]):
        broken = run(*command)
        assert broken.status == 2
        assert f"{lists} is missing; run 'bioqa index build' again" in broken.err
        assert_plain(broken)
    assert run("index", "build", tmp_path / "a.jsonl", "--to", folder).status == 0
    assert run("search", "gene", "--index", folder).status == 0


@pytest.mark.parametrize("command", ["build", "update"])
def test_files_of_a_folder_that_are_passed_over_are_told_in_one_line(
    command: str, run: Run, build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    build(write_jsonl("a.jsonl", papers(1)))
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("1.dat", "2.dat", "3.dat", "4.dat"):
        (folder / name).write_text("PMID- 7\nTI  - A title\n")
    write_jsonl("papers/b.jsonl", papers(2))
    shutil.copytree(tmp_path / "index", folder / "index")
    index = folder / "index"
    call = ["build", folder, "--to", index, "--encoder", "none"] if command == "build" else ["update", index, folder]
    outcome = run("index", *call)
    assert outcome.status == 0
    told = f"4 files skipped for an unknown suffix: {folder}/1.dat, {folder}/2.dat, {folder}/3.dat ...; "
    assert outcome.err.startswith(f"{told}to read them, name them explicitly\n1 records read")
    named = run("index", "update", index, folder, *sorted(folder.glob("*.dat")))
    assert "skipped" not in named.err
    assert "4 records read" in named.err


def test_a_folder_of_nothing_but_files_that_are_passed_over_is_refused_after_they_are_told(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "export.txt").write_text("A title\n")
    outcome = run("index", "build", tmp_path / "papers", "--to", tmp_path / "index", "--encoder", "none")
    assert outcome.status == 2
    told, error = outcome.err.splitlines()
    assert told.startswith(f"1 file skipped for an unknown suffix: {tmp_path}/papers/export.txt; ")
    assert error.startswith("error: ")


def test_what_is_passed_over_in_an_archive_is_told_in_one_line(build: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("a.jsonl", "1.txt", "2.txt", "3.txt", "4.txt"):
            info = tarfile.TarInfo(name)
            content = b'{"id": "7", "title": "Paper"}'
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    outcome = build(path)
    assert outcome.status == 0
    names = ", ".join(f"{path}: {number}.txt" for number in (1, 2, 3))
    assert f"4 files in archives skipped for an unknown suffix: {names} ...; " in outcome.err


def test_what_of_a_folder_cannot_be_read_is_an_error_after_the_rest_is_indexed(
    build: Run, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    write_jsonl("in/a.jsonl", papers(1))
    os.mkfifo(tmp_path / "in" / "b.jsonl")
    for number in range(8):
        (tmp_path / "in" / f"{number}.xml").symlink_to("gone")
    outcome = build(tmp_path / "in")
    assert outcome.status == 2
    assert f"1 pipe, socket or device skipped: {tmp_path}/in/b.jsonl" in outcome.err
    assert outcome.err.count(": No such file or directory") == 5
    assert "3 further files were not read to the end" in outcome.err
    assert found(tmp_path / "index") == ["1"]
