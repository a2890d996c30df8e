"""A local mirror of NLM's PubMed folders: planning and running the download of missing files."""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bioqa.index.download import fetch, listing, threads
from bioqa.index.download import record as downloads
from bioqa.index.download.client import HttpClient
from bioqa.index.download.listing import ALL_NUMBERS, FileNumbers, ListedFile
from bioqa.index.download.record import DownloadedFile, DownloadRecord
from bioqa.index.errors import BioqaError, InputError, NetworkError, StorageError, TransientError
from bioqa.index.progress import Progress

ADDRESS = "https://ftp.ncbi.nlm.nih.gov/pubmed/"
MOST_AT_ONCE = 5  # connections: NLM asks for restraint
_MOST_OF_FILE = 192 << 20  # bytes; PubMed's have 20 MB to 60 MB, and five streams without end stay below 1 GB
_LONGEST_ASKING = 20.0  # seconds for requesting sizes, which serve progress and limits
_MOST_OUT_OF_REACH = 3  # consecutive files with an unreachable server before the download stops


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to download: those of these folders and numbers, and of them the `newest`."""

    folders: Sequence[str] = (downloads.BASELINE, downloads.UPDATES)
    numbers: FileNumbers = ALL_NUMBERS
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """The files that are present, and those to fetch or verify again."""

    present: Sequence[ListedFile]
    wanted: Sequence[ListedFile]
    bytes: int  # still to fetch, according to the server's listing
    damaged: Set[str]  # names of files that have changed on disk


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be fetched, with the error."""

    name: str
    error: BioqaError


@dataclass(frozen=True, slots=True)
class CompletedFile:
    """A complete file, and whether it had to be fetched."""

    download: DownloadedFile
    fetched: bool


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """The result of a download: new files, complete files that were not on record, and failures.

    `stopped` is the error that ended the download early.
    """

    new: Sequence[DownloadedFile]
    adopted: Sequence[DownloadedFile]
    failed: Sequence[FailedFile]
    stopped: BioqaError | None = None


def select_files(web: HttpClient, address: str, selection: Selection) -> list[ListedFile]:
    """The files of `selection` that the server at `address` lists, by year and number.

    Raises NetworkError if it lists no file, or a file twice; InputError if it lists no file with these numbers.
    """
    found: list[ListedFile] = []
    for folder in selection.folders:
        url = f"{address}{folder}/"
        found += listing.parse_listing(web.page(url), folder, url)
    if not found:
        raise NetworkError(
            f"{address}: no PubMed file in {' or '.join(selection.folders)} at present; after a new baseline there are "
            "no updates for some days"
        )
    twice = {name for name, count in Counter(file.name for file in found).items() if count > 1}
    if twice:
        raise NetworkError(
            f"{address}: {min(twice)} is in {' and in '.join(selection.folders)}; choose one by --baseline or --updates"
        )
    numbers = [listing.year_and_number(file.name)[1] for file in found]
    chosen = [file for file, number in zip(found, numbers, strict=True) if number in selection.numbers]
    if not chosen:
        raise InputError(f"--files: no file has such a number; the server has {min(numbers)} to {max(numbers)}")
    chosen.sort(key=lambda file: listing.year_and_number(file.name))
    return chosen[-selection.newest :] if selection.newest else chosen


def plan_download(
    web: HttpClient, address: str, folder: Path, files: Sequence[ListedFile], progress: Progress, *, check: bool
) -> DownloadPlan:
    """Compare the server's listing with `folder`, by the recorded sizes and times.

    With `check`, the digests of recorded files are verified, reported to `progress`. Sizes missing from the listing are
    requested from the server. Raises NetworkError, and InputError if the record is damaged.
    """
    record = downloads.read_record(folder)
    on_disk = [file for file in files if file.name in record and downloads.is_there(folder, record[file.name])]
    damaged = _damaged_files(folder, [record[file.name] for file in on_disk], progress) if check else set()
    present = [file for file in on_disk if file.modified == record[file.name].modified and file.name not in damaged]
    there = {file.name for file in present}
    wanted = _with_sizes(web, address, [file for file in files if file.name not in there])
    return DownloadPlan(present, wanted, sum(_remaining_bytes(folder, file) for file in wanted), damaged)


def _damaged_files(folder: Path, files: Sequence[DownloadedFile], progress: Progress) -> set[str]:
    damaged, done, whole = set(), 0, sum(file.size for file in files)
    for file in files:
        with fetch.storage_errors(folder / file.name):
            if file.size > _MOST_OF_FILE or fetch.md5_of(folder / file.name) != file.md5:
                damaged.add(file.name)
        done += file.size
        progress.update(done / max(whole, 1), done // 1_000_000)
    return damaged


def _remaining_bytes(folder: Path, file: ListedFile) -> int:
    path = folder / file.name
    return max(0, (file.size or 0) - max(fetch.file_size(path), fetch.file_size(fetch.part_path(path))))


def _with_sizes(web: HttpClient, address: str, files: Sequence[ListedFile]) -> list[ListedFile]:
    until = time.monotonic() + _LONGEST_ASKING
    return [
        replace(file, size=web.size(f"{address}{file.folder}/{file.name}"), rounding=_MOST_OF_FILE)  # HEAD may err
        if file.size is None and time.monotonic() < until
        else file
        for file in files
    ]


class _ByteCounter:
    """A thread-safe count of received bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bytes = 0

    def add(self, count: int) -> None:
        with self._lock:
            self.bytes += count


def download_files(
    web: HttpClient, address: str, folder: Path, planned: DownloadPlan, at_once: int, progress: Progress
) -> DownloadReport:
    """Fetch the wanted files to `folder`, `at_once` in parallel, and record each when it is complete.

    The download continues after a failed file, unless writing fails or the server is unreachable. `progress` counts MB.
    Raises StorageError if the record cannot be written.
    """
    record = {
        name: file
        for name, file in downloads.read_record(folder).items()
        if name not in planned.damaged and downloads.is_there(folder, file)
    }
    downloads.write_record(folder, record)
    for file in planned.present:
        fetch.remove_part(folder / file.name)
    new: list[DownloadedFile] = []
    adopted: list[DownloadedFile] = []
    failed: list[FailedFile] = []
    tally, out_of_reach = _ByteCounter(), 0
    stopped: BioqaError | None = None
    work = partial(_download_file, web, address, folder, dict(record), tally)
    with contextlib.closing(threads.run_in_threads(work, planned.wanted, at_once, web.stop)) as results:
        for result in results:
            progress.update(min(1.0, tally.bytes / max(planned.bytes, 1)), tally.bytes // 1_000_000)
            match result:
                case CompletedFile(arrived, fetched):
                    record[arrived.name] = arrived
                    downloads.write_record(folder, record)
                    (new if fetched else adopted).append(arrived)
                    out_of_reach = 0
                case FailedFile(_, error):
                    failed.append(result)
                    out_of_reach = out_of_reach + 1 if isinstance(error, TransientError) else 0
                    if isinstance(error, StorageError) or out_of_reach == _MOST_OUT_OF_REACH:
                        stopped = error
                        break
    return DownloadReport(sorted(new, key=lambda file: listing.year_and_number(file.name)), adopted, failed, stopped)


def _download_file(
    web: HttpClient, address: str, folder: Path, record: DownloadRecord, tally: _ByteCounter, file: ListedFile
) -> CompletedFile | FailedFile:
    url, path = f"{address}{file.folder}/{file.name}", folder / file.name
    try:
        md5 = listing.parse_digest(web.page(f"{url}.md5"), file.name, f"{url}.md5")
        with fetch.storage_errors(path):
            there = os.path.lexists(path)
            fetched = not there or fetch.file_size(path) > _largest_size(file) or fetch.md5_of(path) != md5
            if fetched and there and file.name not in record:  # truncated or damaged: must not be read
                path.replace(fetch.part_path(path))
            etag = (
                fetch.fetch_file(web, url, path, md5, tally.add, _largest_size(file))
                if fetched
                else _etag(record, file.name)
            )
            fetch.remove_part(path)
            size = fetch.file_size(path)
    except BioqaError as error:
        return FailedFile(file.name, error)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return CompletedFile(DownloadedFile(file.folder, file.name, size, md5, etag, file.modified, now), fetched)


def _largest_size(file: ListedFile) -> int:
    """The largest possible size of a file, according to the listing."""
    return _MOST_OF_FILE if file.size is None else min(_MOST_OF_FILE, file.size + file.rounding)


def _etag(record: DownloadRecord, name: str) -> str:
    return record[name].etag if name in record else ""
