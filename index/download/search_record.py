"""The papers and the searches of a folder: what it holds already, and which query brought it."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bioqa.index import atomic
from bioqa.index.download.fetch import storage_errors
from bioqa.index.download.record import RECORD, SEARCHES, refuse_occupied
from bioqa.index.errors import InputError
from bioqa.index.plain_files import open_plain, plain_size, read_plain

_NAME = "pubmed-search-{:06}.xml.gz"
_NUMBER = re.compile(r"pubmed-search-(\d{6,})\.xml\.gz(?:\.unfinished)?", re.ASCII)
_PMID = re.compile(rb"<(?:MedlineCitation|BookDocument)\b[^>]{0,200}>\s{0,50}<PMID[^>]{0,50}>\s*(\d{1,9})\s*</PMID>")
_PIECE = 1 << 20  # bytes read at once
_LONGEST_MATCH = 512  # bytes of what `_PMID` matches
_MOST_OF_RECORD = 8 << 20  # bytes
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """A search, as the record of the folder has it."""

    query: str
    limit: int | None  # of papers, if there was one
    translation: str  # the query as PubMed reads it
    warnings: Sequence[str]
    server: str
    count: int  # papers that match
    fetched: int  # by this search
    held: int  # that were there already
    missing: Sequence[str]  # PMIDs that the server lists but did not deliver
    complete: bool
    time: str  # of its last run, ISO 8601 in UTC


def check_folder(folder: Path) -> None:
    """Raise InputError if `folder` is a file, an index, or a download of all PubMed, which is read by another rule."""
    refuse_occupied(folder)
    if (folder / RECORD).exists():
        raise InputError(f"{folder}: holds a download of PubMed; choose another folder for the papers of a search")


def held_pmids(folder: Path) -> set[str]:
    """The PMIDs of all papers in the PubMed XML files of `folder`. Raises InputError if one is damaged."""
    found: set[str] = set()
    for path in sorted(folder.glob("*.xml*")) if folder.is_dir() else ():
        if path.name.endswith((".xml", ".xml.gz")) and plain_size(path) is not None:
            found |= _pmids_of(path)
    return found


def _pmids_of(path: Path) -> set[str]:
    found: set[str] = set()
    try:
        with open_plain(path) as raw, gzip.open(raw) if path.suffix == ".gz" else raw as file:
            rest = b""
            while piece := file.read(_PIECE):
                text = rest + piece
                found.update(match[1].decode() for match in _PMID.finditer(text))
                rest = text[-_LONGEST_MATCH:]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path}: damaged; delete it, and the same command fetches its papers again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    return found


def new_paths(folder: Path) -> Iterator[Path]:
    """The paths of the next files of papers. Files that a killed process left unfinished are deleted."""
    numbers = [0]
    with storage_errors(folder):
        for path in sorted(folder.iterdir()):
            if match := _NUMBER.fullmatch(path.name):
                numbers.append(int(match[1]))
                if path.suffix == ".unfinished":
                    path.unlink()
    return (folder / _NAME.format(number) for number in count(max(numbers) + 1))


def write_papers(path: Path, content: bytes) -> None:
    """Write a file of papers, compressed. Raises StorageError."""
    atomic.write_inside(path, gzip.compress(content, 6, mtime=0))


def read_searches(folder: Path) -> list[Mapping[str, Any]]:
    """The searches on record in `folder`. Raises InputError if the record is damaged."""
    path = folder / SEARCHES
    try:
        fields = json.loads(read_plain(path, _MOST_OF_RECORD))
        searches = fields["searches"]
        if fields["format"] != _FORMAT or not all(isinstance(search, dict) for search in searches):
            raise ValueError("another format")
        return list(searches)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; move it away") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path}: damaged; delete it, which loses the list of searches and no paper") from None


def write_search(folder: Path, before: Sequence[Mapping[str, Any]], entry: SearchEntry) -> None:
    """Add a search to those on record `before`; it replaces an earlier run of the same. Raises StorageError."""
    same = (entry.query, entry.limit)
    kept = [search for search in before if (search.get("query"), search.get("limit")) != same]
    content = json.dumps({"format": _FORMAT, "searches": [*kept, asdict(entry)]}, ensure_ascii=False, indent=1)
    atomic.write_inside(folder / SEARCHES, f"{content}\n".encode("utf-8", "replace"))
