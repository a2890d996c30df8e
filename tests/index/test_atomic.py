import errno
import gzip
import os
import stat
from pathlib import Path

import pytest

from bioqa.index import atomic
from bioqa.index.errors import InputError, StorageError


def test_what_is_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    for content in (b"first\r\n\x00", b""):
        atomic.write(tmp_path / "file", content)
        assert (tmp_path / "file").read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_text_is_utf8_with_its_line_ends_and_without_what_is_no_character(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "file", "β\n\ud800.")
    assert (tmp_path / "file").read_bytes() == "β\n?.".encode()


def test_a_name_in_gz_is_gzipped_and_the_same_every_time(tmp_path: Path) -> None:
    paths = [tmp_path / "1.gz", tmp_path / "2.gz"]
    for path in paths:
        atomic.write_text(path, "text")
    assert gzip.decompress(paths[0].read_bytes()) == b"text"
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_cannot_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    for fine in (tmp_path / "new", tmp_path / "file"):
        atomic.refuse_unwritable(fine)
    for fine in (tmp_path / "new", tmp_path):
        atomic.refuse_unwritable(fine, folder=True)
    with pytest.raises(InputError, match=f"there is no folder {tmp_path / 'no'} to write it into"):
        atomic.refuse_unwritable(tmp_path / "no" / "file")
    with pytest.raises(InputError, match="is a folder; name the file to write"):
        atomic.refuse_unwritable(tmp_path)
    with pytest.raises(InputError, match="is a file; name the folder to write"):
        atomic.refuse_unwritable(tmp_path / "file", folder=True)


def test_a_file_is_named_once_in_a_call(tmp_path: Path) -> None:
    gold, link, out = tmp_path / "gold", tmp_path / "link", tmp_path / "out"
    gold.touch()
    link.symlink_to(gold)
    atomic.refuse_named_twice([gold], out, None, Path(os.devnull), Path(os.devnull))
    for read, targets in (([gold], [link]), ([link], [gold]), ([gold], [out, out])):
        with pytest.raises(InputError, match=f"{targets[-1]}: named twice in this call; write into a file of its own"):
            atomic.refuse_named_twice(read, *targets)


@pytest.mark.parametrize("failing", ["open", "fsync", "replace"])
@pytest.mark.parametrize("before", [b"old", None])
def test_a_disk_that_refuses_leaves_what_was_there(
    failing: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    if before:
        path.write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr(os if failing == "fsync" else Path, failing, full)
        with pytest.raises(StorageError, match="file: No space left on device; it was not written"):
            atomic.write(path, b"new")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([before] if before else [])


def test_a_disk_that_is_really_full_leaves_what_was_there(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    (tmp_path / "file").write_bytes(b"old")
    atomic.temporary_path(tmp_path / "file").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left on device"):
        atomic.write(tmp_path / "file", b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("file", b"old")]


def test_an_interruption_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        atomic.write(tmp_path / "file", b"new")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"old"]


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    atomic.temporary_path(tmp_path / "file").write_bytes(b"half of something much longer")
    atomic.write(tmp_path / "file", b"new")
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"new"]


def test_of_a_link_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    for content in (b"one", b"two"):
        atomic.write(tmp_path / "link", content)
        assert (tmp_path / "far" / "file").read_bytes() == content
    assert (tmp_path / "link").is_symlink()


def test_a_device_and_a_pipe_are_written_to_and_stay_what_they_are() -> None:
    atomic.write(Path(os.devnull), b"gone")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    ours, theirs = os.pipe()
    atomic.write(Path(f"/dev/fd/{theirs}"), b"through")
    assert os.read(ours, 99) == b"through"
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("place", ["", "none/file"])
def test_a_place_that_cannot_be_is_named(place: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=str(tmp_path / place)):
        atomic.write(tmp_path / place, b"new")


@pytest.mark.parametrize("place", ["file", "file.unfinished"])
@pytest.mark.parametrize("kind", ["link", "hard link", "dangling link", "pipe"])
def test_in_a_folder_of_our_own_no_link_is_written_through(place: str, kind: str, tmp_path: Path) -> None:
    folder, precious = tmp_path / "folder", tmp_path / "precious"
    folder.mkdir()
    precious.write_bytes(b"kept")
    match kind:
        case "link":
            (folder / place).symlink_to(precious)
        case "hard link":
            (folder / place).hardlink_to(precious)
        case "dangling link":
            (folder / place).symlink_to(tmp_path / "made")
        case "pipe":
            os.mkfifo(folder / place)
    atomic.write_inside(folder / "file", b"new")
    assert [(entry.name, entry.is_symlink(), entry.read_bytes()) for entry in folder.iterdir()] == [
        ("file", False, b"new")
    ]
    assert precious.read_bytes() == b"kept"
    assert not (tmp_path / "made").exists()
