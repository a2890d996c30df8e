import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.corpus import files
from bioqa.index.download import record as downloads
from bioqa.index.download.record import BASELINE, RECORD, UPDATES, DownloadedFile
from bioqa.index.errors import InputError, StorageError


def downloaded(folder: Path, part: str, *numbers: int, year: int = 26) -> list[str]:
    """Put complete files of these numbers into `folder` and on its record; their names."""
    names = [f"pubmed{year}n{number:04}.xml.gz" for number in numbers]
    record = dict(downloads.read_record(folder))
    for name in names:
        (folder / name).write_bytes(b"1234")
        record[name] = DownloadedFile(part, name, 4, "0" * 32, '"a"', "2026-01-09 14:14", "2026-01-10T04:17:00+00:00")
    downloads.write_record(folder, record)
    return names


def names(folder: Path) -> list[str]:
    return [path.name for path in downloads.complete_files(folder)]


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    downloaded(tmp_path, BASELINE, 2, 1)
    before = downloads.read_record(tmp_path)
    downloads.write_record(tmp_path, before)
    assert downloads.read_record(tmp_path) == before
    assert json.loads((tmp_path / RECORD).read_text())["files"][0]["name"] == "pubmed26n0001.xml.gz"
    assert not list(tmp_path.glob("*.new"))


def test_without_a_record_nothing_was_downloaded(tmp_path: Path) -> None:
    assert downloads.read_record(tmp_path) == {}
    with pytest.raises(InputError, match="nothing was downloaded there; 'bioqa corpus download --to "):
        downloads.complete_files(tmp_path)


def entry(**changes: Any) -> str:
    fields = {
        "folder": BASELINE, "name": "pubmed26n0001.xml.gz", "size": 4, "md5": "0", "etag": "", "modified": "",
        "time": "",
    }  # fmt: skip
    return json.dumps({"format": 1, "files": [fields | changes]})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"format": 1}',
        b'{"format": 2, "files": []}',
        b'{"format": 1, "files": [5]}',
        b'{"format": 1, "files": [{"name": "x"}]}',
        entry(name="../../evil.xml.gz").encode(),
        entry(name=5).encode(),
        entry(size="4").encode(),
        entry(md5=None).encode(),
        entry(unheard=1).encode(),
        b"[" * 200_000,
    ],
    ids=lambda content: repr(content[:60]),
)
def test_a_damaged_record_is_called_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_bytes(content)
    for read in (downloads.read_record, downloads.complete_files, downloads.warnings):
        with pytest.raises(InputError, match=r"damaged .*; delete it") as caught:
            read(tmp_path)
        assert str(tmp_path / RECORD) in str(caught.value)


def test_the_undamaged_one_is_read(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(entry())
    assert list(downloads.read_record(tmp_path)) == ["pubmed26n0001.xml.gz"]


@pytest.mark.parametrize(
    "content",
    [
        entry(name="x" * 100_000),
        json.dumps({"format": "x" * 100_000}),
        entry(**{"a\nb" * 10_000: 1}),
        entry(size=True),
        "[" + "[]," * 3_000_000 + "[]]",
        '{"format": ' + "9" * 5000 + "}",
    ],
    ids=lambda content: repr(content[:60]),
)
def test_what_a_record_holds_does_not_swell_the_message(content: str, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(InputError, match="delete it") as caught:
        downloads.read_record(tmp_path)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "endless"])
def test_a_record_that_is_no_plain_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / RECORD
    if kind == "link":
        (tmp_path / "elsewhere").write_text(entry())
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.touch()
        os.truncate(path, 1 << 40)
    with pytest.raises(InputError, match=f"{RECORD}: is .*; delete it, and 'bioqa corpus download' will check"):
        downloads.read_record(tmp_path)


def test_a_link_that_a_killed_download_cannot_have_left_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    folder = tmp_path / "pubmed"
    folder.mkdir()
    (folder / f"{RECORD}.unfinished").symlink_to(tmp_path / "precious")
    with downloads.locked_for_download(folder):
        downloads.write_record(folder, {})
    assert (tmp_path / "precious").read_text() == "kept"
    assert downloads.read_record(folder) == {}


def test_a_link_to_a_complete_file_is_not_complete(tmp_path: Path) -> None:
    [first, second] = downloaded(tmp_path, BASELINE, 1, 2)
    (tmp_path / first).unlink()
    (tmp_path / first).symlink_to(tmp_path / second)
    assert names(tmp_path) == [second]


def test_a_folder_that_is_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with (
        pytest.raises(InputError, match="downloads go into a folder"),
        downloads.locked_for_download(tmp_path / "link"),
    ):
        pytest.fail("it was taken")
    assert not (tmp_path / "nowhere").exists()


def test_a_disk_that_refuses_leaves_the_record_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    downloaded(tmp_path, BASELINE, 1)
    before = downloads.read_record(tmp_path)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="No space left on device"):
        downloads.write_record(tmp_path, {})
    assert downloads.read_record(tmp_path) == before


def test_the_baseline_is_read_before_the_updates_and_by_number(tmp_path: Path) -> None:
    late = downloaded(tmp_path, UPDATES, 9999, 9998, 10000)
    early = downloaded(tmp_path, BASELINE, 1274, 3, 20)
    assert names(tmp_path) == [early[1], early[2], early[0], late[1], late[0], late[2]]
    assert downloads.complete_files(tmp_path)[0] == tmp_path / early[1]


def test_what_is_not_complete_is_left_out(tmp_path: Path) -> None:
    [first, second, third] = downloaded(tmp_path, BASELINE, 1, 2, 3)
    (tmp_path / first).unlink()
    (tmp_path / second).write_bytes(b"12")
    (tmp_path / "pubmed26n0004.xml.gz").write_bytes(b"not on record")
    (tmp_path / "pubmed26n0005.xml.gz.part").write_bytes(b"half")
    assert names(tmp_path) == [third]


def test_a_new_baseline_takes_the_place_of_the_old_year(tmp_path: Path) -> None:
    old = [*downloaded(tmp_path, BASELINE, 1, 2, year=25), *downloaded(tmp_path, UPDATES, 3, year=25)]
    assert names(tmp_path) == old
    assert downloads.warnings(tmp_path) == []
    new = downloaded(tmp_path, BASELINE, 1, 2)
    assert names(tmp_path) == new
    [said] = downloads.warnings(tmp_path)
    assert said.startswith("3 files are older than the baseline of 2026 and no longer read (pubmed25n0001.xml.gz ...)")


def test_updates_without_their_baseline_are_read_with_a_warning(tmp_path: Path) -> None:
    old = downloaded(tmp_path, BASELINE, 1, year=25)
    new = downloaded(tmp_path, UPDATES, 1300)
    assert names(tmp_path) == old + new
    [said] = downloads.warnings(tmp_path)
    assert "the updates of 2026 go with a baseline that is not in" in said


def test_updates_alone_are_nothing_to_warn_of(tmp_path: Path) -> None:
    downloaded(tmp_path, UPDATES, 1300, 1301)
    assert downloads.warnings(tmp_path) == []


def test_updates_behind_a_missing_one_wait(tmp_path: Path) -> None:
    early = downloaded(tmp_path, UPDATES, 1300, 1301, 1303, 1304)
    assert names(tmp_path) == early[:2]
    downloaded(tmp_path, UPDATES, 1302)
    assert len(names(tmp_path)) == 5


def test_a_gap_between_updates_is_told(tmp_path: Path) -> None:
    downloaded(tmp_path, BASELINE, 1, 7)
    downloaded(tmp_path, UPDATES, 1300, 1301, 1305)
    [said] = downloads.warnings(tmp_path)
    assert said.startswith("3 updates are missing between those that are there (the first is number 1302)")


def test_the_record_is_not_taken_for_literature(tmp_path: Path) -> None:
    [name] = downloaded(tmp_path, BASELINE, 1)
    with downloads.locked_for_download(tmp_path):
        assert files.input_files([tmp_path]) == [tmp_path / name]


def test_only_one_download_works_in_a_folder(tmp_path: Path) -> None:
    refused = pytest.raises(StorageError, match="another bioqa is downloading to this folder")
    with (
        downloads.locked_for_download(tmp_path / "a" / "b"),
        refused,
        downloads.locked_for_download(tmp_path / "a" / "b"),
    ):
        pytest.fail("two work in it")


def test_an_index_or_a_file_is_no_place_for_downloads(tmp_path: Path, small_index: Path) -> None:
    (tmp_path / "file").write_text("")
    for place, said in ((tmp_path / "file", "is a file"), (small_index, "is an index")):
        with pytest.raises(InputError, match=said), downloads.locked_for_download(place):
            pytest.fail("it was taken")


def test_a_file_that_grew_is_not_the_one_on_record(tmp_path: Path) -> None:
    [name] = downloaded(tmp_path, BASELINE, 1)
    download = downloads.read_record(tmp_path)[name]
    assert downloads.is_there(tmp_path, download)
    assert not downloads.is_there(tmp_path, replace(download, size=5))
    assert not downloads.is_there(tmp_path, replace(download, name="pubmed26n0002.xml.gz"))


def test_a_record_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "folder").mkdir()
    for name in (RECORD, f"{RECORD}.unfinished"):
        (tmp_path / "folder" / name).symlink_to(tmp_path / "precious")
    downloads.write_record(tmp_path / "folder", {})
    assert (tmp_path / "precious").read_text() == "kept"
    assert downloads.read_record(tmp_path / "folder") == {}
