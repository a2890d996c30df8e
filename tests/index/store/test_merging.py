import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.errors import IndexFolderError
from bioqa.index.ingest import builder
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Document, Hit
from bioqa.index.search import hybrid
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.index.store import merging, snapshot, storage
from bioqa.index.store.manifest import Manifest, read_manifest, write_manifest
from bioqa.index.store.segments import Store
from bioqa.index.verification import verify

EMPTY = Manifest(analyzer="a", passage_words=150, encoder=None)


def grown(commits: Sequence[int]) -> tuple[list[int], list[int]]:
    """The segments after so many documents came with each commit, and how often those of each were written again."""
    segments: list[list[int]] = []
    written = [0] * len(commits)
    for number in range(len(commits)):
        segments.append([number])
        count = merging.count_to_merge([sum(commits[n] for n in segment) for segment in segments])
        if count:
            segments[-count:] = [[n for segment in segments[-count:] for n in segment]]
            for n in segments[-1]:
                written[n] += 1
    return [sum(commits[n] for n in segment) for segment in segments], written


@pytest.mark.parametrize(
    ("documents", "count"),
    [
        ([], 0),
        ([5000] * 7, 0),
        ([5000] * 8, 8),
        ([40_000] + [5000] * 7, 0),
        ([40_000] + [5000] * 8, 8),
        ([40_000] * 7 + [5000] * 8, 15),
        ([5000, 3] * 4, 8),
        ([5000] + [0] * 8, 8),
        ([2_000_000] + [1] * 7, 0),
        ([merging.MOST_DOCUMENTS // 8] * 8, 8),
        ([merging.MOST_DOCUMENTS // 8 + 1] * 8, 0),
    ],
)
def test_the_last_segments_are_made_one_where_they_are_many_and_alike(documents: list[int], count: int) -> None:
    assert merging.count_to_merge(documents) == count


@pytest.mark.parametrize(("documents", "each", "segments"), [(38_000_000, 5000, 60), (38_000_000, 50_000, 60)])
def test_all_of_pubmed_is_few_segments(documents: int, each: int, segments: int) -> None:
    sizes, written = grown([each] * (documents // each))
    assert sum(sizes) == documents
    assert len(sizes) < segments
    assert max(written) <= 4


@given(commits=st.lists(st.integers(0, 50_000), max_size=400))
def test_whatever_comes_stays_few_segments_and_is_not_often_written(commits: list[int]) -> None:
    sizes, written = grown(commits)
    assert sum(sizes) == sum(commits)
    assert max(sizes, default=0) <= merging.MOST_DOCUMENTS
    assert len(sizes) <= 40
    assert max(written, default=0) <= math.log(max(1, sum(commits)), 4) + 8


def segment(number: int, documents: int, dimensions: int) -> tuple[list[Document], list[list[tuple[int, int]]], object]:
    """So many documents with none, one and two passages in turn, and the vectors of these."""
    made = [Document(f"{number}-{row}", f"Títle {number} {row}", "α" * row) for row in range(documents)]
    ranges = [[(0, 3), (3, 5)][: row % 3] for row in range(documents)]
    passages = sum(map(len, ranges))
    vectors = np.random.default_rng(number).normal(size=(passages, dimensions)) if dimensions else None
    return made, ranges, vectors


def written(folder: Path, sizes: Sequence[int], dimensions: int) -> Manifest:
    """A commit with segments of so many documents each."""
    (folder / "lexical/000001").mkdir(parents=True)
    infos = [
        storage.write_segment(folder, f"{number:06}", *segment(number, size, dimensions))
        for number, size in enumerate(sizes, start=1)
    ]
    before = replace(EMPTY, commit=len(sizes))
    return storage.commit(folder, before, replace(before, segments=tuple(infos), lexical="000001"))


def contents(folder: Path, dimensions: int) -> list[object]:
    store = Store(folder, read_manifest(folder))
    found: list[object] = [store.document(row) for row in range(store.next_document)]
    found += [store.passage(number) for number in range(store.next_passage)]
    found += [vector for part in store.segments if dimensions for vector in part.vectors.tolist()]
    return [*found, store.passages_of(np.arange(store.next_document)).tolist()]


@pytest.mark.parametrize("dimensions", [0, 4])
@pytest.mark.parametrize("sizes", [[3] * 8, [30, 3, 0, 4, 5, 3, 1, 3, 6], [0] * 8])
@pytest.mark.parametrize("block", [5, 1_000_000])
def test_what_is_made_one_holds_what_the_parts_held(
    dimensions: int, sizes: list[int], block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_BLOCK", block)
    before = written(tmp_path, sizes, dimensions)
    held = contents(tmp_path, dimensions)
    after = merging.merge(tmp_path, before)
    assert read_manifest(tmp_path) == after
    assert len(after.segments) == len(sizes) - 7
    assert after.segments[-1].documents == sum(sizes[-8:])
    assert contents(tmp_path, dimensions) == held
    assert {path.name for path in (tmp_path / "segments").iterdir()} == {part.name for part in after.segments}
    assert all(storage.digests.sha256_of(tmp_path / name) == made for name, made in after.digests.items())


def test_where_nothing_is_due_nothing_is_committed(tmp_path: Path) -> None:
    before = written(tmp_path, [3] * 7, 0)
    assert merging.merge(tmp_path, before) is before
    assert read_manifest(tmp_path) == before


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy", "vectors.npy"])
def test_a_changed_byte_is_told_and_not_written_again(name: str, tmp_path: Path) -> None:
    before = written(tmp_path, [3] * 8, 4)
    file = tmp_path / "segments/000005" / name
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(IndexFolderError, match=f"{name} has changed since it was written") as caught:
        merging.merge(tmp_path, before)
    assert str(file) in str(caught.value)
    assert read_manifest(tmp_path) == before


@pytest.fixture
def twenty(tmp_path: Path) -> list[Path]:
    """Twenty files with a paper each; every fifth one revises the one before."""
    paths = [tmp_path / f"{number:02}.jsonl" for number in range(20)]
    for number, path in enumerate(paths):
        paper = {"pmid": number - (number % 5 == 4), "title": f"Paper {number}", "abstract": "On genes. " * number}
        path.write_text(json.dumps(paper) + "\n")
    return paths


def answers(index: Index, encoder: Encoder) -> list[list[Hit]]:
    query = Query("paper on genes", encoder.encode(["paper on genes"])[0])
    return [index.search(query, 50, mode=mode) for mode in hybrid.MODES]


def test_updates_day_by_day_search_as_one_build_and_an_open_index_goes_on(
    twenty: list[Path], encoder: Encoder, tmp_path: Path
) -> None:
    folder, whole = tmp_path / "index", tmp_path / "whole"
    for path in twenty[:4]:
        builder.build([path], folder, encoder)
    opened = Index(folder)
    before = answers(opened, encoder)
    for path in twenty[4:]:
        builder.build([path], folder, encoder)
    builder.build(twenty, whole, encoder)
    assert len(read_manifest(folder).segments) < 8
    assert not (folder / "segments/000001").exists()
    assert answers(opened, encoder) == before
    for found, wanted in zip(answers(Index(folder), encoder), answers(Index(whole), encoder), strict=True):
        assert [(hit.passage.document, hit.passage.start) for hit in found] == [
            (hit.passage.document, hit.passage.start) for hit in wanted
        ]
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-6)
    assert verify(folder) == []


def test_an_index_whose_files_are_made_one_while_it_is_opened_is_that_of_the_new_commit(
    twenty: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    builder.build(twenty[:1], folder, None)
    outdated = read_manifest(folder)
    for path in twenty[1:]:
        builder.build([path], folder, None)
    states = iter([outdated])
    monkeypatch.setattr(snapshot, "read_manifest", lambda folder: next(states, None) or read_manifest(folder))
    assert Index(folder).manifest == read_manifest(folder)


def test_files_that_are_gone_for_good_are_told(twenty: list[Path], tmp_path: Path) -> None:
    builder.build(twenty[:1], tmp_path / "index", None)
    write_manifest(tmp_path / "index", replace(read_manifest(tmp_path / "index"), lexical="000009"))
    with pytest.raises(IndexFolderError, match="000009"):
        Index(tmp_path / "index")
