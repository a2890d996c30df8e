import hashlib
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.search import ivf
from bioqa.index.search.flat import VectorRows
from bioqa.index.search.ivf import InvertedLists
from bioqa.index.store.manifest import InvertedListsInfo
from bioqa.index.store.planner import IvfDesign

MakeRows = Callable[[int, int], Array]
RowsOf = Callable[[Sequence[Array]], VectorRows]
NOTHING = np.empty(0, dtype=np.int64)
DESIGN = IvfDesign("sq4", lists=20, probes=5, refine=2, sample=600)


@pytest.fixture
def rows(unit_rows: MakeRows, rows_of: RowsOf) -> VectorRows:
    """Two thousand rows in three segments."""
    every = unit_rows(2000, 1)
    return rows_of([every[:700], every[700:701], every[701:]])


def write(folder: Path, rows: VectorRows, design: IvfDesign = DESIGN, left_out: Array = NOTHING) -> InvertedListsInfo:
    size = ivf.write(folder / "lists.faiss", rows, design, left_out)
    return InvertedListsInfo(
        "lists.faiss", size, design.codes, design.lists, design.probes, design.refine, len(rows), len(left_out)
    )


@pytest.mark.parametrize("codes", ["sq4", "rabitq"])
def test_the_same_rows_give_the_same_file(codes: str, tmp_path: Path, rows: VectorRows) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, rows, replace(DESIGN, codes=codes))
    assert (tmp_path / "one/lists.faiss").read_bytes() == (tmp_path / "two/lists.faiss").read_bytes()


@pytest.mark.parametrize("codes", ["sq4", "rabitq"])
def test_it_equals_what_faiss_makes_of_the_same_rows_in_one_go(codes: str, tmp_path: Path, rows: VectorRows) -> None:
    write(tmp_path, rows, replace(DESIGN, codes=codes))
    ours = faiss.read_index(str(tmp_path / "lists.faiss"))
    theirs = faiss.read_index(str(tmp_path / "lists.faiss"))
    theirs.reset()
    theirs.add(rows.read(np.arange(len(rows))))
    for place in range(DESIGN.lists):
        size = ours.invlists.list_size(place)
        assert size == theirs.invlists.list_size(place)
        if size:
            for of, width in (("get_ids", 1), ("get_codes", ours.code_size)):
                made, wanted = (getattr(index.invlists, of)(place) for index in (ours, theirs))
                assert (faiss.rev_swig_ptr(made, size * width) == faiss.rev_swig_ptr(wanted, size * width)).all()
    assert ours.ntotal == theirs.ntotal == len(rows)


def test_every_row_but_those_left_out_is_in_one_list(tmp_path: Path, rows: VectorRows) -> None:
    write(tmp_path, rows, left_out=np.array([0, 700, 1999]))
    index = faiss.read_index(str(tmp_path / "lists.faiss"))
    lists = index.invlists
    numbers = [
        number
        for place in range(DESIGN.lists)
        if lists.list_size(place)
        for number in faiss.rev_swig_ptr(lists.get_ids(place), lists.list_size(place)).tolist()
    ]
    assert sorted(numbers) == [number for number in range(2000) if number not in (0, 700, 1999)]


def test_more_lists_are_read_until_enough_is_found(tmp_path: Path, rows: VectorRows, unit_rows: MakeRows) -> None:
    lists = InvertedLists(tmp_path, write(tmp_path, rows, replace(DESIGN, probes=1)))
    vector = unit_rows(1, 5)[0].astype(np.float32)
    eligible = np.zeros(2000, dtype=bool)
    eligible[::40] = True
    assert len(lists.candidates(vector, 100, eligible, at_least=0)) < 50
    assert lists.candidates(vector, 100, eligible, at_least=50).tolist() == np.flatnonzero(eligible).tolist()


def test_few_asked_for_have_as_many_candidates_as_the_first_of_many(
    tmp_path: Path, rows: VectorRows, unit_rows: MakeRows
) -> None:
    lists = InvertedLists(tmp_path, write(tmp_path, rows))
    vector = unit_rows(1, 6)[0].astype(np.float32)
    one, many = (lists.candidates(vector, k, None, at_least=k) for k in (1, 100))
    assert one.tolist() == many.tolist()


def test_a_missing_or_cut_file_is_named_with_the_cure(tmp_path: Path, rows: VectorRows) -> None:
    info = write(tmp_path, rows)
    path = tmp_path / info.file
    content = path.read_bytes()
    for damaged in (content[:-1], content + b"x", b""):
        path.write_bytes(damaged)
        with pytest.raises(
            IndexFolderError, match="not have the size it was written with; run 'bioqa index build'"
        ) as e:
            InvertedLists(tmp_path, info)
        assert str(path) in str(e.value)
    path.unlink()
    with pytest.raises(IndexFolderError, match=r"lists\.faiss is missing; run 'bioqa index build' again"):
        InvertedLists(tmp_path, info)


def test_a_file_of_something_else_is_named_with_the_cure(tmp_path: Path, rows: VectorRows) -> None:
    info = write(tmp_path, rows)
    (tmp_path / info.file).write_bytes(random.Random(1).randbytes(info.bytes))
    with pytest.raises(IndexFolderError, match="damaged") as caught:
        InvertedLists(tmp_path, info)
    assert "again, which rebuilds it" in str(caught.value)


def test_a_disk_that_refuses_is_named(tmp_path: Path, rows: VectorRows) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        ivf.write(tmp_path / "nowhere/lists.faiss", rows, DESIGN, NOTHING)


def test_a_changed_byte_is_found_before_faiss_reads_it_or_at_the_first_search(
    tmp_path: Path, rows: VectorRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = write(tmp_path, rows)
    path = tmp_path / info.file
    content = bytearray(path.read_bytes())
    digest = hashlib.sha256(content).hexdigest()
    assert len(InvertedLists(tmp_path, info, 16, digest).candidates(np.ones(16, np.float32), 5, None, 5))
    content[-50] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexFolderError, match="has changed since it was written"):
        InvertedLists(tmp_path, info, 16, digest)
    monkeypatch.setattr(ivf, "_AT_ONCE", 0)
    lists = InvertedLists(tmp_path, info, 16, digest)
    with pytest.raises(IndexFolderError, match="has changed since it was written"):
        lists.candidates(np.ones(16, np.float32), 5, None, 5)
    with pytest.raises(IndexFolderError, match="does not begin as lists"):
        InvertedLists(tmp_path, info, 8, digest)


def test_a_file_that_is_cut_while_it_is_mapped_is_named(tmp_path: Path, rows: VectorRows) -> None:
    info = write(tmp_path, rows)
    lists = InvertedLists(tmp_path, info)
    os.truncate(tmp_path / info.file, 100)
    with pytest.raises(IndexFolderError, match="truncated while it was read"):
        lists.candidates(np.ones(16, np.float32), 5, None, 5)
