import contextlib
import fcntl
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import StorageError
from bioqa.index.store import lock
from bioqa.index.store.lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from bioqa.index.store.lock import locked

with locked(Path(sys.argv[1]), "writing to this index"):
    print("held", flush=True)
    time.sleep(600)
"""

DOING = "writing to this index"


@pytest.fixture
def other(tmp_path: Path) -> "subprocess.Popen[str]":
    """A process that holds the lock of a folder called index, until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "index"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process  # type: ignore[misc]
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_told_who_holds_the_lock_since_when_and_by_which_command(
    other: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(StorageError) as caught, locked(tmp_path / "index", DOING):
        pytest.fail("two hold one lock")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'index'}: another bioqa is writing to this index (process {other.pid} on ")
    assert f" on {platform.node()} since 20" in message
    assert str(tmp_path / "index") in message.split("since ")[1]
    assert message.endswith("wait for it to end")


def test_the_lock_of_a_killed_process_is_no_obstacle(other: "subprocess.Popen[str]", tmp_path: Path) -> None:
    other.kill()
    other.wait()
    assert str(other.pid) in (tmp_path / "index" / LOCK).read_text(), "its name is still there"
    with locked(tmp_path / "index", DOING):
        assert json.loads((tmp_path / "index" / LOCK).read_text())["process"] == os.getpid()
    assert (tmp_path / "index" / LOCK).read_text() == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": 5}', "\udcff"])
def test_who_holds_it_is_left_out_where_it_is_not_written(content: str, tmp_path: Path) -> None:
    with (tmp_path / LOCK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (tmp_path / LOCK).write_text(content, errors="surrogateescape")
        with (
            pytest.raises(StorageError, match="another bioqa is writing to this index; wait for it"),
            locked(tmp_path, DOING),
        ):
            pytest.fail("two hold one lock")


@pytest.mark.parametrize("taken_away", ["the file", "the folder", "the file, and another made"])
def test_a_lock_file_that_was_taken_away_before_it_was_locked_is_no_lock(
    taken_away: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, original, times = tmp_path / "index", fcntl.flock, [0]

    def flock(descriptor: int, operation: int) -> None:
        times[0] += 1
        if times[0] == 1:  # here a writer that committed nothing ends
            (folder / LOCK).unlink()
            if taken_away == "the folder":
                folder.rmdir()
            if taken_away == "the file, and another made":
                (folder / LOCK).touch()
        original(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(folder, DOING):
        assert times == [2]
        assert json.loads((folder / LOCK).read_text())["process"] == os.getpid()
        with pytest.raises(StorageError, match="another bioqa"), locked(folder, DOING):
            pytest.fail("the lock that is held is not the one in the folder")


def test_a_folder_that_goes_away_before_the_lock_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, original, times = tmp_path / "index", Path.open, [0]

    def opened(self: Path, *arguments: Any, **options: Any) -> Any:
        times[0] += 1
        if times[0] == 1:
            shutil.rmtree(folder)
        return original(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", opened)
    with locked(folder, DOING):
        assert (folder / LOCK).exists()


def test_a_disk_too_full_to_write_who_holds_it_does_not_forbid_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> dict[str, str | int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock, "_holder", full)
    with locked(tmp_path, DOING), pytest.raises(StorageError, match="another bioqa"), locked(tmp_path, DOING):
        pytest.fail("two hold one lock")


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "socket", "folder"])
def test_what_is_no_plain_file_is_not_locked_and_what_it_leads_to_stays(kind: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    path = tmp_path / LOCK
    match kind:
        case "link":
            path.symlink_to(precious)
        case "dangling link":
            path.symlink_to(tmp_path / "made")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as bound, contextlib.chdir(tmp_path):
                bound.bind(LOCK)
        case "folder":
            path.mkdir()
    with pytest.raises(StorageError, match=rf"{LOCK}: is .*; delete it, or choose another"), locked(tmp_path, DOING):
        pytest.fail("held")
    assert precious.read_text() == "kept"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", ["precious", '{"other": 1}', " "])
@pytest.mark.parametrize("linked", [True, False])
def test_a_file_that_is_no_lock_is_not_written_to(content: str, linked: bool, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(content)
    if linked:
        (tmp_path / "other name").hardlink_to(tmp_path / LOCK)
    with pytest.raises(StorageError, match="is not a lock file of bioqa; move it away"), locked(tmp_path, DOING):
        pytest.fail("held")
    assert (tmp_path / LOCK).read_text() == content


@pytest.mark.parametrize("content", ["", '{"process": 5, "ho', '{"proc'])
def test_a_lock_with_another_name_elsewhere_is_replaced_and_not_written_to(content: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(content)
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / LOCK).hardlink_to(tmp_path / "elsewhere")
    with locked(tmp_path / "index", DOING):
        assert json.loads((tmp_path / "index" / LOCK).read_text())["process"] == os.getpid()
        assert (tmp_path / "elsewhere").read_text() == content
    assert (tmp_path / "elsewhere").read_text() == content
