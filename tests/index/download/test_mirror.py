import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import fetch, listing, mirror, threads
from bioqa.index.download import record as downloads
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.download.mirror import DownloadPlan, DownloadReport, Selection
from bioqa.index.download.record import BASELINE, RECORD, UPDATES
from bioqa.index.errors import InputError, NetworkError, StorageError, TransientError
from bioqa.index.progress import NoProgress

Server, Faults = Any, Any
EVERYTHING = Selection()


class Progress:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, int]] = []

    def update(self, fraction: float, count: int) -> None:
        self.told.append((fraction, count))


@pytest.fixture
def web() -> HttpClient:
    return HttpClient(RetryPolicy(silence=0.4, pauses=(0.0, 0.0), longest=1.0))


@pytest.fixture
def plan(nlm: Server, web: HttpClient, tmp_path: Path) -> Callable[..., DownloadPlan]:
    """Lists the server's files and compares them with the folder of the test."""

    def call(selection: Selection = EVERYTHING, check: bool = False) -> DownloadPlan:
        files = mirror.select_files(web, nlm.address, selection)
        return mirror.plan_download(web, nlm.address, tmp_path, files, NoProgress(), check=check)

    return call


@pytest.fixture
def download(
    nlm: Server, web: HttpClient, tmp_path: Path, plan: Callable[..., DownloadPlan]
) -> Callable[..., DownloadReport]:
    """Downloads what a plan wants to the folder of the test."""

    def call(selection: Selection = EVERYTHING, check: bool = False, at_once: int = 3) -> DownloadReport:
        return mirror.download_files(web, nlm.address, tmp_path, plan(selection, check), at_once, NoProgress())

    return call


def names(files: Any) -> list[str]:
    return [file.name for file in files]


def complete(folder: Path) -> list[str]:
    return [path.name for path in downloads.complete_files(folder)]


def test_both_folders_are_listed_in_order(nlm: Server, web: HttpClient) -> None:
    updates = nlm.add(UPDATES, 1276, 1275)
    baseline = nlm.add(BASELINE, 2, 1)
    assert names(mirror.select_files(web, nlm.address, Selection())) == [*baseline[::-1], *updates[::-1]]


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (Selection((BASELINE,)), [1, 2, 3]),
        (Selection((UPDATES,)), [4, 5, 6]),
        (Selection(numbers=listing.parse_numbers("2-4,6")), [2, 3, 4, 6]),
        (Selection(newest=2), [5, 6]),
        (Selection(newest=100), [1, 2, 3, 4, 5, 6]),
        (Selection((BASELINE,), newest=1), [3]),
        (Selection(numbers=listing.parse_numbers("-5"), newest=2), [4, 5]),
    ],
)
def test_a_selection_is_of_folders_and_numbers_and_then_the_newest(
    selection: Selection, numbers: list[int], nlm: Server, web: HttpClient
) -> None:
    nlm.add(BASELINE, 1, 2, 3)
    nlm.add(UPDATES, 4, 5, 6)
    found = mirror.select_files(web, nlm.address, selection)
    assert [listing.year_and_number(file.name)[1] for file in found] == numbers


def test_numbers_that_the_server_lacks_are_a_wrong_call(nlm: Server, web: HttpClient) -> None:
    nlm.add(BASELINE, 1, 2)
    with pytest.raises(InputError, match="the server has 1 to 2"):
        mirror.select_files(web, nlm.address, Selection(numbers=listing.parse_numbers("3-")))


def test_empty_updates_are_fine_beside_a_baseline_and_an_error_alone(nlm: Server, web: HttpClient) -> None:
    [name] = nlm.add(BASELINE, 1)
    assert names(mirror.select_files(web, nlm.address, Selection())) == [name]
    with pytest.raises(NetworkError, match="no PubMed file in updatefiles at present"):
        mirror.select_files(web, nlm.address, Selection((UPDATES,)))


def test_a_file_in_both_folders_is_an_error(nlm: Server, web: HttpClient) -> None:
    [name] = nlm.add(BASELINE, 1)
    nlm.add(UPDATES, 1)
    with pytest.raises(NetworkError, match=f"{name} is in baseline and in updatefiles; choose one by --baseline"):
        mirror.select_files(web, nlm.address, Selection())
    assert names(mirror.select_files(web, nlm.address, Selection((UPDATES,)))) == [name]


def test_an_error_page_is_no_empty_folder(nlm: Server, faults: Faults, web: HttpClient) -> None:
    nlm.add(BASELINE, 1)
    nlm.misbehave("updatefiles/", faults.sends(b"<html>We are down for maintenance</html>"))
    with pytest.raises(NetworkError, match="is no listing of files"):
        mirror.select_files(web, nlm.address, Selection())


def test_everything_comes_once_and_is_on_record(
    nlm: Server, download: Callable[..., DownloadReport], plan: Callable[..., DownloadPlan], tmp_path: Path
) -> None:
    added = [*nlm.add(BASELINE, 1, 2, 3, 4), *nlm.add(UPDATES, 5, 6)]
    report = download()
    assert (names(report.new), report.adopted, report.failed, report.stopped) == (added, [], [], None)
    assert complete(tmp_path) == added
    assert all((tmp_path / file.name).read_bytes() == nlm.files[f"{file.folder}/{file.name}"] for file in report.new)
    assert report.new[0].etag == '"200000"'
    assert report.new[0].folder == BASELINE
    assert not list(tmp_path.glob("*.part"))

    asked = len(nlm.requests)
    assert download().new == []
    assert names(plan().present) == added
    assert [path for _, path, _ in nlm.requests[asked:]] == ["/pubmed/baseline/", "/pubmed/updatefiles/"] * 2


def test_only_what_is_new_comes_the_next_time(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    first = nlm.add(UPDATES, 5)
    download()
    second = nlm.add(UPDATES, 6, 7)
    assert names(download().new) == second
    assert complete(tmp_path) == first + second


def test_names_that_lead_out_of_the_folder_are_not_fetched(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [name] = nlm.add(BASELINE, 1)
    nlm.extra_links += ["../../evil.xml.gz", "..%2f..%2fpubmed26n0002.xml.gz", "/pubmed26n0003.xml.gz"]
    nlm.files["../evil.xml.gz"] = b"evil"
    download()
    assert sorted(file.name for file in tmp_path.iterdir()) == [RECORD, name]
    assert not any("evil" in path or "n0002" in path for _, path, _ in nlm.requests)


def test_a_file_issued_anew_is_fetched_anew(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [name] = nlm.add(BASELINE, 1)
    download()
    nlm.add(BASELINE, 1, size=1000)
    nlm.modified = "2026-02-01 10:00"
    assert names(download().new) == [name]
    assert (tmp_path / name).read_bytes() == nlm.files[f"baseline/{name}"]


def test_a_file_with_a_new_time_and_the_same_digest_is_not(
    nlm: Server, download: Callable[..., DownloadReport]
) -> None:
    [name] = nlm.add(BASELINE, 1)
    etag = download().new[0].etag
    nlm.modified = "2026-02-01 10:00"
    report = download()
    assert (names(report.new), names(report.adopted)) == ([], [name])
    assert report.adopted[0].etag == etag
    assert len(nlm.asked(".gz")) == 1
    assert download().adopted == []


def test_what_somebody_else_fetched_is_taken_on_record(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [whole, half] = nlm.add(BASELINE, 1, 2)
    (tmp_path / whole).write_bytes(nlm.files[f"baseline/{whole}"])
    (tmp_path / half).write_bytes(nlm.files[f"baseline/{half}"][:150_000])
    report = download()
    assert (names(report.new), names(report.adopted)) == ([half], [whole])
    assert nlm.asked(".gz") == ["bytes=150000-"]
    assert complete(tmp_path) == [whole, half]


def test_a_file_that_went_is_fetched_again(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [gone, cut] = nlm.add(BASELINE, 1, 2)
    download()
    (tmp_path / gone).unlink()
    os.truncate(tmp_path / cut, 1000)
    assert names(download().new) == [gone, cut]
    assert nlm.asked(cut)[-1] == "bytes=1000-"


def test_only_a_check_finds_what_changed_without_changing_its_size(
    nlm: Server, download: Callable[..., DownloadReport], plan: Callable[..., DownloadPlan], tmp_path: Path
) -> None:
    [good, bad] = nlm.add(BASELINE, 1, 2)
    download()
    (tmp_path / bad).write_bytes(b"x" * 200_000)
    assert names(plan().present) == [good, bad]
    assert plan(check=True).damaged == {bad}
    assert names(download(check=True).new) == [bad]
    assert plan(check=True).damaged == set()


def test_what_is_found_damaged_is_no_longer_complete_where_the_server_is_gone(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [good, bad] = nlm.add(BASELINE, 1, 2)
    download()
    (tmp_path / bad).write_bytes(b"x" * 200_000)
    nlm.misbehave(f"baseline/{bad}.md5", faults.status(503), lasting=True)
    assert names(download(check=True).failed) == [bad]
    assert complete(tmp_path) == [good]


def test_a_failure_does_not_keep_the_others_from_coming(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    added = nlm.add(BASELINE, *range(1, 8))
    nlm.misbehave(f"baseline/{added[0]}", faults.status(404), lasting=True)
    nlm.misbehave(f"baseline/{added[1]}", faults.sends(b"wrong"), lasting=True)
    nlm.misbehave(f"baseline/{added[2]}.md5", faults.sends(b"<html>Login</html>"), lasting=True)
    del nlm.files[f"baseline/{added[3]}.md5"]
    report = download()
    assert report.stopped is None
    assert names(report.new) == added[4:] == complete(tmp_path)
    reasons = {failure.name: str(failure.error) for failure in report.failed}
    assert sorted(reasons) == added[:4]
    for name, reason in zip(added, ["404", "never", "no MD5 of", "404"], strict=False):
        assert reason in reasons[name]
    assert not list(tmp_path.glob("*.part"))


def test_a_server_out_of_reach_is_not_tried_for_every_file(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    added = nlm.add(BASELINE, *range(1, 21))
    for name in added[2:]:
        nlm.misbehave(f"baseline/{name}.md5", faults.status(503), lasting=True)
    report = download(at_once=1)
    assert isinstance(report.stopped, TransientError)
    assert len(report.failed) == 3
    assert names(report.new) == added[:2] == complete(tmp_path)


def test_a_full_disk_stops_the_download_and_keeps_what_is_complete(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = nlm.add(BASELINE, 1, 2, 3, 4)
    write = fetch._write

    def filling(file: Any, chunk: bytes) -> None:
        if added[2] in file.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(file, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_write", filling)
        report = download(at_once=1)
    assert isinstance(report.stopped, StorageError)
    assert names(report.new) == added[:2] == complete(tmp_path)


def test_an_interruption_leaves_what_the_next_download_goes_on_with(
    nlm: Server,
    faults: Faults,
    web: HttpClient,
    plan: Callable[..., DownloadPlan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "_FAREWELL", 0.1)
    monkeypatch.setattr(threads, "_TICK", 0.02)
    added = nlm.add(BASELINE, 1, 2)
    nlm.misbehave(f"baseline/{added[1]}", faults.stall(2 * fetch._CHUNK))

    class Interrupting:
        def update(self, fraction: float, count: int) -> None:
            part = fetch.part_path(tmp_path / added[1])
            if (tmp_path / added[0]).exists() and part.exists() and part.stat().st_size:
                raise KeyboardInterrupt

    impatient = HttpClient(RetryPolicy(silence=5.0))
    with pytest.raises(KeyboardInterrupt):
        mirror.download_files(impatient, nlm.address, tmp_path, plan(), 2, Interrupting())
    assert (tmp_path / added[0]).exists()
    assert fetch.part_path(tmp_path / added[1]).stat().st_size == 2 * fetch._CHUNK

    report = mirror.download_files(web, nlm.address, tmp_path, plan(), 2, NoProgress())
    assert added[1] in names(report.new)
    assert nlm.asked(added[1])[-1] == f"bytes={2 * fetch._CHUNK}-"
    assert complete(tmp_path) == added


def test_a_file_larger_than_its_listing_says_is_not_taken(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [large, right] = nlm.add(BASELINE, 1, 2)
    nlm.misbehave(f"baseline/{large}", faults.sends(b"x" * 200_100), lasting=True)
    report = download()
    assert (names(report.new), names(report.failed)) == ([right], [large])
    assert "goes on after 200,089 bytes" in str(report.failed[0].error)
    assert complete(tmp_path) == [right]


def test_where_no_size_is_told_there_is_a_limit_all_the_same(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_MOST_OF_FILE", 1000)
    nlm.sizes = False
    [name] = nlm.add(BASELINE, 1)
    nlm.misbehave(f"baseline/{name}", faults.status(404))  # HEAD
    assert "goes on after 1,000 bytes" in str(download().failed[0].error)


def test_a_wrong_answer_to_head_keeps_no_file_from_coming(
    nlm: Server, faults: Faults, download: Callable[..., DownloadReport]
) -> None:
    nlm.sizes = False
    [name] = nlm.add(BASELINE, 1)
    nlm.misbehave(f"baseline/{name}", faults.sends(b""))
    assert names(download().new) == [name]


def test_sizes_are_asked_for_only_so_long(
    nlm: Server, plan: Callable[..., DownloadPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_LONGEST_ASKING", 0.0)
    nlm.sizes = False
    nlm.add(BASELINE, 1, 2)
    assert [file.size for file in plan().wanted] == [None, None]


def test_what_a_killed_download_left_of_complete_files_is_removed(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [known, unknown] = nlm.add(BASELINE, 1, 2)
    download()
    downloads.write_record(tmp_path, {known: downloads.read_record(tmp_path)[known]})
    for name in (known, unknown):
        fetch.part_path(tmp_path / name).write_bytes(b"old")
    assert names(download().adopted) == [unknown]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_file_that_is_no_plain_one_stops_the_download(
    kind: str, nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [name] = nlm.add(BASELINE, 1)
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(nlm.files[f"baseline/{name}"])
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        (tmp_path / name).mkdir()
    else:
        os.mkfifo(tmp_path / name)
    report = download()
    assert isinstance(report.stopped, StorageError)
    assert str(report.stopped).endswith("; remove it")
    assert report.new == report.adopted == []


def test_a_file_without_end_is_not_read_to_find_out_whether_it_is_right(
    nlm: Server, download: Callable[..., DownloadReport], tmp_path: Path
) -> None:
    [name] = nlm.add(BASELINE, 1)
    (tmp_path / name).touch()
    os.truncate(tmp_path / name, 1 << 40)
    record = {name: downloads.DownloadedFile(BASELINE, name, 1 << 40, "0" * 32, "", nlm.modified, "")}
    downloads.write_record(tmp_path, record)
    assert names(download(check=True).new) == [name]
    assert complete(tmp_path) == [name]


def test_what_is_there_in_part_need_not_come(nlm: Server, plan: Callable[..., DownloadPlan], tmp_path: Path) -> None:
    [first, second, third] = nlm.add(BASELINE, 1, 2, 3, size=10 << 10)
    (tmp_path / first).write_bytes(b"x" * 1000)
    fetch.part_path(tmp_path / second).write_bytes(b"x" * 2000)
    fetch.part_path(tmp_path / third).write_bytes(b"x" * 99_000)
    assert plan().bytes == (10 << 10) * 2 - 3000


def test_sizes_that_the_listing_lacks_are_asked_for(nlm: Server, plan: Callable[..., DownloadPlan]) -> None:
    nlm.add(BASELINE, 1, 2, size=1234)
    nlm.sizes = False
    assert plan().bytes == 2468


def test_progress_is_told_of_in_shares_of_the_bytes(
    nlm: Server, web: HttpClient, plan: Callable[..., DownloadPlan], tmp_path: Path
) -> None:
    nlm.add(BASELINE, *range(1, 6))
    planned = plan()
    progress = Progress()
    mirror.download_files(web, nlm.address, tmp_path, planned, 2, progress)
    fractions = [fraction for fraction, _ in progress.told]
    assert fractions == sorted(fractions)
    assert progress.told[-1] == (pytest.approx(1.0, abs=0.01), 1)

    understated = replace(planned, bytes=10)
    for path in tmp_path.glob("*.gz"):
        path.unlink()
    mirror.download_files(web, nlm.address, tmp_path, understated, 2, progress)
    assert max(fraction for fraction, _ in progress.told) == 1.0
