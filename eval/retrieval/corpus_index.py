"""Indexes over the corpora of collections, kept in the user's cache: made at first use, found again after that."""

import hashlib
import shutil
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from bioqa.index.errors import IndexFolderError, InputError, StorageError
from bioqa.index.ingest import builder
from bioqa.index.models.encoder import Encoder
from bioqa.index.progress import Progress
from bioqa.index.search.search_index import SearchIndex
from bioqa.index.store.lock import locked
from bioqa.index.store.manifest import FORMAT
from bioqa.index.store.storage import read_verified


def folder_of(corpus: Path, encoder: Encoder | None) -> Path:
    """Where the index over a corpus file is kept: a name of its own for every content, encoder and format.

    Raises InputError where the file cannot be read.
    """
    import platformdirs

    try:
        with corpus.open("rb") as file:
            identity = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise InputError(f"{corpus}: {error.strerror or error}") from None
    identity.update((encoder.card.digest if encoder else "none").encode())
    return Path(platformdirs.user_cache_dir("bioqa")) / "corpora" / f"{FORMAT}-{identity.hexdigest()[:16]}"


def is_whole(folder: Path) -> bool:
    """Whether an index is there that was built to its end."""
    try:
        manifest = read_verified(folder)
    except IndexFolderError:
        return False
    return any(source.finished for source in manifest.sources)


def build(corpus: Path, folder: Path, encoder: Encoder | None, progress: Progress) -> None:
    """Make the index, or go on with one whose making was interrupted.

    Raises InputError where the corpus breaks off, StorageError where the cache cannot be written.
    """
    if folder.exists() and not _goes_on(folder, corpus):
        with locked(folder, "building this index"):
            shutil.rmtree(folder, ignore_errors=True)
    try:
        report = builder.build([corpus], folder, encoder, format_name="jsonl", progress=progress)
    except StorageError as error:
        raise StorageError(
            f"{error}; set XDG_CACHE_HOME to a folder that can be written, or pass --index DIR"
        ) from None
    if report.bad_files:
        raise report.bad_files[0]


def _goes_on(folder: Path, corpus: Path) -> bool:
    """Whether what is there was read from this very file: of the same from elsewhere every document would be replaced,
    and BM25 counts replaced documents for a while."""
    try:
        manifest = read_verified(folder)
    except IndexFolderError:
        return False
    here = str(corpus.resolve()), corpus.stat().st_mtime_ns
    return all((source.path, source.modified) == here for source in manifest.sources)


def check_holds(index: SearchIndex, ids: Sequence[str]) -> None:
    """Raise InputError unless the index holds all of these documents, which are distinct."""

    def held(count: int) -> int:
        return index.count_documents(ids[:count])

    lacking = len(ids) - held(len(ids))
    if lacking:
        first = bisect_left(range(1, len(ids)), True, key=lambda count: held(count) < count)
        raise InputError(
            f"{index.location}: lacks {lacking:,} of the {len(ids):,} documents of the corpus, "
            f"the first is {ids[first]}; build an index over this corpus, or leave --index out"
        )
