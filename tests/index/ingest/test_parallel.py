import gzip
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bioqa.index.corpus import chunks
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import InputError
from bioqa.index.ingest import budget, builder, parallel
from bioqa.index.ingest.parallel import ReaderPool, WorkerError
from bioqa.index.records import BadRecord, Record
from bioqa.index.store import planner
from bioqa.index.text.prepared import PreparedDocument, PreparedRecord, prepare

ROOT = "<PubmedArticleSet>"


def citation(number: int, text: str = "Mice were studied. IL-6 was high.") -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article><ArticleTitle>No. {number}'
        f"</ArticleTitle><Abstract><AbstractText>{text}</AbstractText></Abstract></Article></MedlineCitation>"
        "</PubmedArticle>\n"
    )


def citations(count: int, *, before: str = ROOT, after: str = "</PubmedArticleSet>", amid: str = "") -> str:
    every = [citation(number) for number in range(1, count + 1)]
    return before + "".join(every[: count // 2]) + amid + "".join(every[count // 2 :]) + after


LINES = "".join(json.dumps({"pmid": number, "title": f"No. {number}"}) + "\n" for number in range(1, 400))


@pytest.fixture(scope="module")
def two() -> Iterator[ReaderPool]:
    with ReaderPool(2) as started:
        yield started


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 2000)
    monkeypatch.setattr(chunks, "_LARGEST", 16_000)
    monkeypatch.setattr(parallel, "_WORTH", 0)


def until_error(entries: Iterator[PreparedRecord]) -> tuple[list[PreparedRecord], str]:
    found: list[PreparedRecord] = []
    try:
        found.extend(entries)
    except InputError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize(
    "content",
    [
        citations(100),
        citations(100, before=f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE x SYSTEM "x.dtd">\n{ROOT}\n'),
        citations(100, after="<DeleteCitation><PMID>7</PMID></DeleteCitation></PubmedArticleSet>"),
        citations(100, amid="<!-- </PubmedArticle> -->" * 200),
        citations(100, amid=citation(900, "<![CDATA[</PubmedArticle>]]>" * 300)),
        citations(100, amid="<PubmedArticle><MedlineCitation/></PubmedArticle>"),  # no PMID: told by its line
        citations(100, amid="<broken"),
        citations(100, after=""),
        citations(100, after="</PubmedArticleSet> and more"),
        citations(100, before=f"<?xml version='1.0' encoding='latin-1'?>{ROOT}", amid=citation(900, "\u00e4")),
        citations(100, before=f'<!DOCTYPE x [<!ENTITY lol "lol">]>{ROOT}'),
        citations(2, amid=citation(900, "word " * 20_000)),
        citations(100, before="<rss>", after="</rss>"),
        LINES,
        LINES + "not JSON\n" + LINES,
        LINES + json.dumps({"pmid": 900, "title": "long " * 10_000}) + "\n" + LINES,
        LINES.rstrip("\n"),
    ],
)
def test_what_is_read_side_by_side_is_what_is_read_in_order(two: ReaderPool, tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content.encode("latin-1" if "latin-1" in content else "utf-8"))
    expected = until_error(map(prepare, CorpusFile(path).records()))
    assert until_error(two.entries(CorpusFile(path))) == expected
    assert expected[0] or expected[1]


def test_a_file_that_is_cut_off_gives_what_is_before(two: ReaderPool, tmp_path: Path) -> None:
    path = tmp_path / "file.xml.gz"
    path.write_bytes(gzip.compress(citations(500).encode())[:-20])
    expected = until_error(map(prepare, CorpusFile(path).records()))
    assert until_error(two.entries(CorpusFile(path))) == expected
    assert "cut off" in expected[1]


def test_most_of_a_file_is_read_by_the_processes(
    two: ReaderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text(LINES)
    monkeypatch.setattr(CorpusFile, "records", lambda _: pytest.fail("read in order"))
    found = list(two.entries(CorpusFile(path)))
    assert len(found) == 399
    assert all(isinstance(entry, PreparedDocument) and entry.terms for entry in found)


def test_a_bad_record_is_told_by_its_line(two: ReaderPool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(LINES + "not JSON\n" + LINES)
    (bad,) = [entry for entry in two.entries(CorpusFile(path)) if isinstance(entry, BadRecord)]
    assert bad.place == "line 400"


def test_a_part_is_given_up_at_its_first_bad_record(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(record: Record, source: str) -> PreparedRecord:
        nonlocal count
        count += 1
        return prepare(record, source)

    monkeypatch.setattr(parallel, "prepare", counted)
    assert parallel._read(f"{LINES}not JSON\n{LINES}".encode(), "jsonl", "file") is None
    assert count == 400


def test_a_small_file_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_WORTH", 1 << 20)
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", lambda *_, **__: pytest.fail("a process was started"))
    path = tmp_path / "file"
    path.write_text(LINES)
    with ReaderPool(2) as alone:
        assert len(list(alone.entries(CorpusFile(path)))) == 399


def test_a_pipe_is_read_by_this_process_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=[LINES + "oops\n"], daemon=True).start()
    with ReaderPool(2) as crew_of_two:
        *entries, bad = crew_of_two.entries(CorpusFile(pipe))
        assert crew_of_two._pool is None
    assert len(entries) == LINES.count("\n")
    assert isinstance(bad, BadRecord)


def test_a_process_that_is_killed_ends_the_work_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(LINES * 20)
    with ReaderPool(2) as doomed:
        entries = doomed.entries(CorpusFile(path))
        next(entries)
        pool = doomed._pool
        assert pool is not None
        for number in list(pool._processes):
            os.kill(number, signal.SIGKILL)
        with pytest.raises(WorkerError, match=r"file\.jsonl: a process that read it was killed"):
            list(entries)


def test_an_index_is_the_same_whoever_read_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.xml"
    path.write_text(citations(300, amid=citation(7, "A revision.")))
    folders = [tmp_path / "alone", tmp_path / "together"]
    for folder, size in zip(folders, (1, 2), strict=True):
        monkeypatch.setattr(budget, "processors", lambda size=size: size)
        report = builder.build([path], folder, None)
        assert (report.records, report.replaced) == (301, 1)
    for name in ("segments/000001/documents.jsonl", "segments/000001/passages.npy"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_how_far_along_a_file_is_goes_by_what_came_of_it_not_by_what_was_read_ahead(
    two: ReaderPool, tmp_path: Path
) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(LINES)
    alone, together = CorpusFile(path), CorpusFile(path)
    in_order = [alone.bytes_read for _ in alone.records()]
    side_by_side = [together.bytes_read for _ in two.entries(together)]
    assert side_by_side == sorted(side_by_side)
    assert side_by_side[0] < side_by_side[-1] == in_order[-1] == path.stat().st_size


def test_a_budget_that_does_for_a_corpus_does_whoever_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(LINES)
    monkeypatch.setattr(budget, "processors", lambda: 2)
    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 90)
    planned: list[int] = []

    def noted(passages: int, dimensions: int, limit: int) -> planner.MemoryPlan:
        planned.append(passages)
        return planner.plan_memory(passages, dimensions, limit)

    monkeypatch.setattr(budget, "planner", SimpleNamespace(**{**vars(planner), "plan_memory": noted}))
    builder.build([path], tmp_path / "index", None, max_ram=1_000_000_000)
    assert len(planned) == 6  # before, and at five commits
    assert all(200 < passages < 600 for passages in planned[1:])


def test_an_interrupted_build_goes_on_to_the_same_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(LINES)
    monkeypatch.setattr(budget, "processors", lambda: 2)
    monkeypatch.setitem(builder.COMMIT_EVERY, "lexical", 100)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    builder.build([path], whole, None)
    with monkeypatch.context() as patch:
        patch.setattr(builder._Build, "_take", _interrupting(builder._Build._take, 250))
        with pytest.raises(KeyboardInterrupt):
            builder.build([path], broken, None)
    builder.build([path], broken, None)
    for number in range(1, 5):
        name = f"segments/{number:06}/documents.jsonl"
        assert (whole / name).read_bytes() == (broken / name).read_bytes()


def _interrupting(take: Callable[..., None], after: int) -> Callable[..., None]:
    taken = 0

    def take_or_stop(build: object, entry: PreparedRecord, file_number: int) -> None:
        nonlocal taken
        taken += 1
        if taken > after:
            raise KeyboardInterrupt
        take(build, entry, file_number)

    return take_or_stop
