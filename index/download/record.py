"""The record of a download folder: which PubMed files are complete, and their reading order."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bioqa.index import atomic
from bioqa.index.download.fetch import storage_errors
from bioqa.index.download.listing import is_pubmed_name, year_and_number
from bioqa.index.errors import InputError
from bioqa.index.plain_files import plain_size, read_plain
from bioqa.index.store.lock import locked
from bioqa.index.store.manifest import MANIFEST

RECORD = "downloads.json"
SEARCHES = "searches.json"  # what was searched for, beside the papers found
BASELINE, UPDATES = "baseline", "updatefiles"  # the server's folders
_FORMAT = 1
_RECORD_CURE = "delete it, and 'bioqa corpus download' will check which files are complete"
_MOST_OF_REASON = 200  # characters
_MOST_OF_RECORD = 8 << 20  # bytes; that of 2,000 files has 0.6 MB


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file that was complete with the correct digest at `time` (ISO 8601, UTC)."""

    folder: str  # of the server
    name: str
    size: int  # bytes
    md5: str
    etag: str
    modified: str  # as the server's listing had it
    time: str


DownloadRecord = Mapping[str, DownloadedFile]  # by name


@contextlib.contextmanager
def locked_for_download(folder: Path) -> Iterator[None]:
    """Create `folder` and hold its lock, so that no second download uses it.

    Raises InputError if it is a file or an index, StorageError if writing fails or another process holds the lock.
    """
    refuse_occupied(folder)
    with storage_errors(folder), locked(folder, "downloading to this folder"):
        with storage_errors(atomic.temporary_path(folder / RECORD)):
            atomic.temporary_path(folder / RECORD).unlink(missing_ok=True)  # of a process that was killed
        yield


def refuse_occupied(folder: Path) -> None:
    """Raise InputError if `folder` is a file or an index, StorageError if it cannot be looked at."""
    with storage_errors(folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise InputError(f"{folder}: is a file; downloads go into a folder")
        if os.path.lexists(folder / MANIFEST):
            raise InputError(f"{folder}: is an index; choose another folder for what it is made of")


def read_record(folder: Path) -> DownloadRecord:
    """The downloaded files on record in `folder`; empty if there is no record.

    Raises InputError if it is damaged.
    """
    path = folder / RECORD
    try:
        fields = json.loads(read_plain(path, _MOST_OF_RECORD))
        if fields["format"] != _FORMAT:
            raise ValueError(f"format {fields['format']}, this bioqa reads {_FORMAT}")
        record = {entry["name"]: DownloadedFile(**entry) for entry in fields["files"]}
        for download in record.values():
            _check(download)
        return record
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; {_RECORD_CURE}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:_MOST_OF_REASON]  # it may quote what is in the record
        raise InputError(f"{path}: damaged ({reason}); {_RECORD_CURE}") from None


def _check(download: DownloadedFile) -> None:
    texts = (download.folder, download.name, download.md5, download.etag, download.modified, download.time)
    if not all(isinstance(text, str) for text in texts) or type(download.size) is not int:
        raise TypeError("a text or a number is of another type")
    if not is_pubmed_name(download.name):
        raise ValueError(f"{download.name!r} is no name of a PubMed file")


def write_record(folder: Path, record: DownloadRecord) -> None:
    """Write the record of `folder` atomically. Raises StorageError if writing fails."""
    fields = {"format": _FORMAT, "files": [asdict(record[name]) for name in sorted(record)]}
    atomic.write_inside(folder / RECORD, (json.dumps(fields, indent=1) + "\n").encode())


def is_there(folder: Path, download: DownloadedFile) -> bool:
    """Whether the file exists as a regular file in its complete size."""
    return plain_size(folder / download.name) == download.size


def complete_files(folder: Path) -> list[Path]:
    """The complete files of `folder` in reading order: the baseline, then the updates.

    Files from before the newest baseline are left out, because it includes them. Updates after a missing one are left
    out as well: if it were read after them, it would undo their revisions. Raises InputError if nothing was downloaded
    to `folder` or its record is damaged.
    """
    record = read_record(folder)
    if not record:
        raise InputError(f"{folder}: nothing was downloaded there; 'bioqa corpus download --to {folder}' does it")
    there = [download for download in record.values() if is_there(folder, download)]
    year, missing = _baseline_year(there), _missing_updates(there)

    def waits(download: DownloadedFile) -> bool:
        return bool(missing) and download.folder == UPDATES and _order(download) > missing[0]

    current = [download for download in there if _order(download)[0] >= year and not waits(download)]
    return [folder / download.name for download in sorted(current, key=_order)]


def warnings(folder: Path) -> list[str]:
    """Warnings about missing and outdated files in `folder`. Raises InputError if the record is damaged."""
    there = sorted((file for file in read_record(folder).values() if is_there(folder, file)), key=_order)
    year = _baseline_year(there)
    old = [file.name for file in there if _order(file)[0] < year]
    messages = []
    if old:
        messages.append(
            f"{len(old):,} files are older than the baseline of 20{year:02} and no longer read ({old[0]} ...): "
            "build a new index from the new baseline, then delete them"
        )
    newest = max((_order(file)[0] for file in there), default=0)
    if year and newest > year:
        messages.append(
            f"the updates of 20{newest:02} go with a baseline that is not in {folder}, which has that of 20{year:02}: "
            "download the new one and build a new index from it"
        )
    missing = _missing_updates(there)
    if missing:
        messages.append(
            f"{len(missing):,} updates are missing between those that are there (the first is number {missing[0][1]}): "
            "those behind it wait, for read later it would undo what they revise"
        )
    return messages


def _missing_updates(there: Iterable[DownloadedFile]) -> list[tuple[int, int]]:
    """Year and number of the updates that are missing between the first and the last of the newest year."""
    orders = [_order(file) for file in there if file.folder == UPDATES]
    newest = max((year for year, _ in orders), default=0)
    numbers = {number for year, number in orders if year == newest}
    return [(newest, n) for n in range(min(numbers, default=0), max(numbers, default=0)) if n not in numbers]


def _order(download: DownloadedFile) -> tuple[int, int]:
    return year_and_number(download.name)


def _baseline_year(downloads: Iterable[DownloadedFile]) -> int:
    return max((_order(download)[0] for download in downloads if download.folder == BASELINE), default=0)
