"""A folder of downloaded PubMed files: which of them are complete, and in which order they are to be read."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bioqa.index import atomic
from bioqa.index.download.fetch import storing
from bioqa.index.download.listing import is_pubmed, year_and_number
from bioqa.index.errors import InputError
from bioqa.index.plain_files import plain_size, read_plain
from bioqa.index.store.lock import locked
from bioqa.index.store.manifest import MANIFEST

RECORD = "downloads.json"
BASELINE, UPDATES = "baseline", "updatefiles"  # the server's folders
_FORMAT = 1
_RECORD_CURE = "delete it, and 'bioqa corpus download' finds out again what is complete"
_MOST_OF_REASON = 200  # characters
_MOST_OF_RECORD = 8 << 20  # bytes; that of 2,000 files has 0.6 MB


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was complete, and its digest right, at `time` (ISO 8601, UTC)."""

    folder: str  # of the server
    name: str
    size: int  # bytes
    md5: str
    etag: str
    modified: str  # as the server's listing had it
    time: str


Record = Mapping[str, Download]  # by name


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Makes `folder` and holds its lock, so that no second download works in it.

    Raises InputError where it is something else, StorageError where the disk refuses or another holds the lock.
    """
    with storing(folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise InputError(f"{folder}: is a file; downloads go into a folder")
        if os.path.lexists(folder / MANIFEST):
            raise InputError(f"{folder}: is an index; choose another folder for what it is made of")
    with storing(folder), locked(folder, "downloading to this folder"):
        with storing(atomic.unfinished(folder / RECORD)):
            atomic.unfinished(folder / RECORD).unlink(missing_ok=True)  # of a process that was killed
        yield


def read_record(folder: Path) -> Record:
    """What the record of `folder` says was downloaded; nothing where there is no record.

    Raises InputError where it is damaged.
    """
    path = folder / RECORD
    try:
        fields = json.loads(read_plain(path, _MOST_OF_RECORD))
        if fields["format"] != _FORMAT:
            raise ValueError(f"format {fields['format']}, this bioqa reads {_FORMAT}")
        record = {entry["name"]: Download(**entry) for entry in fields["files"]}
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


def _check(download: Download) -> None:
    texts = (download.folder, download.name, download.md5, download.etag, download.modified, download.time)
    if not all(isinstance(text, str) for text in texts) or type(download.size) is not int:
        raise TypeError("a text or a number is of another type")
    if not is_pubmed(download.name):
        raise ValueError(f"{download.name!r} is no name of a PubMed file")


def write_record(folder: Path, record: Record) -> None:
    """Write the record of `folder`, whole or not at all. Raises StorageError where the disk refuses."""
    fields = {"format": _FORMAT, "files": [asdict(record[name]) for name in sorted(record)]}
    atomic.write_inside(folder / RECORD, (json.dumps(fields, indent=1) + "\n").encode())


def is_there(folder: Path, download: Download) -> bool:
    """Whether the file, a plain one, still has the size with which it was complete."""
    return plain_size(folder / download.name) == download.size


def complete_files(folder: Path) -> list[Path]:
    """The complete files of `folder` in the order in which they are to be read: the baseline, then the updates.

    Files of an older year than the newest baseline are left out: it holds what they say. So are updates behind one that
    is missing: read after them, it would undo what they revise. Raises InputError where nothing was downloaded to
    `folder`, or its record is damaged.
    """
    record = read_record(folder)
    if not record:
        raise InputError(f"{folder}: nothing was downloaded there; 'bioqa corpus download --to {folder}' does it")
    there = [download for download in record.values() if is_there(folder, download)]
    year, missing = _baseline_year(there), _missing_updates(there)

    def waits(download: Download) -> bool:
        return bool(missing) and download.folder == UPDATES and _order(download) > missing[0]

    current = [download for download in there if _order(download)[0] >= year and not waits(download)]
    return [folder / download.name for download in sorted(current, key=_order)]


def warnings(folder: Path) -> list[str]:
    """What is amiss with the downloads in `folder` as a whole. Raises InputError where their record is damaged."""
    there = sorted((file for file in read_record(folder).values() if is_there(folder, file)), key=_order)
    year = _baseline_year(there)
    old = [file.name for file in there if _order(file)[0] < year]
    said = []
    if old:
        said.append(
            f"{len(old):,} files are older than the baseline of 20{year:02} and no longer read ({old[0]} ...): "
            "build a new index from the new baseline, then delete them"
        )
    newest = max((_order(file)[0] for file in there), default=0)
    if year and newest > year:
        said.append(
            f"the updates of 20{newest:02} go with a baseline that is not in {folder}, which has that of 20{year:02}: "
            "download the new one and build a new index from it"
        )
    missing = _missing_updates(there)
    if missing:
        said.append(
            f"{len(missing):,} updates are missing between those that are there (the first is number {missing[0][1]}): "
            "those behind it wait, for read later it would undo what they revise"
        )
    return said


def _missing_updates(there: Iterable[Download]) -> list[tuple[int, int]]:
    """Year and number of the updates that are missing between the newest year's first and last."""
    orders = [_order(file) for file in there if file.folder == UPDATES]
    newest = max((year for year, _ in orders), default=0)
    numbers = {number for year, number in orders if year == newest}
    return [(newest, n) for n in range(min(numbers, default=0), max(numbers, default=0)) if n not in numbers]


def _order(download: Download) -> tuple[int, int]:
    return year_and_number(download.name)


def _baseline_year(downloads: Iterable[Download]) -> int:
    return max((_order(download)[0] for download in downloads if download.folder == BASELINE), default=0)
