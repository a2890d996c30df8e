import os
import socket
from pathlib import Path

import pytest

from bioqa.index.corpus import folders


def test_pipes_sockets_and_devices_are_told_apart_without_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.xml").write_text("x")
    os.mkfifo(tmp_path / "b.xml")
    (tmp_path / "c.xml").symlink_to("/dev/zero")
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("d.xml")
        found = folders.list_files(tmp_path)
    assert found.files == [tmp_path / "a.xml"]
    assert found.special == [tmp_path / name for name in ("b.xml", "c.xml", "d.xml")]
    assert found.unreadable == []


def test_links_that_lead_nowhere_and_in_circles_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.xml").symlink_to("gone")
    (tmp_path / "b.xml").symlink_to("c.xml")
    (tmp_path / "c.xml").symlink_to("b.xml")
    found = folders.list_files(tmp_path)
    assert [path.name for path, _ in found.unreadable] == ["a.xml", "b.xml", "c.xml"]
    assert all(why for _, why in found.unreadable)


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "secret", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.xml").write_text("x")
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if path.name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = folders.list_files(tmp_path)
    assert found.files == [tmp_path / "a" / "x.xml", tmp_path / "z" / "x.xml"]
    assert found.unreadable == [(tmp_path / "secret", "Permission denied")]


def test_a_folder_of_any_depth_is_searched_or_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("d")  # noqa: PTH102
        os.chdir("d")
    Path("x.xml").write_text("x")
    monkeypatch.chdir(tmp_path)
    found = folders.list_files(Path())
    found.files[0].unlink()
    os.removedirs(found.files[0].parent)
    tmp_path.mkdir(exist_ok=True)
    assert len(found.files) == 1
    assert not found.unreadable
