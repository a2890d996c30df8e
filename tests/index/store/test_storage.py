import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bioqa.index import verification
from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.records import Document
from bioqa.index.store import snapshot, storage
from bioqa.index.store.manifest import Manifest, read_manifest, write_manifest
from bioqa.index.store.segments import Store

EMPTY = Manifest(analyzer="a", passage_words=150, encoder=None)
DOCUMENTS = [Document("1", "Only a title"), Document("2", "", "Only an abstract.")]
RANGES = [[(0, 12)], [(0, 17)]]
VECTORS = np.arange(4, dtype=np.float32).reshape(2, 2) / 4


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def lexical_folder(folder: Path, name: str) -> Path:
    target = folder / "lexical" / name
    target.mkdir(parents=True)
    for file in ("meta.json", ".managed.json", "a.term", "a.idx", ".tantivy-writer.lock"):
        (target / file).write_text(file)
    return target


@pytest.mark.parametrize("links", [True, False])
def test_a_forked_lexical_folder_can_be_changed_without_the_first(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    first = lexical_folder(tmp_path, "000001")
    fork = storage.fork_lexical(tmp_path, "000001", "000002")
    assert {file.name for file in fork.iterdir()} == {"meta.json", ".managed.json", "a.term", "a.idx"}
    assert (fork / "a.term").samefile(first / "a.term") is links
    for rewritten in ("meta.json", ".managed.json"):
        (fork / rewritten).write_text("changed")
        assert (first / rewritten).read_text() == rewritten
    (fork / "a.term").unlink()
    assert (first / "a.term").read_text() == "a.term"


def test_the_first_lexical_folder_starts_empty(tmp_path: Path) -> None:
    assert list(storage.fork_lexical(tmp_path, "", "000001").iterdir()) == []


def test_what_no_commit_names_is_deleted_and_the_rest_stays(tmp_path: Path) -> None:
    infos = tuple(
        storage.write_segment(tmp_path, name, DOCUMENTS, RANGES, None) for name in ("000001", "000002", "000003")
    )
    for name in ("000001", "000002", "000003"):
        lexical_folder(tmp_path, name)
        np.save(tmp_path / f"removed-{name}.npy", np.array([1]))
    for stranger in ("README.txt", "segments/notes.txt", "removed.npy"):
        (tmp_path / stranger).write_text("mine")
    storage.discard_uncommitted(
        tmp_path, replace(EMPTY, segments=infos[:2], lexical="000002", removed="removed-000002.npy")
    )
    top = {name for name in tree(tmp_path) if name.count("/") < 2}
    assert top == {
        "segments", "segments/000001", "segments/000002", "segments/notes.txt", "lexical", "lexical/000002",
        "removed-000002.npy", "removed.npy", "README.txt",
    }  # fmt: skip


def test_a_commit_counts_up_writes_the_manifest_and_drops_what_only_the_last_one_needed(tmp_path: Path) -> None:
    info = storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, None)
    lexical_folder(tmp_path, "000001")
    first = storage.commit(tmp_path, EMPTY, replace(EMPTY, segments=(info,), lexical="000001", documents=4))
    assert (first.commit, first.documents) == (1, 4)
    assert read_manifest(tmp_path) == first
    lexical_folder(tmp_path, "000002")
    second = storage.commit(tmp_path, first, replace(first, lexical="000002"))
    assert second.commit == 2
    assert {path.name for path in (tmp_path / "lexical").iterdir()} == {"000002"}
    assert (tmp_path / "segments/000001").is_dir()


def test_the_files_of_a_segment_reach_the_disk_before_it_can_be_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.fstat(fd).st_ino), original(fd))[1])
    storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, VECTORS)
    assert {file.stat().st_ino for file in (tmp_path / "segments/000001").iterdir()} <= set(synced)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    write_manifest(tmp_path, EMPTY)
    with storage.locked_for_writing(tmp_path):
        with (
            pytest.raises(StorageError, match="another bioqa is writing") as caught,
            storage.locked_for_writing(tmp_path),
        ):
            pytest.fail("the second writer came in")
        assert str(tmp_path) in str(caught.value)
        with pytest.raises(StorageError, match="another bioqa"), storage.locked_for_writing(tmp_path):
            pytest.fail("the refusal of the second writer let a third one in")
    with storage.locked_for_writing(tmp_path):
        pass


def test_a_refused_writer_takes_nothing_away_from_the_one_at_work(tmp_path: Path) -> None:
    write_manifest(tmp_path, EMPTY)
    with storage.locked_for_writing(tmp_path):
        storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, None)
        before = tree(tmp_path)
        with pytest.raises(StorageError), storage.locked_for_writing(tmp_path):
            pytest.fail("the second writer came in")
        assert tree(tmp_path) == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError("5 requested and 0 written")])
def test_what_the_disk_says_becomes_a_storage_error_that_names_the_folder(error: OSError, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, storage.locked_for_writing(tmp_path / "index"):
        raise error
    assert str(tmp_path / "index") in str(caught.value)
    assert str(error.strerror or error) in str(caught.value)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), IndexFolderError("other"), ValueError("bug")])
def test_other_errors_pass_unchanged_and_the_lock_is_free_again(stop: BaseException, tmp_path: Path) -> None:
    with pytest.raises(type(stop)) as caught, storage.locked_for_writing(tmp_path / "index"):
        raise stop
    assert caught.value is stop
    with storage.locked_for_writing(tmp_path / "index"):
        pass


def test_a_writer_that_commits_nothing_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        with storage.locked_for_writing(folder):
            storage.write_segment(folder, "000001", DOCUMENTS, RANGES, None)
            storage.fork_lexical(folder, "", "000001")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a/index")
    assert not (tmp_path / "a/index").exists()


def test_a_writer_that_fails_after_a_commit_leaves_that_commit(tmp_path: Path) -> None:
    def write() -> None:
        with storage.locked_for_writing(tmp_path):
            info = storage.write_segment(tmp_path, "000001", DOCUMENTS, RANGES, None)
            storage.commit(tmp_path, EMPTY, replace(EMPTY, segments=(info,)))
            storage.write_segment(tmp_path, "000002", DOCUMENTS, RANGES, None)
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageError):
        write()
    assert {path.name for path in (tmp_path / "segments").iterdir()} == {"000001"}
    found: Array = Store(tmp_path, read_manifest(tmp_path)).segments[0].passages
    assert found.tolist() == [[0, 0, 12], [1, 0, 17]]


def test_a_file_in_place_of_the_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(IndexFolderError) as caught, storage.locked_for_writing(path):
        pytest.fail("wrote into a file")
    assert str(path) in str(caught.value)
    assert path.read_text() == "mine"


def built(folder: Path) -> Manifest:
    """A commit with a segment, a removed document and a lexical folder."""
    with storage.locked_for_writing(folder):
        info = storage.write_segment(folder, "000001", DOCUMENTS, RANGES, VECTORS)
        lexical_folder(folder, "000001")
        removed = storage.write_removed(folder, "000001", np.array([1]))
        state = replace(EMPTY, segments=(info,), lexical="000001", removed=removed)
        return storage.commit(folder, EMPTY, state)


@pytest.mark.parametrize(
    "place",
    [
        "writer.lock", "manifest.json", "manifest.json.unfinished", "segments", "lexical", "segments/000001",
        "segments/000009", "lexical/000009", "segments/000001/vectors.npy", "lexical/000001/a.idx",
        "removed-000001.npy", "vectors-000009.faiss", "notes",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_a_folder_that_holds_a_link_or_a_pipe_is_refused_and_what_it_leads_to_stays(
    place: str, kind: str, tmp_path: Path
) -> None:
    folder, precious = tmp_path / "index", tmp_path / "precious"
    built(folder)
    shutil.copytree(folder, precious)
    path = folder / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(precious / place if (precious / place).exists() else precious / "segments/000001")
        case "dangling link":
            path.symlink_to(tmp_path / "made")
        case "pipe":
            os.mkfifo(path)
    before = tree(precious)
    with (
        pytest.raises(IndexFolderError, match="is a link, a pipe or a device") as caught,
        storage.locked_for_writing(folder),
    ):
        pytest.fail("wrote into it")
    assert str(path) in str(caught.value)
    with pytest.raises(IndexFolderError, match="is a link, a pipe or a device"):
        snapshot.read_snapshot(folder, lambda state: state)
    assert tree(precious) == before
    assert not (tmp_path / "made").exists()
    assert {finding.file for finding in verification.verify(folder)} == {place}


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    state = built(tmp_path / "index")
    (tmp_path / "link").symlink_to(tmp_path / "index")
    with storage.locked_for_writing(tmp_path / "link"):
        assert storage.read_manifest(tmp_path / "link") == state
    assert snapshot.read_snapshot(tmp_path / "link", lambda state: state.commit)[1] == 1


@pytest.mark.parametrize("name", ["segments", "lexical"])
def test_a_link_in_a_folder_without_an_index_is_not_emptied(name: str, tmp_path: Path) -> None:
    built(tmp_path / "precious")
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "writer.lock").touch()
    (folder / name).symlink_to(tmp_path / "precious" / name)
    before = tree(tmp_path / "precious")
    with pytest.raises(IndexFolderError), storage.locked_for_writing(folder):
        pytest.fail("wrote into it")
    assert tree(tmp_path / "precious") == before


@pytest.mark.parametrize(
    "name", ["manifest.json", "removed-000001.npy", "lexical/000001/a.idx", "lexical/000001/meta.json"]
)
def test_what_a_writer_takes_over_is_checked_first(name: str, tmp_path: Path) -> None:
    state = built(tmp_path)
    assert storage.read_for_writing(tmp_path) == storage.read_verified(tmp_path) == state
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    for read in (storage.read_for_writing, storage.read_verified):
        with pytest.raises(IndexFolderError, match=Path(name).name.replace(".", r"\.")):
            read(tmp_path)


def test_a_manifest_written_by_hand_is_not_built_upon(tmp_path: Path) -> None:
    built(tmp_path)
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(re.sub('"digest": "[0-9a-f]+"', '"digest": ""', text, count=1))
    assert read_manifest(tmp_path).commit == 1
    with pytest.raises(IndexFolderError, match="is not what the last commit wrote"):
        storage.read_for_writing(tmp_path)


def test_names_reach_the_disk_before_the_manifest_and_the_manifest_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, write = storage.atomic.sync_folder, storage.write_manifest
    monkeypatch.setattr(
        storage.atomic, "sync_folder", lambda place: (steps.append(place.relative_to(tmp_path).as_posix()), sync(place))
    )
    monkeypatch.setattr(storage, "write_manifest", lambda *of: (steps.append("manifest"), write(*of)))
    built(tmp_path)
    renamed = steps.index("manifest")
    assert set(steps[:renamed]) == {"segments/000001", "segments", "lexical", "lexical/000001", "."}
    assert steps[renamed:] == ["manifest", "."]


def test_half_a_manifest_that_a_killed_writer_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    built(tmp_path)
    (tmp_path / "manifest.json.unfinished").write_text("{")
    with storage.locked_for_writing(tmp_path):
        pass
    assert not (tmp_path / "manifest.json.unfinished").exists()
