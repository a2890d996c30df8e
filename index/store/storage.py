"""The index folder: its segments, and the commit that makes new ones visible.

    manifest.json               the only source of truth; a commit writes new files, then renames a new manifest over it
    segments/000001/            made one with its neighbours where they are many; see merging.py
        documents.jsonl         one document a line
        documents.npy           int64 (n + 1): byte offset of each line, and the end
        passages.npy            int32 (m, 3): document row in this segment, start and end in its text
        vectors.npy             float16 (m, dimensions), unless the index is lexical only
        checksums.npy           uint32: of every block of these files; see checksums.py
    lexical/000001/             tantivy's files; hard links to the previous commit's where nothing changed
    removed-000001.npy          int64: rows of documents that were replaced or deleted since their segment was written
    vectors-000001.faiss        inverted lists over the vectors, where there are many; made again from the segments

    writer.lock                 of the writer at work; see lock.py

What a killed process leaves behind is in no manifest, so nobody reads it, and the next writer deletes it.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bioqa.index import atomic
from bioqa.index.arrays import Array
from bioqa.index.errors import AlteredError, IndexFolderError, StorageError
from bioqa.index.records import Document
from bioqa.index.store import checksums, digests
from bioqa.index.store.lock import LOCK, locked
from bioqa.index.store.manifest import MANIFEST, Manifest, SegmentInfo, is_as_written, read_manifest, write_manifest
from bioqa.index.store.snapshot import refuse_links

_NAME = "[0-9]" * 6  # of a segment's or lexical folder: the number of its commit


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Holds the folder's writer lock, takes back what was not committed in the end, and turns what the disk says into a
    StorageError that names the folder."""
    if folder.exists():
        _refuse_foreign(folder)
    try:
        with locked(folder, "writing to this index"):
            try:
                yield
            finally:
                if (folder / MANIFEST).exists():
                    discard_uncommitted(folder, read_manifest(folder))
                else:
                    _leave_nothing(folder)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}; what was committed before is still there") from error


def _refuse_foreign(folder: Path) -> None:
    if not folder.is_dir():
        raise IndexFolderError(f"{folder}: is a file; an index is a folder")
    refuse_links(folder)
    entries = {entry.name for entry in folder.iterdir()}
    ours = {LOCK, "segments", "lexical", atomic.unfinished(Path(MANIFEST)).name} if LOCK in entries else set()
    strangers = entries - ours
    if MANIFEST not in entries and strangers:
        raise IndexFolderError(f"{folder}: holds other files ({min(strangers)}) and no index; choose an empty folder")


def _leave_nothing(folder: Path) -> None:
    """Take back what a writer that committed nothing has put into the folder; what else is there stays."""
    _discard(folder, keep=set())
    (folder / LOCK).unlink(missing_ok=True)
    for emptied in (folder / "segments", folder / "lexical", folder):
        with contextlib.suppress(OSError):
            emptied.rmdir()


def write_segment(
    folder: Path,
    name: str,
    documents: Sequence[Document],
    ranges: Sequence[Sequence[tuple[int, int]]],
    vectors: Array | None,
) -> SegmentInfo:
    """Write documents, the character ranges of each one's passages, and their vectors; returns what to commit."""
    target = folder / "segments" / name
    target.mkdir(parents=True)
    offsets = [0]
    with (target / "documents.jsonl").open("wb") as file:
        for document in documents:
            fields = {name: getattr(document, name) for name in Document.__slots__}
            line = json.dumps(fields, ensure_ascii=False, default=asdict).encode() + b"\n"
            offsets.append(offsets[-1] + file.write(line))
    rows = [(row, start, end) for row, spans in enumerate(ranges) for start, end in spans]
    np.save(target / "documents.npy", np.array(offsets, dtype=np.int64))
    np.save(target / "passages.npy", np.array(rows, dtype=np.int32).reshape(-1, 3))
    if vectors is not None:
        np.save(target / "vectors.npy", vectors.astype(np.float16))
    return sealed(target, len(documents), len(rows))


def sealed(segment: Path, documents: int, passages: int) -> SegmentInfo:
    """Write the checksums of a segment, and see to it that all its files are on the disk; returns what to commit."""
    checksums.write(segment, {path.name: path.stat().st_size for path in segment.iterdir()})
    files = sorted(segment.iterdir())
    for path in files:
        _sync(path)
    atomic.sync_folder(segment)
    return SegmentInfo(segment.name, documents, passages, {path.name: path.stat().st_size for path in files})


def write_removed(folder: Path, name: str, rows: Array) -> str:
    """Write the rows of all documents removed so far; returns the file's name, none where there are none."""
    if not len(rows):
        return ""
    path = folder / f"removed-{name}.npy"
    np.save(path, rows)
    _sync(path)
    return path.name


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_whole(folder: Path) -> Manifest:
    """The manifest, for a writer: what a commit takes over and signs again is checked to be what was written.

    That is the manifest itself, the lexical index, which tantivy merges, and what was removed. Segments are checked
    where they are read or merged. Raises AlteredError where a byte has changed.
    """
    manifest = read_manifest(folder)
    if not is_as_written(folder):
        raise AlteredError(f"{folder / MANIFEST}: is not what the last commit wrote; rebuild with 'bioqa index build'")
    removed = {folder / name: manifest.digests.get(name, "") for name in [manifest.removed] if name}
    digests.refuse_changed(removed)
    digests.refuse_changed_lexical(folder, manifest)
    return manifest


def read_checked(folder: Path) -> Manifest:
    """The manifest of an index of which every file is what was written. Raises IndexFolderError where one is not."""
    refuse_links(folder)
    manifest = read_manifest(folder)
    digests.refuse_changed({folder / name: made for name, made in manifest.digests.items()})
    return manifest


def fork_lexical(folder: Path, current: str, name: str) -> Path:
    """A new lexical folder that starts as the current one: its files never change, so they are linked, not copied."""
    target = folder / "lexical" / name
    target.mkdir(parents=True)
    if current:
        for file in (folder / "lexical" / current).iterdir():
            if file.suffix == ".lock":
                continue
            if file.suffix == ".json":  # the two files that tantivy rewrites in place of adding new ones
                shutil.copy2(file, target / file.name)
            else:
                _link(file, target / file.name)
    return target


def _link(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file)
    except OSError:  # a file system without hard links
        shutil.copy2(file, target)
        _sync(target)


def discard_uncommitted(folder: Path, manifest: Manifest) -> None:
    """Delete what no commit names: leftovers of killed writers and of commits before this one."""
    atomic.unfinished(folder / MANIFEST).unlink(missing_ok=True)
    _discard(folder, {f"segments/{segment.name}" for segment in manifest.segments} | {f"lexical/{manifest.lexical}"})
    named = {manifest.removed, manifest.structure.file if manifest.structure else ""}
    for entry in [*folder.glob("removed-*.npy"), *folder.glob("vectors-*.faiss")]:
        if entry.name not in named:
            entry.unlink()


def _discard(folder: Path, keep: set[str]) -> None:
    for entry in [*folder.glob(f"segments/{_NAME}"), *folder.glob(f"lexical/{_NAME}")]:
        if entry.relative_to(folder).as_posix() not in keep:
            shutil.rmtree(entry, ignore_errors=True)


def commit(folder: Path, before: Manifest, changes: Manifest) -> Manifest:
    """Make `changes` the state of the folder, then delete the files that only `before` needed."""
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    digested = digests.digests(folder, before, changes)
    after = replace(changes, commit=before.commit + 1, committed=now, digests=digested)
    for place in (folder / "segments", folder / "lexical", folder / "lexical" / after.lexical, folder):
        if place.is_dir():  # the names of what the manifest names reach the disk before it does
            atomic.sync_folder(place)
    write_manifest(folder, after)
    atomic.sync_folder(folder)
    discard_uncommitted(folder, after)
    return after
