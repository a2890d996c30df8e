"""A folder kept like NLM's: what the server lists is compared with what is there, and what is missing is fetched."""

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
from bioqa.index.download.client import Web
from bioqa.index.download.listing import EVERY_NUMBER, Listed, Numbers
from bioqa.index.download.record import Download, Record
from bioqa.index.errors import BioqaError, InputError, NetworkError, StorageError, TransientError
from bioqa.index.progress import Progress

ADDRESS = "https://ftp.ncbi.nlm.nih.gov/pubmed/"
MOST_AT_ONCE = 5  # connections: NLM asks for restraint
_MOST_OF_FILE = 192 << 20  # bytes; PubMed's have 20 MB to 60 MB, and five streams without end stay below 1 GB
_LONGEST_ASKING = 20.0  # seconds for sizes, which serve the progress and the limits
_MOST_OUT_OF_REACH = 3  # files one after the other for which the server cannot be reached, before the rest is left


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the server's files are wanted: those of these folders and numbers, and of them the `newest`."""

    folders: Sequence[str] = (downloads.BASELINE, downloads.UPDATES)
    numbers: Numbers = EVERY_NUMBER
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are there with the digest that the server states, and which have to be fetched, or looked at anew."""

    present: Sequence[Listed]
    wanted: Sequence[Listed]
    bytes: int  # of what is wanted, less what is there in part, as far as the server's listing tells
    damaged: Set[str]  # names of files that are no longer what they were


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be had, and why."""

    name: str
    error: BioqaError


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is complete, and whether it had to be fetched for that."""

    download: Download
    fetched: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a download brought, and what was there unrecorded; `stopped` is why it was given up before the end."""

    new: Sequence[Download]
    adopted: Sequence[Download]
    failed: Sequence[Failure]
    stopped: BioqaError | None = None


def listed(web: Web, address: str, selection: Selection) -> list[Listed]:
    """The files of `selection` that the server at `address` lists, by year and number.

    Raises NetworkError where it lists nothing or a file twice, InputError where it lists nothing of these numbers.
    """
    found: list[Listed] = []
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


def plan(web: Web, address: str, folder: Path, files: Sequence[Listed], progress: Progress, *, check: bool) -> Plan:
    """Compare what the server lists with what is in `folder`, by the sizes and times on record.

    With `check`, the digests of the files on record are worked out anew, of which `progress` is told. Sizes that the
    listing lacks are asked of the server. Raises NetworkError, and InputError where the record is damaged.
    """
    record = downloads.read_record(folder)
    on_disk = [file for file in files if file.name in record and downloads.is_there(folder, record[file.name])]
    damaged = _damaged(folder, [record[file.name] for file in on_disk], progress) if check else set()
    present = [file for file in on_disk if file.modified == record[file.name].modified and file.name not in damaged]
    there = {file.name for file in present}
    wanted = _measured(web, address, [file for file in files if file.name not in there])
    return Plan(present, wanted, sum(_left(folder, file) for file in wanted), damaged)


def _damaged(folder: Path, files: Sequence[Download], progress: Progress) -> set[str]:
    damaged, done, whole = set(), 0, sum(file.size for file in files)
    for file in files:
        with fetch.storing(folder / file.name):
            if file.size > _MOST_OF_FILE or fetch.digest(folder / file.name) != file.md5:
                damaged.add(file.name)
        done += file.size
        progress.update(done / max(whole, 1), done // 1_000_000)
    return damaged


def _left(folder: Path, file: Listed) -> int:
    path = folder / file.name
    return max(0, (file.size or 0) - max(fetch.size(path), fetch.size(fetch.part_of(path))))


def _measured(web: Web, address: str, files: Sequence[Listed]) -> list[Listed]:
    until = time.monotonic() + _LONGEST_ASKING
    return [
        replace(file, size=web.size(f"{address}{file.folder}/{file.name}"), rounding=_MOST_OF_FILE)  # HEAD may err
        if file.size is None and time.monotonic() < until
        else file
        for file in files
    ]


class _Tally:
    """How many bytes have come, counted by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bytes = 0

    def add(self, count: int) -> None:
        with self._lock:
            self.bytes += count


def download(web: Web, address: str, folder: Path, planned: Plan, at_once: int, progress: Progress) -> Report:
    """Fetch what is wanted to `folder`, `at_once` files at a time, and put it on record file by file.

    A file that fails does not keep the others from coming, unless the disk refuses or the server is out of reach.
    `progress` is told of the bytes, in MB. Raises StorageError where the record cannot be written.
    """
    record = {
        name: file
        for name, file in downloads.read_record(folder).items()
        if name not in planned.damaged and downloads.is_there(folder, file)
    }
    downloads.write_record(folder, record)
    for file in planned.present:
        fetch.clear(folder / file.name)
    new: list[Download] = []
    adopted: list[Download] = []
    failed: list[Failure] = []
    tally, out_of_reach = _Tally(), 0
    stopped: BioqaError | None = None
    work = partial(_bring, web, address, folder, dict(record), tally)
    with contextlib.closing(threads.results(work, planned.wanted, at_once, web.stop)) as results:
        for result in results:
            progress.update(min(1.0, tally.bytes / max(planned.bytes, 1)), tally.bytes // 1_000_000)
            match result:
                case Arrival(arrived, fetched):
                    record[arrived.name] = arrived
                    downloads.write_record(folder, record)
                    (new if fetched else adopted).append(arrived)
                    out_of_reach = 0
                case Failure(_, error):
                    failed.append(result)
                    out_of_reach = out_of_reach + 1 if isinstance(error, TransientError) else 0
                    if isinstance(error, StorageError) or out_of_reach == _MOST_OUT_OF_REACH:
                        stopped = error
                        break
    return Report(sorted(new, key=lambda file: listing.year_and_number(file.name)), adopted, failed, stopped)


def _bring(web: Web, address: str, folder: Path, record: Record, tally: _Tally, file: Listed) -> Arrival | Failure:
    url, path = f"{address}{file.folder}/{file.name}", folder / file.name
    try:
        md5 = listing.parse_digest(web.page(f"{url}.md5"), file.name, f"{url}.md5")
        with fetch.storing(path):
            there = os.path.lexists(path)
            fetched = not there or fetch.size(path) > _most(file) or fetch.digest(path) != md5
            if fetched and there and file.name not in record:  # cut off or damaged: no reader is to find it
                path.replace(fetch.part_of(path))
            etag = fetch.fetch(web, url, path, md5, tally.add, _most(file)) if fetched else _etag(record, file.name)
            fetch.clear(path)
            size = fetch.size(path)
    except BioqaError as error:
        return Failure(file.name, error)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Arrival(Download(file.folder, file.name, size, md5, etag, file.modified, now), fetched)


def _most(file: Listed) -> int:
    """The bytes that a file can have, as the listing tells."""
    return _MOST_OF_FILE if file.size is None else min(_MOST_OF_FILE, file.size + file.rounding)


def _etag(record: Record, name: str) -> str:
    return record[name].etag if name in record else ""
