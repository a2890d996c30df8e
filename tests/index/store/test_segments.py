import builtins
import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.errors import IndexFolderError
from bioqa.index.records import Document, Section
from bioqa.index.store import segments, storage
from bioqa.index.store.manifest import Manifest
from bioqa.index.store.segments import Segment, Store

EMPTY = Manifest(analyzer="a", passage_words=150, encoder=None)
FULL = Document(
    "note:1", "Über α\u2028β", "Zeile\neins. 你好 😀 \x00.", 1999, "Gut", ("Doe J",), ("Humans", "Mice"), ("Review",),
    "ger", 2, {"doi": "10.1/x", "nested": {"a": [1, None, True]}}, "retracted",
    (Section("Methods: Mäuse", "Eine.\nZwei."), Section("", "Drei.")),
)  # fmt: skip
DOCUMENTS = [FULL, Document("2"), Document("3", "Only a title"), Document("4", "", "Only an abstract.")]
RANGES = [[(7, 10), (10, 20)], [], [(0, 12)], [(0, 17)]]
VECTORS = np.arange(8, dtype=np.float32).reshape(4, 2) / 8


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    """The four documents, written."""
    return Segment(tmp_path, storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, VECTORS))


def test_documents_come_back_as_they_were(segment: Segment) -> None:
    assert [segment.document(row) for row in range(4)] == DOCUMENTS


def test_passages_and_vectors_come_back_as_they_were(segment: Segment) -> None:
    assert segment.passages.tolist() == [[0, 7, 10], [0, 10, 20], [2, 0, 12], [3, 0, 17]]
    assert segment.vectors.dtype == np.float16
    assert segment.vectors.tolist() == VECTORS.tolist()
    assert (segment.info.documents, segment.info.passages) == (4, 4)


@settings(max_examples=30)
@given(
    st.lists(st.builds(Document, st.text(min_size=1, max_size=5), st.text(max_size=9), st.text(max_size=9)), max_size=5)
)
def test_any_text_comes_back_as_it_was(documents: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = storage.write_segment(Path(folder), "000001", documents, [[] for _ in documents], None)
        found = Segment(Path(folder), written)
        assert [found.document(row) for row in range(len(documents))] == documents


def test_the_files_are_ones_a_person_can_open(segment: Segment, tmp_path: Path) -> None:
    folder = tmp_path / "segments/000001"
    lines = (folder / "documents.jsonl").read_bytes().split(b"\n")
    assert json.loads(lines[0])["title"] == FULL.title
    assert "你好".encode() in lines[0]
    assert len(lines) == 5
    for file in folder.glob("*.npy"):
        np.load(file, allow_pickle=False)
    assert {file.name for file in folder.iterdir()} == set(segment.info.files)


def test_a_lexical_segment_has_no_vectors(tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, None)
    assert "vectors.npy" not in info.files
    assert not (tmp_path / "segments/000001/vectors.npy").exists()


def test_an_empty_segment_can_be_opened(tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", [], [], np.empty((0, 2), np.float32))
    empty = Segment(tmp_path, info)
    assert empty.passages.shape == (0, 3)
    assert empty.vectors.shape == (0, 2)
    store = Store(tmp_path, replace(EMPTY, segments=(info,)))
    assert (store.next_document, store.next_passage) == (0, 0)
    assert store.passages_of(np.array([0, 1])).tolist() == []


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy", "vectors.npy"])
@pytest.mark.parametrize("damage", ["missing", "shorter", "longer", "empty", "a folder"])
def test_a_file_that_is_missing_or_of_another_size_is_named(
    name: str, damage: str, segment: Segment, tmp_path: Path
) -> None:
    file = tmp_path / "segments/000001" / name
    content = file.read_bytes()
    file.unlink()
    match damage:
        case "shorter":
            file.write_bytes(content[:-1])
        case "longer":
            file.write_bytes(content + b"\n")
        case "empty":
            file.write_bytes(b"")
        case "a folder":
            file.mkdir()
    with pytest.raises(IndexFolderError, match=r"is missing|does not have the size") as caught:
        Segment(tmp_path, segment.info)
    assert str(file) in str(caught.value)
    assert "rebuild" in str(caught.value)


def test_no_more_texts_stay_in_memory_than_may(
    tmp_path: Path, resident_bytes: Callable[[Path], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "TEXTS_KEPT", 4_500_000)
    documents = [Document(str(number), "Title", "Text. " * 2000) for number in range(1000)]
    info = storage.write_segment(tmp_path, "000001", documents, [[(0, 5)]] * 1000, None)
    store = Store(tmp_path, replace(EMPTY, segments=(info,)))
    assert all(store.passage(number).document == documents[number] for number in range(1000))
    assert [store.place(number)[0] for number in range(1000)] == [document.id for document in documents]
    assert info.files["documents.jsonl"] > 12_000_000
    assert resident_bytes(tmp_path / "segments/000001/documents.jsonl") < 4_500_000
    assert resident_bytes(tmp_path / "segments/000001/passages.npy") > 0


def test_what_is_held_stays_readable_without_its_files(segment: Segment, tmp_path: Path) -> None:
    segment.map_files()
    shutil.rmtree(tmp_path / "segments")
    assert [segment.document(row) for row in range(4)] == DOCUMENTS
    assert segment.passages.tolist() == [[0, 7, 10], [0, 10, 20], [2, 0, 12], [3, 0, 17]]
    assert segment.vectors.tolist() == VECTORS.tolist()


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy", "vectors.npy"])
def test_a_file_that_cannot_be_opened_is_named_with_the_reason(
    name: str, segment: Segment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: Path | str, *_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(file))

    for owner in (Path, builtins):
        monkeypatch.setattr(owner, "open", refused)
    reads = {"documents.jsonl": "_lines", "documents.npy": "offsets"}
    with pytest.raises(IndexFolderError, match=r"cannot be read \(Too many open files\)") as caught:
        getattr(segment, reads.get(name, name.removesuffix(".npy")))
    assert str(tmp_path / "segments/000001" / name) in str(caught.value)


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy"])
def test_a_file_of_the_right_size_that_holds_zeros_is_named(name: str, segment: Segment, tmp_path: Path) -> None:
    """What a crash of the machine leaves of a file whose data had not reached the disk."""
    file = tmp_path / "segments/000001" / name
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(IndexFolderError, match=name):
        Store(tmp_path, replace(EMPTY, segments=(segment.info,))).passage(0)


def three_segments(folder: Path) -> Store:
    """Documents 0-3, none, and 4-5; passages 0-3, none, and 4-6; document 2 removed."""
    more = [Document("5", "Five", "abc def"), Document("6", "Six")]
    infos = (
        storage.write_segment(folder, "000001", DOCUMENTS, RANGES, None),
        storage.write_segment(folder, "000002", [], [], None),
        storage.write_segment(folder, "000003", more, [[(5, 8), (9, 12)], [(0, 3)]], None),
    )
    np.save(folder / "removed-000003.npy", np.array([2], dtype=np.int64))
    return Store(folder, replace(EMPTY, segments=infos, removed="removed-000003.npy"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three segments in the test's folder."""
    return three_segments(tmp_path)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three segments that no test changes."""
    return three_segments(tmp_path_factory.mktemp("store"))


def test_rows_run_on_over_segments(store: Store) -> None:
    assert [store.document(row).id for row in range(6)] == ["note:1", "2", "3", "4", "5", "6"]
    assert [store.passage(number).document.id for number in range(7)] == ["note:1", "note:1", "3", "4", "5", "5", "6"]
    assert [store.passage(number).number for number in range(7)] == list(range(7))
    assert [store.passage(number).text for number in range(4, 7)] == ["abc", "def", "Six"]
    assert (store.next_document, store.next_passage) == (6, 7)
    assert store.removed.tolist() == [2]


@given(rows=st.lists(st.integers(0, 9)))
def test_the_passages_of_documents_are_those_that_name_them(rows: list[int], shared_store: Store) -> None:
    wanted = [number for number in range(7) if [0, 0, 2, 3, 4, 4, 5][number] in rows]
    assert shared_store.passages_of(np.array(rows, dtype=np.int64)).tolist() == wanted


@given(rows=st.lists(st.integers(0, 5), unique=True).map(sorted))
def test_a_segment_knows_the_passages_of_its_documents(rows: list[int], shared_store: Store) -> None:
    wanted = [row for row, home in enumerate([0, 0, 2, 3]) if home in rows]
    assert shared_store.segments[0].passages_of(np.array(rows, dtype=np.int64)).tolist() == wanted


def test_passages_that_are_not_in_the_order_of_their_documents_are_told(tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", DOCUMENTS, [[(0, 1), (1, 2)], [(0, 1)], [(0, 1)], [(0, 1)]], None)
    file = tmp_path / "segments/000001/passages.npy"
    rows = np.load(file)
    rows[:, 0] = [0, 0, 1, 3, 1]
    np.save(file, rows)
    with pytest.raises(IndexFolderError, match=r"passages\.npy: damaged \(its documents do not ascend"):
        Segment(tmp_path, info).passages_of(np.array([0, 2]))


@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_damaged_list_of_removed_documents_is_named(damage: str, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "removed-000003.npy"
    content = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(content[:-3] if damage == "cut" else b"")
    infos = tuple(part.info for part in store.segments)
    with pytest.raises(IndexFolderError) as caught:
        Store(tmp_path, replace(EMPTY, segments=infos, removed=file.name))
    assert str(file) in str(caught.value)


LINE = {"id": "1", "title": "Only a title", "authors": [], "mesh": [], "publication_types": [], "sections": []}


@pytest.mark.parametrize(
    "line",
    [
        "[]", "null", "5", "[" * 300, "\x00", "9" * 5000, '{"title": "x"}', '{"id": 5}',
        json.dumps(LINE | {"title": 5}),
        json.dumps(LINE | {"authors": 5}), json.dumps(LINE | {"authors": [5]}), json.dumps(LINE | {"mesh": None}),
        json.dumps(LINE | {"sections": [5]}), json.dumps(LINE | {"sections": [{"heading": 1, "text": "x"}]}),
        json.dumps(LINE | {"year": "x"}), json.dumps(LINE | {"version": None}), json.dumps(LINE | {"extra": 5}),
        json.dumps(LINE | {"unheard": 5}), json.dumps({"id": "1"}),
    ],
    ids=lambda line: line[:60],
)  # fmt: skip
def test_a_line_that_is_no_document_is_named_in_one_line(line: str, tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", [Document("1", "T" * 6000)], [[(0, 1)]], None)
    path = tmp_path / "segments/000001/documents.jsonl"
    path.write_bytes(line.encode().ljust(info.files["documents.jsonl"] - 1) + b"\n")
    old = replace(info, files={name: size for name, size in info.files.items() if name != "checksums.npy"})
    store = Store(tmp_path, replace(EMPTY, segments=(old,)))
    with pytest.raises(IndexFolderError, match=r"documents\.jsonl: damaged \(line 1: ") as caught:
        store.passage(0)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 300
    with contextlib.suppress(IndexFolderError):
        assert isinstance(store.place(0)[0], str)


@pytest.mark.parametrize("row", [[1, 0, 1], [-1, 0, 1], [0, -1, 1], [0, 5, 1], [2**31 - 1, 0, 1]])
def test_a_passage_of_no_document_is_named(row: list[int], tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", [Document("1", "Title")], [[(0, 5)]], None)
    np.save(tmp_path / "segments/000001/passages.npy", np.array([row], dtype=np.int32))
    old = replace(info, files={name: size for name, size in info.files.items() if name != "checksums.npy"})
    store = Store(tmp_path, replace(EMPTY, segments=(old,)))
    for read in (store.passage, store.place):
        with pytest.raises(IndexFolderError, match=r"passages\.npy: damaged \(passage 0 lies in no document"):
            read(0)


@pytest.mark.parametrize("offsets", [[0, 0], [5, 2], [-9, 20], [0, 10**9], [10**9, 2 * 10**9]])
def test_offsets_outside_the_lines_are_named(offsets: list[int], tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", [Document("1", "Title")], [[(0, 5)]], None)
    np.save(tmp_path / "segments/000001/documents.npy", np.array(offsets, dtype=np.int64))
    old = replace(info, files={name: size for name, size in info.files.items() if name != "checksums.npy"})
    with pytest.raises(IndexFolderError, match=r"documents\.npy: damaged \(line 1 lies outside"):
        Store(tmp_path, replace(EMPTY, segments=(old,))).document(0)


@pytest.mark.parametrize("number", [-1, 4, 10**12])
def test_numbers_that_no_passage_or_document_has_are_named(number: int, segment: Segment, tmp_path: Path) -> None:
    store = Store(tmp_path, replace(EMPTY, segments=(segment.info,)))
    reads = (store.document, store.passage, store.place, lambda number: store.refuse_unknown([0, number]))
    for read in reads:
        with pytest.raises(IndexFolderError, match=f"it names (document|passage) {number:,} of 4"):
            read(number)
    store.refuse_unknown(range(4))


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.npy", "passages.npy", "vectors.npy"])
def test_a_file_that_is_cut_while_it_is_mapped_is_named(name: str, segment: Segment, tmp_path: Path) -> None:
    segment.map_files()
    os.truncate(tmp_path / "segments/000001" / name, 1)
    with pytest.raises(IndexFolderError, match="truncated while it was read"):
        segment.verify_vectors(np.array([0])) if name == "vectors.npy" else segment.document(segment.passage(0)[0])


def test_vectors_of_other_dimensions_are_named(segment: Segment) -> None:
    assert segment.vectors_of(2).shape == (4, 2)
    with pytest.raises(IndexFolderError, match="not of 3 columns"):
        segment.vectors_of(3)
