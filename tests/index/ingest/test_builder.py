import contextlib
import errno
import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, starmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bioqa.index import atomic
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import IndexFolderError, InputError, StorageError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.progress import NoProgress
from bioqa.index.records import Document, Hit
from bioqa.index.search import hybrid
from bioqa.index.search.filters import Filter
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.index.store import manifest, storage
from bioqa.index.store.lock import LOCK
from bioqa.index.store.manifest import MANIFEST, EncoderIdentity, read_manifest, write_manifest
from bioqa.index.store.segments import Segment
from bioqa.index.text.prepared import PreparedRecord, prepare
from bioqa.index.verification import verify

TOPICS = [
    "Insulin lowers blood glucose in patients with diabetes.",
    "Malaria parasites are carried by mosquitoes of the genus Anopheles.",
    "Mutations of the CFTR gene cause cystic fibrosis in children.",
    "Aspirin inhibits platelets and prevents strokes.",
    "Vitamin C deficiency leads to scurvy among sailors.",
    "Statins reduce cholesterol made by the liver.",
    "Dopamine neurons die in Parkinson disease.",
    "Penicillin kills bacteria by blocking their cell wall.",
    "Asthma narrows the airways of the lung.",
    "Gout comes from crystals of uric acid.",
]
QUERIES = ["which gene causes cystic fibrosis", "blood glucose", "drugs for the liver", "disease of children", "paper"]
WriteJsonl = Callable[..., Path]


def records(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Records that all differ in text and length; every third has no year."""
    return [
        {
            "pmid": number,
            "title": f"Paper {number}",
            "abstract": f"{TOPICS[number % len(TOPICS)]} Number {number}. " + "More follows here. " * (number % 4),
            **({"year": 1990 + number} if number % 3 else {}),
        }
        for number in range(first, first + count)
    ]


def article(pmid: object, title: str, version: int = 1) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="{version}">{pmid}</PMID><Article>'
        f"<ArticleTitle>{title}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
    )


def deletion(*pmids: object) -> str:
    return "<DeleteCitation>" + "".join(f"<PMID>{pmid}</PMID>" for pmid in pmids) + "</DeleteCitation>"


def xml_file(path: Path, *parts: str) -> Path:
    path.write_text(f"<PubmedArticleSet>{''.join(parts)}</PubmedArticleSet>", encoding="utf-8")
    return path


def found(folder: Path, encoder: Encoder | None = None) -> list[Any]:
    """What searches over an index return: documents, passages and scores, in order."""
    index = Index(folder)
    outcome: list[Any] = []
    for text in QUERIES:
        vector = encoder.encode([text])[0] if encoder else None
        for mode in ("lexical", "dense", "hybrid") if encoder else ("lexical",):
            for filters in (Filter(), Filter(1993, 2001)):
                hits = index.search(Query(text, vector), 50, mode=mode, filters=filters)
                outcome += [(text, mode, hit.passage.document, hit.passage.text, round(hit.score, 4)) for hit in hits]
    return outcome


def titles(folder: Path, query: str = "paper", encoder: Encoder | None = None) -> list[tuple[str, str]]:
    """Id and title of every document that a query finds, sorted; each as often as it is found."""
    vector = encoder.encode([query])[0] if encoder else None
    hits = Index(folder).search(Query(query, vector), 1000, mode="dense" if encoder else "lexical")
    return sorted((hit.passage.document.id, hit.passage.document.title) for hit in hits)


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def assert_clean(folder: Path) -> None:
    """Nothing lies in the folder but what its manifest names."""
    state = read_manifest(folder)
    assert {path.name for path in (folder / "segments").iterdir()} == {part.name for part in state.segments}
    assert [path.name for path in (folder / "lexical").iterdir()] == [state.lexical]
    assert [path.name for path in folder.glob("removed-*")] == ([state.removed] if state.removed else [])
    assert not atomic.temporary_path(folder / MANIFEST).exists()


class Recorder:
    """Remembers what was reported."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []

    def update(self, fraction: float, count: int) -> None:
        self.seen.append((fraction, count))


class Stop:
    """Interrupts at the n-th report."""

    def __init__(self, after: int):
        self.left = after

    def update(self, fraction: float, count: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits after every third record."""
    for kind in builder.COMMIT_EVERY:
        monkeypatch.setitem(builder.COMMIT_EVERY, kind, 3)


@pytest.fixture(scope="session")
def ten_papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten records as JSON lines."""
    path = tmp_path_factory.mktemp("papers") / "ten.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records(10)))
    return path


@pytest.fixture(scope="session")
def uninterrupted(ten_papers: Path, encoder: Encoder) -> list[Any]:
    """What searches return over the ten papers, built in one go."""
    with tempfile.TemporaryDirectory() as folder:
        builder.build([ten_papers], Path(folder) / "index", encoder)
        return found(Path(folder) / "index", encoder)


@pytest.fixture(scope="session")
def uninterrupted_lexical(ten_papers: Path) -> list[Any]:
    """The same without vectors."""
    with tempfile.TemporaryDirectory() as folder:
        builder.build([ten_papers], Path(folder) / "index", None)
        return found(Path(folder) / "index")


# What goes in comes out


def test_a_build_reports_and_the_manifest_counts_what_was_read(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    path = write_jsonl("a.jsonl", [*records(5), {"title": "no id"}, {"pmid": 9}])
    report = builder.build([path], tmp_path / "index", None)
    assert (report.records, report.replaced, report.deleted, report.skipped_files) == (5, 0, 0, 0)
    assert [bad.place for bad in report.bad_records] == ["line 6", "line 7"]
    assert report.bad_files == []
    state = read_manifest(tmp_path / "index")
    assert (state.documents, state.passages, state.encoder, state.commit) == (5, 5, None, 1)
    ((source),) = state.sources
    assert (source.path, source.bytes, source.finished) == (str(path), path.stat().st_size, True)
    assert_clean(tmp_path / "index")


def test_files_of_all_formats_go_into_one_index(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    write_jsonl("in.jsonl", [{"id": "note:1", "text": "paper one"}])
    inputs = tmp_path / "folder"
    (inputs / "deep").mkdir(parents=True)
    xml_file(inputs / "a.xml", article(2, "Paper two"))
    (inputs / "deep/b.xml.gz").write_bytes(
        gzip.compress(xml_file(tmp_path / "b", article(3, "Paper three")).read_bytes())
    )
    builder.build([tmp_path / "in.jsonl", inputs], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("2", "Paper two"), ("3", "Paper three"), ("note:1", "")]


def test_long_abstracts_become_several_passages_that_are_slices_of_the_text(
    write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path
) -> None:
    abstract = " ".join(f"Sentence {number} tells of aspirin and of platelets." for number in range(60))
    path = write_jsonl("a.jsonl", [{"pmid": 1, "title": "Aspirin", "abstract": abstract}, *records(2, 2)])
    builder.build([path], tmp_path / "index", encoder)
    state = read_manifest(tmp_path / "index")
    assert state.documents == 3
    assert state.passages > 4
    hits = Index(tmp_path / "index").search(Query("aspirin", None), 50)
    pieces = sorted((hit.passage.start, hit.passage.text) for hit in hits if hit.passage.document.id == "1")
    assert " ".join(text for _, text in pieces) == abstract


def test_the_order_of_commits_does_not_show_in_the_results(
    ten_papers: Path, uninterrupted: list[Any], encoder: Encoder, tmp_path: Path, often: None
) -> None:
    builder.build([ten_papers], tmp_path / "index", encoder)
    assert len(read_manifest(tmp_path / "index").segments) == 4
    assert found(tmp_path / "index", encoder) == uninterrupted


def test_two_builds_of_the_same_files_search_alike(
    ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path
) -> None:
    builder.build([ten_papers], tmp_path / "index", None)
    assert found(tmp_path / "index") == uninterrupted_lexical


def test_progress_grows_from_nothing_to_all(
    ten_papers: Path, write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path, often: None
) -> None:
    recorder = Recorder()
    more = write_jsonl("more.jsonl", [*records(4, 20), *records(2, 22)])
    builder.build([ten_papers, more], tmp_path / "index", encoder, progress=recorder)
    assert all(earlier[0] <= later[0] and earlier[1] <= later[1] for earlier, later in pairwise(recorder.seen))
    assert 0 < recorder.seen[0][0] < 0.5
    assert recorder.seen[-1] == (1.0, 16)


# The same document again


SAME_ID = [
    ([("old", 1), ("new", 1)], "new"),
    ([("new", 2), ("old", 1)], "new"),
    ([("old", 1), ("new", 2)], "new"),
    ([("a", 2), ("b", 1), ("new", 2)], "new"),
    ([("a", 1), ("new", 3), ("b", 2), ("c", 1)], "new"),
]


@pytest.mark.parametrize(("versions", "winner"), SAME_ID)
@pytest.mark.parametrize("spread", ["one file", "two files", "a build each"])
def test_a_later_document_wins_unless_its_version_is_lower(
    versions: list[tuple[str, int]], winner: str, spread: str, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    articles = [article(1, f"Paper {name}", version) for name, version in versions]
    if spread == "one file":
        builds = [[xml_file(tmp_path / "all.xml", article(2, "Other paper"), *articles)]]
    else:
        files = [xml_file(tmp_path / f"{number}.xml", content) for number, content in enumerate(articles)]
        other = xml_file(tmp_path / "other.xml", article(2, "Other paper"))
        builds = [[other, *files]] if spread == "two files" else [[other], *([file] for file in files)]
    for files in builds:
        builder.build(files, folder, None)
    assert titles(folder) == [("1", f"Paper {winner}"), ("2", "Other paper")]
    assert read_manifest(folder).documents == read_manifest(folder).passages == 2


def test_a_replaced_document_is_gone_from_dense_search_too(tmp_path: Path, encoder: Encoder) -> None:
    for number, title in enumerate(["Old paper on malaria", "New paper on scurvy"]):
        file = xml_file(tmp_path / f"{number}.xml", article(1, title), *([article(2, "Gout paper")] * (not number)))
        report = builder.build([file], tmp_path / "index", encoder)
    assert report.replaced == 1
    assert titles(tmp_path / "index", "malaria", encoder) == [("1", "New paper on scurvy"), ("2", "Gout paper")]
    assert titles(tmp_path / "index", "malaria") == []


@pytest.mark.parametrize("spread", ["one file", "a build each"])
def test_a_deletion_withdraws_a_document_in_both_searches(spread: str, tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "index"
    articles = [article(number, f"Paper {number}") for number in (1, 2, 3)]
    withdrawn = deletion(1, 3, 77)
    if spread == "one file":
        report = builder.build([xml_file(tmp_path / "all.xml", *articles, withdrawn)], folder, encoder)
        assert (report.records, report.deleted, report.absent) == (6, 2, 1)
    else:
        builder.build([xml_file(tmp_path / "baseline.xml", *articles)], folder, encoder)
        report = builder.build([xml_file(tmp_path / "update.xml", withdrawn)], folder, encoder)
        assert (report.records, report.deleted, report.absent) == (3, 2, 1)
    assert titles(folder) == titles(folder, encoder=encoder) == [("2", "Paper 2")]
    assert read_manifest(folder).documents == read_manifest(folder).passages == 1
    assert_clean(folder)


def test_a_deleted_document_may_come_back(tmp_path: Path) -> None:
    for number, part in enumerate([article(1, "Paper old", 5), deletion(1), article(1, "Paper new")]):
        builder.build([xml_file(tmp_path / f"{number}.xml", part)], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("1", "Paper new")]


def test_an_index_can_begin_with_deletions(tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "index"
    builder.build([xml_file(tmp_path / "update.xml", deletion(1))], folder, encoder)
    assert (read_manifest(folder).documents, titles(folder)) == (0, [])
    builder.build([xml_file(tmp_path / "next.xml", article(1, "Paper"))], folder, encoder)
    assert titles(folder) == titles(folder, encoder=encoder) == [("1", "Paper")]


def test_what_follows_a_deletion_counts_whatever_its_version(tmp_path: Path) -> None:
    builder.build([xml_file(tmp_path / "a.xml", article(1, "Paper old", 2))], tmp_path / "index", None)
    builder.build([xml_file(tmp_path / "b.xml", deletion(1), article(1, "Paper new"))], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("1", "Paper new")]


def test_one_file_may_delete_a_document_and_bring_it_again(tmp_path: Path) -> None:
    builder.build(
        [xml_file(tmp_path / "a.xml", article(1, "Paper old", 3), article(2, "Paper 2"))], tmp_path / "i", None
    )
    update = xml_file(tmp_path / "b.xml", deletion(1, 9), article(1, "Paper new"), article(9, "Paper 9"), deletion(9))
    report = builder.build([update], tmp_path / "i", None)
    assert titles(tmp_path / "i") == [("1", "Paper new"), ("2", "Paper 2")]
    assert (report.replaced, report.deleted, report.absent, read_manifest(tmp_path / "i").documents) == (1, 1, 0, 2)


def test_a_lower_version_changes_nothing_and_is_no_error(tmp_path: Path) -> None:
    builder.build([xml_file(tmp_path / "a.xml", article(1, "Paper new", 3))], tmp_path / "index", None)
    report = builder.build([xml_file(tmp_path / "b.xml", article(1, "Paper old", 2))], tmp_path / "index", None)
    assert (report.records, report.replaced, titles(tmp_path / "index")) == (1, 0, [("1", "Paper new")])


CHANGES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.booleans()), min_size=1, max_size=10)


def play(changes: Sequence[tuple[int, int, bool]], deletions: bool) -> tuple[list[str], dict[str, str]]:
    """The changes as XML, and what one dict makes of them."""
    parts: list[str] = []
    state: dict[str, tuple[int, str]] = {}
    for number, (pmid, version, deletes) in enumerate(changes):
        if deletes and deletions:
            parts.append(deletion(pmid))
            state.pop(str(pmid), None)
        else:
            parts.append(article(pmid, f"Paper {number}", version))
            if version >= state.get(str(pmid), (0, ""))[0]:
                state[str(pmid)] = (version, f"Paper {number}")
    return parts, {pmid: title for pmid, (_, title) in state.items()}


def check_against_a_dict(changes: Sequence[tuple[int, int, bool]], every: int, *, deletions: bool) -> None:
    parts, state = play(changes, deletions)
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setitem(builder.COMMIT_EVERY, "lexical", every)
        builder.build([xml_file(Path(name) / "a.xml", *parts)], Path(name) / "index", None)
        assert titles(Path(name) / "index") == sorted(state.items())
        assert read_manifest(Path(name) / "index").documents == len(state)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(CHANGES, st.integers(1, 4))
def test_wherever_commits_fall_versions_act_as_on_a_dict(changes: list[tuple[int, int, bool]], every: int) -> None:
    check_against_a_dict(changes, every, deletions=False)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(CHANGES, st.integers(1, 4))
@example([(1, 2, False), (2, 1, False), (1, 1, True), (1, 1, False)], 2)
def test_wherever_commits_fall_deletions_act_as_on_a_dict(changes: list[tuple[int, int, bool]], every: int) -> None:
    check_against_a_dict(changes, every, deletions=True)


def numbered(folder: Path, number: int, *parts: str) -> Path:
    return xml_file(folder / f"pubmed26n{number:04}.xml", *parts)


@pytest.mark.parametrize("name", ["pubmed26n0004.xml", "own.xml"])
def test_a_deletion_is_not_undone_by_one_of_an_earlier_file_that_is_read_after_it(name: str, tmp_path: Path) -> None:
    late, early = xml_file(tmp_path / name, deletion(1)), numbered(tmp_path, 1, deletion(1))
    builder.build([numbered(tmp_path, 3, article(1, "Paper"), article(2, "Paper"))], tmp_path / "index", None)
    builder.build([late, early], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("2", "Paper")]


@settings(max_examples=25)
@given(
    files=st.lists(
        st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=4), min_size=2, max_size=5
    ),
    order=st.randoms(use_true_random=False),
    every=st.integers(1, 4),
    at_once=st.booleans(),
)
def test_in_whichever_order_numbered_files_are_read_the_last_of_them_counts(
    files: list[list[tuple[int, bool]]], order: random.Random, every: int, at_once: bool
) -> None:
    wanted: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setitem(builder.COMMIT_EVERY, "lexical", every)
        paths = []
        for number, entries in enumerate(files, start=1):
            for pmid, kept in entries:
                wanted.pop(str(pmid), None)
                wanted |= {str(pmid): f"Paper of {number}"} if kept else {}
            parts = [article(pmid, f"Paper of {number}") if kept else deletion(pmid) for pmid, kept in entries]
            paths.append(numbered(folder, number, *parts))
        order.shuffle(paths)
        for group in [paths] if at_once else [[path] for path in paths]:
            builder.build(group, folder / "index", None)
        assert titles(folder / "index") == sorted(wanted.items())
        assert verify(folder / "index") == []


def test_a_file_of_ones_own_counts_after_any_of_pubmeds(tmp_path: Path) -> None:
    builder.build([numbered(tmp_path, 7, article(1, "Paper old"), deletion(2))], tmp_path / "index", None)
    own = xml_file(tmp_path / "mine.xml", article(1, "Paper mine"), article(2, "Paper again"))
    builder.build([own], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("1", "Paper mine"), ("2", "Paper again")]


def test_a_higher_version_counts_in_whichever_file_it_came(tmp_path: Path) -> None:
    builder.build([numbered(tmp_path, 3, article(1, "Paper two", version=2))], tmp_path / "index", None)
    builder.build([numbered(tmp_path, 4, article(1, "Paper one"))], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("1", "Paper two")]


def test_an_updated_index_ranks_exactly_like_one_built_afresh_where_all_was_replaced(
    write_jsonl: WriteJsonl, ten_papers: Path, uninterrupted: list[Any], encoder: Encoder, tmp_path: Path
) -> None:
    old = [{**record, "abstract": "Earlier text on liver and glucose."} for record in records(10)]
    builder.build([write_jsonl("old.jsonl", old)], tmp_path / "index", encoder)
    builder.build([ten_papers], tmp_path / "index", encoder)
    assert found(tmp_path / "index", encoder) == uninterrupted


def test_an_updated_index_ranks_exactly_like_one_built_afresh(
    write_jsonl: WriteJsonl, ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path
) -> None:
    old = [{**record, "abstract": "Earlier text on liver and glucose."} for record in records(5)] + records(5, 6)
    builder.build([write_jsonl("old.jsonl", old)], tmp_path / "index", None)
    builder.build([write_jsonl("new.jsonl", records(5))], tmp_path / "index", None)
    updated, fresh = (
        sorted((r[0], r[2].id, r[4]) for r in x) for x in (found(tmp_path / "index"), uninterrupted_lexical)
    )
    assert updated == fresh


class Toy:
    """Stands in for an encoder where what is looked at is the index: a direction of its own for every text."""

    identity = EncoderIdentity("toy", "0" * 64, 8)

    def encode(self, texts: Sequence[str], on_done: Any = None) -> Any:
        seeds = (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts)
        rows = np.array([np.random.default_rng(seed).standard_normal(8) for seed in seeds], np.float32).reshape(-1, 8)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# A few texts that are often the same, of lengths that one byte keeps exactly and others; two make several passages.
TEXTS = [
    "Insulin.",
    "Insulin lowers glucose. Glucose is lowered.",
    "Liver and insulin and gene. " * 3,
    "The gene of the liver. " * 11,
    "Glucose in the gene of many. " * 40,
    "One gene only. " + "Platelets of the liver are counted there. " * 30,
]
CHANGE = st.tuples(st.integers(8, 12), st.sampled_from([None, *TEXTS]), st.sampled_from(["", "1999", "2005"]))
ASKED = ["insulin", "gene of the liver", "glucose insulin gene gene", "platelets glucose"]


def dated(pmid: int, text: str, year: str) -> str:
    when = f"<Journal><JournalIssue><PubDate><Year>{year}</Year></PubDate></JournalIssue></Journal>" if year else ""
    return (
        article(pmid, "Liver")
        .replace("<Article>", f"<Article>{when}")
        .replace("</Article>", f"<Abstract><AbstractText>{text}</AbstractText></Abstract></Article>")
    )


def ranked(folder: Path) -> dict[Any, list[Hit]]:
    """What every search over an index returns."""
    index = Index(folder)
    return {
        (text, mode, filters, k): index.search(Query(text, Toy().encode([text])[0]), k, mode=mode, filters=filters)
        for text in ASKED
        for mode in hybrid.MODES
        for filters in (Filter(), Filter(2000))
        for k in (2, 50)
    }


def by_place(hits: Sequence[Hit], score: str) -> dict[tuple[str, int], float]:
    places = {(hit.passage.document.id, hit.passage.start): getattr(hit, score) for hit in hits}
    return {place: found for place, found in places.items() if found is not None}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(CHANGE, min_size=1, max_size=12), st.integers(1, 4), st.sampled_from([2, 100]))
def test_whatever_was_added_revised_deleted_and_added_again_ranks_as_if_built_afresh(
    changes: list[tuple[int, str | None, str]], every: int, depth: int
) -> None:
    state = {pmid: (pmid, text, year) for pmid, text, year in changes}
    final = sorted((last for last in state.values() if last[1] is not None), key=lambda last: hash(last[1]))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(hybrid, "DEPTH", depth)
        fresh, updated = Path(name) / "fresh", Path(name) / "updated"
        builder.build(
            [xml_file(Path(name) / "fresh.xml", dated(7, TEXTS[0], ""), *starmap(dated, final))], fresh, Toy()
        )
        parts = [deletion(pmid) if text is None else dated(pmid, text, year) for pmid, text, year in changes]
        patch.setitem(builder.COMMIT_EVERY, "encoded", every)
        builder.build([xml_file(Path(name) / "updated.xml", *parts, dated(7, TEXTS[0], ""))], updated, Toy())
        wanted, got = ranked(fresh), ranked(updated)
        assert read_manifest(updated).tokens == read_manifest(fresh).tokens
    for asked, hits in wanted.items():
        for score in ("lexical_score", "dense_score"):
            assert by_place(got[asked], score) == pytest.approx(by_place(hits, score), rel=1e-5, abs=1e-6), asked
        # Fusing stretches what separates near scores to 0..1, and the rounding of float32 with it.
        fused = by_place(hits, "score")
        assert by_place(got[asked], "score") == pytest.approx(fused, abs=1e-4), asked
        in_order = [fused[place] for place in by_place(got[asked], "score")]
        assert in_order == pytest.approx(list(fused.values()), abs=1e-4), asked


# The same file again


def test_a_passage_that_a_revision_leaves_as_it_was_is_not_encoded_again(
    write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.build([write_jsonl("old.jsonl", records(5))], tmp_path / "index", encoder)
    revised = [{**record, "year": 2001} for record in records(4)] + [{**records(5)[4], "abstract": "Another text."}]
    encoded: list[str] = []
    encode = encoder.encode

    def noted(texts: Sequence[str], *rest: Any) -> Any:
        encoded.extend(texts)
        return encode(texts, *rest)

    monkeypatch.setattr(encoder, "encode", noted)
    report = builder.build([write_jsonl("new.jsonl", revised)], tmp_path / "index", encoder)
    assert len(encoded) == 1
    assert encoded[0].endswith("Another text.")
    assert report.kept_vectors == 4
    monkeypatch.undo()
    builder.build([tmp_path / "new.jsonl"], tmp_path / "fresh", encoder)
    updated, fresh = (hybrid.Index(tmp_path / name) for name in ("index", "fresh"))
    query = hybrid.Query("text", encoder.encode(["text"])[0])
    ranked = [
        {hit.passage.document.id: hit.dense_score for hit in index.search(query, 9, mode="dense")}
        for index in (updated, fresh)
    ]
    assert list(ranked[0]) == list(ranked[1])
    assert ranked[0] == pytest.approx(ranked[1], rel=1e-6, abs=1e-7)  # a cosine may be as good as 0


def test_a_file_taken_in_before_is_skipped(ten_papers: Path, tmp_path: Path) -> None:
    builder.build([ten_papers], tmp_path / "index", None)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*.json*")}
    report = builder.build([ten_papers], tmp_path / "index", None)
    assert (report.skipped_files, report.records) == (1, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_same_file_by_two_names_is_read_once(ten_papers: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(ten_papers)
    report = builder.build([ten_papers, link], tmp_path / "index", None)
    assert (report.records, report.skipped_files) == (10, 1)


def test_a_file_that_grew_is_read_again(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    for count in (3, 5):
        builder.build([write_jsonl("a.jsonl", records(count))], tmp_path / "index", None)
    assert [pmid for pmid, _ in titles(tmp_path / "index")] == ["1", "2", "3", "4", "5"]
    assert read_manifest(tmp_path / "index").documents == 5


def test_a_file_that_was_edited_is_read_again(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    for title in ("Paper cat", "Paper dog"):
        builder.build([write_jsonl("a.jsonl", [{"pmid": 1, "title": title}])], tmp_path / "index", None)
    assert titles(tmp_path / "index") == [("1", "Paper dog")]


def test_an_index_inside_the_folder_of_its_files_is_not_read_as_one_of_them(ten_papers: Path, tmp_path: Path) -> None:
    shutil.copy(ten_papers, tmp_path)
    for _ in range(2):
        report = builder.build([tmp_path], tmp_path / "index", None)
    assert (report.records, report.skipped_files, report.bad_records, report.bad_files) == (0, 1, [], [])


# Files that break off


def test_a_broken_file_is_reported_what_was_read_is_kept_and_the_others_are_read(
    write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    good = write_jsonl("z.jsonl", records(2, 10))
    broken = xml_file(tmp_path / "broken.xml", article(1, "Paper 1"), article(2, "Paper 2"))
    broken.write_text(broken.read_text()[:-40])
    empty = tmp_path / "empty.xml"
    empty.write_bytes(b"")
    report = builder.build([empty, broken, good], tmp_path / "index", None)
    assert [str(error).split(":")[0] for error in report.bad_files] == [str(empty), str(broken)]
    assert titles(tmp_path / "index") == [("1", "Paper 1"), ("10", "Paper 10"), ("11", "Paper 11")]
    assert [Path(source.path).name for source in read_manifest(tmp_path / "index").sources if source.finished] == [
        "z.jsonl"
    ]


def test_a_file_that_goes_while_others_are_read_is_one_bad_file(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    first, gone, last = (write_jsonl(f"{n}.jsonl", records(1, n)) for n in (1, 2, 3))

    class Cleaner(NoProgress):
        def update(self, fraction: float, count: int) -> None:
            gone.unlink(missing_ok=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(builder.COMMIT_EVERY, "lexical", 1)
        report = builder.build([first, gone, last], tmp_path / "index", None, progress=Cleaner())
    assert [str(error) for error in report.bad_files] == [f"{gone}: No such file or directory"]
    assert titles(tmp_path / "index") == [("1", "Paper 1"), ("3", "Paper 3")]


def test_a_file_that_stays_broken_is_told_again_and_taken_in_once(tmp_path: Path, often: None) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in records(500)).encode())[:-40])
    first = builder.build([path], tmp_path / "index", None)
    state = read_manifest(tmp_path / "index")
    assert first.records > 100
    again = builder.build([path], tmp_path / "index", None)
    assert [str(error) for error in again.bad_files] == [str(error) for error in first.bad_files]
    assert (again.records, again.replaced) == (0, 0)
    assert read_manifest(tmp_path / "index") == state


def test_a_mended_file_is_read_to_its_end(tmp_path: Path, often: None) -> None:
    path = tmp_path / "a.xml"
    whole = xml_file(path, *(article(number, f"Paper {number}") for number in range(1, 8))).read_text()
    path.write_text(whole[: whole.index("Paper 6")])
    assert len(builder.build([path], tmp_path / "index", None).bad_files) == 1
    assert len(titles(tmp_path / "index")) == 5
    assert len(builder.build([path], tmp_path / "index", None).bad_files) == 1, "still broken, still said"
    assert len(titles(tmp_path / "index")) == 5
    path.write_text(whole)
    assert builder.build([path], tmp_path / "index", None).bad_files == []
    assert titles(tmp_path / "index") == [(str(number), f"Paper {number}") for number in range(1, 8)]
    assert read_manifest(tmp_path / "index").documents == 7


@pytest.mark.parametrize("inputs", [["gone.xml"], ["empty folder"], ["good.jsonl", "gone.xml"]])
def test_nothing_is_written_where_an_input_is_not_there(
    inputs: list[str], write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    write_jsonl("good.jsonl", records(1))
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(InputError) as caught:
        builder.build([tmp_path / name for name in inputs], tmp_path / "index", None)
    assert str(tmp_path / inputs[-1]) in str(caught.value)
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize("content", [b"", b"{}\n", b"<PubmedArticleSet/>", b"\x1f\x8b\x08", b"%PDF", b"<html/>"])
def test_no_index_is_made_of_files_without_a_document(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "input.xml"
    path.write_bytes(content)
    report = builder.build([path], tmp_path / "index", None)
    assert report.records == 0
    assert not (tmp_path / "index").exists()


# Folders that are something else


@pytest.mark.parametrize("stranger", ["thesis.txt", "segment/a", "removed-000001.npy", ".hidden", "documents.jsonl"])
def test_a_folder_that_holds_other_things_is_refused_and_left_alone(
    stranger: str, ten_papers: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    (folder / stranger).parent.mkdir(parents=True)
    (folder / stranger).write_text("mine")
    before = tree(folder)
    with pytest.raises(IndexFolderError, match="choose an empty folder") as caught:
        builder.build([ten_papers], folder, None)
    assert str(folder) in str(caught.value)
    assert Path(stranger).parts[0] in str(caught.value)
    assert tree(folder) == before
    assert (folder / stranger).read_text() == "mine"


@pytest.mark.parametrize("name", ["holiday", "000001"])
@pytest.mark.parametrize("kind", ["segments", "lexical"])
def test_a_strangers_folder_of_the_same_name_loses_nothing(
    kind: str, name: str, ten_papers: Path, tmp_path: Path
) -> None:
    film = tmp_path / "mine" / kind / name / "film.mp4"
    film.parent.mkdir(parents=True)
    film.write_text("mine")
    with contextlib.suppress(IndexFolderError):
        builder.build([ten_papers], tmp_path / "mine", None)
    assert film.read_text() == "mine"


def test_an_empty_folder_that_is_there_is_used(ten_papers: Path, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    builder.build([ten_papers], tmp_path / "index", None)
    assert len(titles(tmp_path / "index")) == 10


def test_an_index_of_another_format_is_refused_and_left_alone(ten_papers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, None)
    state = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(state | {"format": 99}))
    before = tree(folder)
    with pytest.raises(IndexFolderError, match=f"index format 99, this bioqa reads {manifest.FORMAT}"):
        builder.build([ten_papers], folder, None)
    assert tree(folder) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"format": %d}' % manifest.FORMAT])
def test_an_index_with_a_damaged_manifest_is_refused_and_left_alone(
    content: bytes, ten_papers: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, None)
    whole = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(IndexFolderError, match="damaged") as caught:
        builder.build([ten_papers], folder, None)
    assert str(folder / MANIFEST) in str(caught.value)
    (folder / MANIFEST).write_bytes(whole)
    assert len(titles(folder)) == 10


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy"])
@pytest.mark.parametrize("damage", ["missing", "shortened"])
def test_an_index_with_a_damaged_file_is_refused_and_its_manifest_left_alone(
    name: str, damage: str, ten_papers: Path, write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, None)
    before = (folder / MANIFEST).read_bytes()
    file = folder / "segments/000001" / name
    content = file.read_bytes()
    file.unlink()
    if damage == "shortened":
        file.write_bytes(content[: len(content) // 2])
    with pytest.raises(IndexFolderError) as caught:
        builder.build([write_jsonl("more.jsonl", records(1, 50))], folder, None)
    assert str(file) in str(caught.value)
    assert (folder / MANIFEST).read_bytes() == before
    file.write_bytes(content)
    assert len(titles(folder)) == 10


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_an_index_with_and_one_without_vectors_do_not_mix(
    first: bool, second: bool, ten_papers: Path, write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, encoder if first else None)
    before = tree(folder)
    with pytest.raises(IndexFolderError, match="was built with") as caught:
        builder.build([write_jsonl("more.jsonl", records(1, 50))], folder, encoder if second else None)
    assert str(folder) in str(caught.value)
    assert encoder.card.name in str(caught.value)
    assert "no encoder" in str(caught.value)
    assert tree(folder) == before


@pytest.fixture
def encoder_copy(tmp_path: Path) -> Path:
    """The shipped encoder in a folder of its own."""
    folder = tmp_path / "encoder-copy"
    shutil.copytree(model.shipped("encoder"), folder)
    return folder


def test_an_index_of_another_encoder_is_refused(
    ten_papers: Path, write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, encoder)
    made = read_manifest(folder)
    assert made.encoder is not None
    write_manifest(folder, replace(made, encoder=replace(made.encoder, digest="0" * 64, name="other-model")))
    with pytest.raises(IndexFolderError, match=f"was built with other-model, not {encoder.card.name}"):
        builder.build([write_jsonl("more.jsonl", records(1, 50))], folder, encoder)


def test_the_same_encoder_in_another_place_goes_on_with_the_index(
    ten_papers: Path, write_jsonl: WriteJsonl, encoder: Encoder, encoder_copy: Path, tmp_path: Path
) -> None:
    builder.build([ten_papers], tmp_path / "index", encoder)
    builder.build([write_jsonl("more.jsonl", records(1, 50))], tmp_path / "index", Encoder(encoder_copy))
    assert read_manifest(tmp_path / "index").documents == 11


def test_an_index_finds_an_encoder_that_was_moved_once_a_build_has_named_its_place(
    ten_papers: Path, encoder_copy: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, Encoder(encoder_copy))
    moved = encoder_copy.rename(tmp_path / "moved")
    with pytest.raises(IndexFolderError, match=f"build INPUT --to {folder} --encoder DIR"):
        Index(folder).open_encoder()
    builder.build([ten_papers], folder, Encoder(moved))
    assert Index(folder).open_encoder() is not None
    assert verify(folder) == []


def test_an_index_of_the_analyzer_before_is_updated_with_its_terms(
    write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [
        {"id": str(number), "title": f"Vitamin A in WAS {number}", "abstract": "It is given IT."} for number in range(4)
    ]
    new = [old[0] | {"abstract": "Vitamin A deficiency in ALL."}, {"id": "9", "title": "Vitamin D"}]
    folders = [tmp_path / "updated", tmp_path / "fresh"]
    with monkeypatch.context() as before:
        made = builder.Manifest
        before.setattr(builder, "Manifest", lambda **values: made(**(values | {"analyzer": "biomedical-2"})))
        builder.build([write_jsonl("old.jsonl", old)], folders[0], None)
        builder.build([write_jsonl("all.jsonl", [*new, *old[1:]])], folders[1], None)
    builder.build([write_jsonl("new.jsonl", new)], folders[0], None)
    updated, fresh = map(Index, folders)
    assert updated.manifest.analyzer == "biomedical-2"
    assert updated.manifest.tokens == fresh.manifest.tokens
    assert updated.document_frequency("vitamin_a") == updated.document_frequency("was_") == 0
    for query in ("vitamin A", "WAS", "vitamin a deficiency"):
        assert [(hit.passage.document.id, pytest.approx(hit.score)) for hit in fresh.search(Query(query, None), 5)] == [
            (hit.passage.document.id, hit.score) for hit in updated.search(Query(query, None), 5)
        ]
    assert verify(folders[0]) == []


@pytest.mark.parametrize("change", [{"analyzer": "biomedical-0"}, {"passage_words": 99}])
def test_an_index_of_another_text_analysis_is_refused(change: dict[str, Any], ten_papers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, None)
    write_manifest(folder, replace(read_manifest(folder), **change))
    with pytest.raises(IndexFolderError, match="another text analysis") as caught:
        builder.build([ten_papers], folder, None)
    assert str(folder) in str(caught.value)


# Interruptions


@pytest.mark.parametrize("reports", [1, 2, 4, 5, 8, 12])
def test_an_interrupted_build_goes_on_and_ends_like_one_that_was_not(
    reports: int, ten_papers: Path, uninterrupted: list[Any], encoder: Encoder, tmp_path: Path, often: None
) -> None:
    folder = tmp_path / "index"
    with pytest.raises(KeyboardInterrupt):
        builder.build([ten_papers], folder, encoder, progress=Stop(reports))
    committed = reports // 4  # three reports while encoding, one after the commit
    if committed:
        assert read_manifest(folder).documents == len(titles(folder)) == 3 * committed
        assert_clean(folder)
    else:
        assert not folder.exists()
    recorder = Recorder()
    report = builder.build([ten_papers], folder, encoder, progress=recorder)
    assert report.records == 10 - 3 * committed
    assert report.replaced == 0
    assert found(folder, encoder) == uninterrupted
    assert_clean(folder)


def test_a_build_interrupted_again_and_again_ends_like_one_that_was_not(
    ten_papers: Path, uninterrupted: list[Any], encoder: Encoder, tmp_path: Path, often: None
) -> None:
    interruptions = 0
    while True:
        try:
            builder.build([ten_papers], tmp_path / "index", encoder, progress=Stop(5))
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions == 3
    assert found(tmp_path / "index", encoder) == uninterrupted


HOLD = """
import sys, time
from pathlib import Path
from bioqa.index.ingest import builder
from bioqa.index.search import lexical
from bioqa.index.store import merging, storage
from bioqa.index.store.manifest import MANIFEST

step, at, papers, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
owner, name = {
    "nothing written": (builder, "fork_lexical"),
    "lexical folder forked": (builder, "LexicalWriter"),
    "lexical index changed": (builder.LexicalWriter, "commit"),
    "lexical index written": (builder, "write_segment"),
    "segment written": (builder, "commit"),
    "manifest not yet renamed": (Path, "replace"),
    "manifest renamed": (storage, "discard_uncommitted"),
    "segments made one": (merging, "commit"),
}[step]
original, calls = getattr(owner, name), 0

def held(*arguments, **options):
    global calls
    calls += 1
    if calls == at:
        print("held", flush=True)
        time.sleep(600)
    return original(*arguments, **options)

setattr(owner, name, held)
builder.COMMIT_EVERY["lexical"] = 3
builder.build([papers], folder, None)
print("done", flush=True)
"""


def hold(step: str, at: int, papers: Path, folder: Path) -> "subprocess.Popen[str]":
    """A process that builds and stands still in the middle of its commit number `at`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, step, str(at), str(papers), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


STEPS = {
    "nothing written": 2,
    "lexical folder forked": 2,
    "lexical index changed": 2,
    "lexical index written": 2,
    "segment written": 2,
    "manifest not yet renamed": 2,
    "manifest renamed": 3,
}


@pytest.mark.parametrize(("step", "committed"), STEPS.items())
def test_a_killed_build_goes_on_and_ends_like_one_that_was_not(
    step: str, committed: int, ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    with hold(step, 3, ten_papers, folder) as process:
        try:
            with pytest.raises(StorageError, match="another bioqa is writing"):
                builder.build([ten_papers], folder, None)
            assert len(titles(folder)) == 3 * committed, "readers see the last commit while a writer is at work"
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(titles(folder)) == 3 * committed
    assert builder.build([ten_papers], folder, None).records == 10 - 3 * committed
    assert found(folder) == uninterrupted_lexical
    assert_clean(folder)


def test_a_build_killed_while_segments_are_made_one_goes_on_and_ends_like_one_that_was_not(
    write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    papers, folder = write_jsonl("thirty.jsonl", records(30)), tmp_path / "index"
    with hold("segments made one", 1, papers, folder) as process:
        process.kill()
    assert len(titles(folder)) == 24
    assert len(read_manifest(folder).segments) == 8
    assert builder.build([papers], folder, None).records == 6
    assert len(read_manifest(folder).segments) == 1
    builder.build([papers], tmp_path / "whole", None)
    assert found(folder) == found(tmp_path / "whole")
    assert verify(folder) == []
    assert_clean(folder)


OFTEN = """
from bioqa.index.ingest import builder
builder.COMMIT_EVERY["lexical"] = 3
from bioqa.qa.cli.main import run
run()
"""


def is_held_by(process: int, folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return f'"process": {process},' in (folder / LOCK).read_text()
    return False


def kill_again_and_again(arguments: Sequence[str | Path], folder: Path, source: random.Random) -> int:
    """Runs a command until it ends, killed at random moments of its writing up to five times; returns how often."""
    kills = 0
    while True:
        commit = read_manifest(folder).commit if (folder / MANIFEST).exists() else 0
        process = subprocess.Popen(
            [sys.executable, "-c", OFTEN, "index", *map(str, arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None and not is_held_by(process.pid, folder):
            time.sleep(0.001)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(source.uniform(0, 0.1) if kills < 5 else None)
        if process.poll() is not None:
            assert process.returncode == 0
            return kills
        process.kill()
        process.wait()
        kills += 1
        if commit:
            assert read_manifest(folder).commit >= commit, "what was committed is lost"
            assert len(titles(folder)) == read_manifest(folder).documents


def test_killed_at_any_moment_the_real_commands_lose_nothing(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    baseline = write_jsonl("baseline.jsonl", records(60))
    revised = [{**record, "title": "Paper revised"} for record in records(48, 7)]
    update = [
        write_jsonl("update.jsonl", revised),
        xml_file(tmp_path / "z.xml", deletion(1, 8, 20, 99), article(8, "Paper")),
    ]
    whole, folder, source = tmp_path / "whole", tmp_path / "index", random.Random(8)
    builder.build([baseline], whole, None)
    kills = kill_again_and_again(["build", baseline, "--to", folder, "--encoder", "none"], folder, source)
    assert found(folder) == found(whole)
    builder.build(update, whole, None)
    kills += kill_again_and_again(["update", folder, *update], folder, source)
    assert kills > 2
    assert found(folder) == found(whole)
    assert read_manifest(folder).tokens == read_manifest(whole).tokens
    assert verify(folder) == []
    assert_clean(folder)


@pytest.mark.parametrize("step", ["nothing written", "lexical index changed", "manifest not yet renamed"])
def test_a_build_killed_before_its_first_commit_begins_again(
    step: str, ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    with hold(step, 1, ten_papers, folder) as process:
        process.kill()
    with pytest.raises(IndexFolderError, match="no index there"):
        Index(folder)
    builder.build([ten_papers], folder, None)
    assert found(folder) == uninterrupted_lexical
    assert_clean(folder)


# Readers meanwhile


def test_an_open_index_answers_from_its_commit_while_others_replace_it(
    ten_papers: Path, write_jsonl: WriteJsonl, encoder: Encoder, tmp_path: Path, often: None
) -> None:
    folder = tmp_path / "index"
    builder.build([ten_papers], folder, encoder)
    searched, untouched = Index(folder), Index(folder)

    def answers(index: Index) -> list[Any]:
        query = Query(QUERIES[0], encoder.encode([QUERIES[0]])[0])
        filters = (Filter(), Filter(1993, 2001))
        hits = [index.search(query, 50, mode=mode, filters=chosen) for mode in hybrid.MODES for chosen in filters]
        return [*hits, index.passages_of(["1", "2", "7"]), index.lexical.document_frequency("paper")]

    before = answers(searched)
    lexical = folder / "lexical" / searched.manifest.lexical

    class Reader(NoProgress):
        commits = 0

        def update(self, fraction: float, count: int) -> None:
            self.commits += read_manifest(folder).commit > searched.manifest.commit
            assert answers(searched) == before

    reader = Reader()
    revised = write_jsonl("revised.jsonl", [{**record, "abstract": "Cystic fibrosis gene."} for record in records(7)])
    builder.build([revised, xml_file(tmp_path / "z.xml", deletion(2, 9))], folder, encoder, progress=reader)
    assert reader.commits > 2
    assert not lexical.exists()
    assert answers(searched) == answers(untouched) == before
    assert answers(Index(folder)) != before


# Disks that refuse


def refuse(number: int) -> OSError:
    return OSError(number, os.strerror(number))


WAYS_TO_WRITE: dict[str, tuple[Any, str]] = {
    "np.save": (np, "save"),
    "os.fsync": (os, "fsync"),
    "renaming": (Path, "replace"),
    "copying": (shutil, "copy2"),
    "making folders": (Path, "mkdir"),
    "opening": (Path, "open"),
}


@contextlib.contextmanager
def refusing(way: str, number: int) -> Iterator[None]:
    """Makes one way of writing fail with an errno."""
    owner, name = WAYS_TO_WRITE[way]
    original: Any = getattr(owner, name)

    def failing(*arguments: Any, **options: Any) -> Any:
        if name == "open" and not {"w", "wb"} & {*map(str, arguments), *map(str, options.values())}:
            return original(*arguments, **options)
        raise refuse(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, failing)
        yield


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO], ids=errno.errorcode.get)
def test_a_disk_that_refuses_in_the_middle_leaves_the_last_commit_to_go_on_from(
    way: str, number: int, uninterrupted_lexical: list[Any], write_jsonl: WriteJsonl, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    builder.build([write_jsonl("first.jsonl", records(4))], folder, None)
    before, rest = found(folder), write_jsonl("rest.jsonl", records(6, 5))
    with refusing(way, number), pytest.raises(StorageError) as caught:
        builder.build([rest], folder, None)
    assert str(folder) in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert found(folder) == before
    assert read_manifest(folder).documents == 4
    builder.build([rest], folder, None)
    assert found(folder) == uninterrupted_lexical
    assert_clean(folder)


@pytest.mark.parametrize("owner", ["write_segment", "fork_lexical", "commit"])
def test_a_disk_full_in_a_later_commit_loses_only_what_came_after_the_one_before(
    owner: str,
    ten_papers: Path,
    uninterrupted_lexical: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    often: None,
) -> None:
    folder, original, calls = tmp_path / "index", getattr(builder, owner), [0]

    def full_at_the_third(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise refuse(errno.ENOSPC)
        return original(*arguments)

    monkeypatch.setattr(builder, owner, full_at_the_third)
    with pytest.raises(StorageError, match="No space left on device") as caught:
        builder.build([ten_papers], folder, None)
    assert "earlier commits are still there" in str(caught.value)
    assert len(titles(folder)) == 6
    assert_clean(folder)
    assert builder.build([ten_papers], folder, None).records == 4
    assert found(folder) == uninterrupted_lexical


def test_what_tantivy_could_not_write_is_a_storage_error_and_leaves_the_last_commit(
    ten_papers: Path, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object) -> None:
        raise ValueError("An IO error occurred: 'No space left on device (os error 28)'")

    folder = tmp_path / "index"
    builder.build([ten_papers], folder, None)
    monkeypatch.setattr(builder.LexicalWriter, "commit", full)
    with pytest.raises(StorageError, match="No space left on device") as caught:
        builder.build([write_jsonl("more.jsonl", records(3, 50))], folder, None)
    assert str(folder) in str(caught.value)
    assert len(titles(folder)) == 10
    monkeypatch.undo()
    builder.build([tmp_path / "more.jsonl"], folder, None)
    assert len(titles(folder)) == 13
    assert_clean(folder)


def test_a_first_build_on_a_full_disk_leaves_nothing(
    ten_papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise refuse(errno.ENOSPC)

    monkeypatch.setattr(builder, "write_segment", full)
    with pytest.raises(StorageError, match="No space left"):
        builder.build([ten_papers], tmp_path / "index", None)
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
def test_a_folder_that_cannot_be_written_to_is_named(
    number: int, ten_papers: Path, write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, original = tmp_path / "index", Path.open
    builder.build([ten_papers], folder, None)

    def read_only(self: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if self.is_relative_to(folder) and set(mode) & set("wax+"):
            raise refuse(number)
        return original(self, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(StorageError, match=os.strerror(number)) as caught:
        builder.build([write_jsonl("more.jsonl", records(1, 50))], folder, None)
    assert str(folder) in str(caught.value)
    assert len(titles(folder)) == 10


def test_a_file_in_place_of_the_folder_is_named_and_kept(ten_papers: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("mine")
    with pytest.raises(IndexFolderError) as caught:
        builder.build([ten_papers], path, None)
    assert str(path) in str(caught.value)
    assert path.read_text() == "mine"


# Two at once


def test_a_second_writer_is_refused_and_harms_nothing(
    ten_papers: Path, write_jsonl: WriteJsonl, uninterrupted_lexical: list[Any], tmp_path: Path, often: None
) -> None:
    folder, refused = tmp_path / "index", []
    more = write_jsonl("more.jsonl", records(3, 50))

    class Rival(NoProgress):
        def update(self, fraction: float, count: int) -> None:
            with pytest.raises(StorageError, match="another bioqa is writing") as caught:
                builder.build([more], folder, None)
            refused.append(str(caught.value))

    builder.build([ten_papers], folder, None, progress=Rival())
    assert len(refused) == 4
    assert all(str(folder) in message for message in refused)
    assert found(folder) == uninterrupted_lexical
    builder.build([more], folder, None)
    assert len(titles(folder)) == 13


def test_writers_to_different_folders_do_not_mind_each_other(
    ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path
) -> None:
    with storage.locked_for_writing(tmp_path / "other"):
        builder.build([ten_papers], tmp_path / "index", None)
    assert found(tmp_path / "index") == uninterrupted_lexical


# Records that try to break what they are written to


@pytest.mark.parametrize(
    "field",
    ["title", "abstract", "journal", "pmid", "mesh", "note"],
)
def test_half_a_character_does_not_stop_a_build(field: str, tmp_path: Path) -> None:
    value = '["x\\ud800y"]' if field == "mesh" else '"x\\ud800y"'
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"id": "1", "text": "paper", "{field}": {value}}}\n{{"id": "2", "text": "paper two"}}\n')
    builder.build([path], tmp_path / "index", None)
    assert "2" in [pmid for pmid, _ in titles(tmp_path / "index")]


def test_odd_characters_and_long_fields_come_back_as_they_were(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    odd = [
        {"pmid": 1, "title": "Paper \x00\x01\u2028\u2029\x85", "abstract": "line one\nline two\r\n\ttab"},
        {"id": "../../etc/passwd", "title": "Paper", "note": {"a": [1, None, {"b": "\x00"}]}},
        {"id": "x" * 5000, "title": "Paper " + "y" * 100_000},
        {"id": '"; DROP', "title": "Paper 😀 " + "e\u0301" * 3},
    ]
    builder.build([write_jsonl("a.jsonl", odd)], tmp_path / "index", None)
    hits = {
        hit.passage.document.id: hit.passage.document
        for hit in Index(tmp_path / "index").search(Query("paper", None), 9)
    }
    assert {name: document.title for name, document in hits.items()} == {
        str(r.get("pmid", r.get("id"))): unicodedata.normalize("NFC", str(r["title"])).strip() for r in odd
    }
    assert hits["1"].abstract == "line one line two tab"
    assert hits["../../etc/passwd"].extra == {"note": {"a": [1, None, {"b": "\x00"}]}}
    builder.build(
        [write_jsonl("b.jsonl", [{**record, "title": "Paper again"} for record in odd])], tmp_path / "index", None
    )
    assert {title for _, title in titles(tmp_path / "index")} == {"Paper again"}


def test_deep_nesting_in_a_field_nobody_reads_does_not_stop_a_build(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        f'{{"id": "{depth}", "text": "paper", "deep": {"[" * depth + "]" * depth}}}\n' for depth in range(50, 1050, 50)
    ]
    path.write_text("".join(lines) + '{"id": "last", "text": "paper"}\n')
    report = builder.build([path], tmp_path / "index", None)
    assert report.records + report.unusable == 21
    assert "last" in [pmid for pmid, _ in titles(tmp_path / "index")]


# Damage before an update


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """An index with vectors after updates that replaced and deleted. Not to be written to."""
    folder = tmp_path_factory.mktemp("aged")
    for number, records in enumerate([[1, 2, 3, 4, 5], [2, 6], [7]]):
        lines = [
            json.dumps({"pmid": pmid, "title": f"Gene {pmid} of {number}", "abstract": "Insulin."}) for pmid in records
        ]
        (folder / f"{number}.jsonl").write_text("\n".join(lines))
        builder.build([folder / f"{number}.jsonl"], folder / "index", encoder)
    xml = "<PubmedArticleSet><DeleteCitation><PMID>3</PMID></DeleteCitation></PubmedArticleSet>"
    (folder / "pubmed26n1400.xml").write_text(xml)
    builder.build([folder / "pubmed26n1400.xml"], folder / "index", encoder)
    assert read_manifest(folder / "index").removed
    assert read_manifest(folder / "index").withdrawn
    return folder / "index"


def test_no_update_signs_what_changed_before_it(aged: Path, tmp_path: Path, encoder: Encoder) -> None:
    (tmp_path / "more.jsonl").write_text('{"pmid": 4, "title": "Again"}\n{"pmid": 9, "title": "New"}\n')
    chance = random.Random(11)
    for file in sorted(path.relative_to(aged) for path in aged.rglob("*") if path.is_file() and path.stat().st_size):
        if file.suffix == ".lock":
            continue
        shutil.rmtree(tmp_path / "index", ignore_errors=True)
        shutil.copytree(aged, tmp_path / "index")
        content = bytearray((tmp_path / "index" / file).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (tmp_path / "index" / file).write_bytes(content)
        with contextlib.suppress(IndexFolderError):
            builder.build([tmp_path / "more.jsonl"], tmp_path / "index", encoder)
        assert [found for found in verify(tmp_path / "index") if not found.harmless], file


def test_no_search_answers_otherwise_after_a_byte_changed(aged: Path, tmp_path: Path, encoder: Encoder) -> None:
    query = Query("insulin gene", encoder.encode_question("insulin gene"))

    def answer(folder: Path) -> list[tuple[str, str, float]]:
        hits = Index(folder).search(query, 9)
        return [(hit.passage.document.id, hit.passage.text, hit.score) for hit in hits]

    folder, chance, told = shutil.copytree(aged, tmp_path / "index"), random.Random(12), 0
    expected = answer(folder)
    for file in (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock"):
        content = file.read_bytes()
        for _ in range(3 if content else 0):
            changed = bytearray(content)
            changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            file.write_bytes(changed)
            try:
                assert answer(folder) == expected, file
            except IndexFolderError:
                told += 1
        file.write_bytes(content)
    assert told > 40
    assert answer(folder) == expected


def test_an_index_from_before_there_were_checksums_is_searched_and_updated(
    aged: Path, tmp_path: Path, encoder: Encoder
) -> None:
    folder, query = shutil.copytree(aged, tmp_path / "index"), Query("insulin gene", encoder.encode_question("gene"))
    expected = Index(folder).search(query, 9)
    state = read_manifest(folder)
    for path in folder.rglob("checksums.npy"):
        path.unlink()
    old = [
        replace(part, files={name: size for name, size in part.files.items() if name != "checksums.npy"})
        for part in state.segments
    ]
    kept = {name: made for name, made in state.digests.items() if not name.endswith("checksums.npy")}
    write_manifest(folder, replace(state, segments=tuple(old), digests=kept))
    assert verify(folder) == []
    assert Index(folder).search(query, 9) == expected
    damaged = shutil.copytree(folder, tmp_path / "damaged")
    content = bytearray((damaged / "segments/000001/documents.jsonl").read_bytes())
    content[content.index(b"Insulin")] ^= 1
    (damaged / "segments/000001/documents.jsonl").write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"documents\.jsonl has changed since it was written"):
        Index(damaged).search(query, 9)
    (tmp_path / "more.jsonl").write_text('{"pmid": 9, "title": "New"}\n')
    builder.build([tmp_path / "more.jsonl"], folder, encoder)
    assert verify(folder) == []
    assert Index(folder).manifest.documents == state.documents + 1


def test_passages_that_the_lexical_index_lost_are_not_committed(
    ten_papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = builder.LexicalWriter.commit

    def losing(writer: builder.LexicalWriter) -> None:
        writer.remove(0)
        commit(writer)

    monkeypatch.setattr(builder.LexicalWriter, "commit", losing)
    with pytest.raises(StorageError, match=r"of \d+ passages can be found"):
        builder.build([ten_papers], tmp_path / "index", None)
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_every_file_can_be_read_by_whom_the_umask_lets(mask: int, mode: int, ten_papers: Path, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        for _ in range(2):
            builder.build([ten_papers], tmp_path / "index", None)
            (tmp_path / "more.jsonl").write_text('{"pmid": 99, "title": "More"}\n')
            builder.build([tmp_path / "more.jsonl"], tmp_path / "index", None)
    finally:
        os.umask(before)
    files = [path for path in (tmp_path / "index").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {oct(mode)}


def test_what_waits_for_a_commit_has_an_end_in_bytes_and_ranks_the_same(
    ten_papers: Path, uninterrupted_lexical: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "COMMIT_SIZE", 3_000)
    builder.build([ten_papers], tmp_path / "index", None)
    assert found(tmp_path / "index") == uninterrupted_lexical
    assert read_manifest(tmp_path / "index").commit > 2


def test_of_bad_records_a_few_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "1", "title": "Paper"}\n' + b"x\n" * 5000)
    report = builder.build([path], tmp_path / "index", None)
    assert (report.records, report.unusable) == (1, 5000)
    assert [bad.place for bad in report.bad_records] == [f"line {number}" for number in range(2, 7)]


def test_a_file_of_nothing_but_bad_records_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "_MOST_UNUSABLE", 100)
    good = "".join(f'{{"id": "{number}", "title": "Paper"}}\n' for number in range(40))
    bad, mixed = tmp_path / "bad.jsonl", tmp_path / "mixed.jsonl"
    bad.write_text(good[:30] + "\nx" * 5000)
    mixed.write_text((good + "x\n" * 90) * 3 + good)
    report = builder.build([bad, mixed], tmp_path / "index", None)
    assert [str(error) for error in report.bad_files] == [
        f"{bad}: 101 of 102 records cannot be used, so the rest is not read; the file is damaged or of another format"
    ]
    assert report.unusable == 101 + 270


def test_an_error_is_kept_without_what_was_read_by_then(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<PubmedArticleSet>")
    (error,) = builder.build([path], tmp_path / "index", None).bad_files
    assert (error.__traceback__, error.__context__) == (None, None)


def test_what_cannot_be_listed_is_a_bad_file_and_the_rest_is_indexed(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_jsonl("in/a.jsonl", records(2))
    (tmp_path / "in" / "b.jsonl").symlink_to("gone")
    report = builder.build([tmp_path / "in"], tmp_path / "index", None)
    assert report.records == 2
    assert [str(error) for error in report.bad_files] == [f"{tmp_path}/in/b.jsonl: No such file or directory"]


def test_deletions_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "_MOST_WITHDRAWN", 50)
    path = numbered(tmp_path, 1, article(900, "Paper"), *(deletion(number) for number in range(1, 100)))
    report = builder.build([path], tmp_path / "index", None)
    assert "withdraws more than 50 documents" in str(report.bad_files[0])
    assert len(titles(tmp_path / "index")) == 1


def test_as_many_deletions_as_are_taken_are_a_small_part_of_a_manifest() -> None:
    deleted = {str(10_000_000 + number): 1400 for number in range(builder._MOST_WITHDRAWN)}
    assert len(json.dumps(deleted)) < manifest._MOST_BYTES / 5


def test_a_document_that_is_replaced_is_read_once_however_many_passages_it_has(
    write_jsonl: WriteJsonl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {"id": "1", "title": "Paper", "abstract": "Mice were studied. " * 5000}
    builder.build([write_jsonl("a.jsonl", [long])], tmp_path / "index", None)
    count = 0
    document = Segment.document

    def counted(self: Segment, row: int) -> Document:
        nonlocal count
        count += 1
        return document(self, row)

    monkeypatch.setattr(Segment, "document", counted)
    builder.build([write_jsonl("b.jsonl", [long | {"title": "Paper again"}])], tmp_path / "index", None)
    assert count <= 3


def test_a_build_is_read_by_the_workers_that_it_is_given(ten_papers: Path, tmp_path: Path) -> None:
    class Noting:
        def __init__(self) -> None:
            self.files: list[str] = []

        def entries(self, file: CorpusFile) -> Iterator[PreparedRecord]:
            self.files.append(file.path.name)
            return map(prepare, file.records())

    workers = Noting()
    builder.build([ten_papers], tmp_path / "given", None, workers=workers)
    builder.build([ten_papers], tmp_path / "own", None)
    assert workers.files == [ten_papers.name]
    assert found(tmp_path / "given") == found(tmp_path / "own")
