"""The layout of an index folder, and the commits that write it.

    manifest.json               the only source of truth; a commit writes new files, then renames a new manifest over it
    segments/000001/            merged with its neighbours when there are many; see merging.py
        documents.jsonl         one document per line
        documents.npy           int64 (n + 1): byte offset of each line, and the end
        passages.npy            int32 (m, 3): document row in this segment, start and end in its text
        vectors.npy             float16 (m, dimensions); absent from a lexical index
        checksums.npy           uint32: CRC-32 of every block of these files; see checksums.py
    lexical/000001/             tantivy's files; unchanged files are hard links to those of the previous commit
    removed-000001.npy          int64: rows of documents that were replaced or deleted since their segment was written
    vectors-000001.faiss        inverted lists over the vectors of a large index; can be rebuilt from the segments

    writer.lock                 held by the active writer; see lock.py

Files left by a killed process are not in the manifest. No reader uses them, and the next writer deletes them.
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
def locked_for_writing(folder: Path) -> Iterator[None]:
    """Hold the writer lock of the folder, and delete uncommitted files at the end.

    An OSError becomes a StorageError that names the folder.
    """
    if folder.exists():
        _refuse_other_folder(folder)
    try:
        with locked(folder, "writing to this index"):
            try:
                yield
            finally:
                if (folder / MANIFEST).exists():
                    discard_uncommitted(folder, read_manifest(folder))
                else:
                    _remove_empty_index(folder)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}; earlier commits are still there") from error


def _refuse_other_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise IndexFolderError(f"{folder}: is a file; an index is a folder")
    refuse_links(folder)
    entries = {entry.name for entry in folder.iterdir()}
    ours = {LOCK, "segments", "lexical", atomic.temporary_path(Path(MANIFEST)).name} if LOCK in entries else set()
    strangers = entries - ours
    if MANIFEST not in entries and strangers:
        raise IndexFolderError(f"{folder}: holds other files ({min(strangers)}) and no index; choose an empty folder")


def _remove_empty_index(folder: Path) -> None:
    """Delete the files of a writer that committed nothing. Other files stay."""
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
    """Write documents, the character ranges of their passages, and the vectors; returns the segment to commit."""
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
    return seal_segment(target, len(documents), len(rows))


def seal_segment(segment: Path, documents: int, passages: int) -> SegmentInfo:
    """Write the checksums of a segment and flush its files to disk; returns the segment to commit."""
    checksums.write(segment, {path.name: path.stat().st_size for path in segment.iterdir()})
    files = sorted(segment.iterdir())
    for path in files:
        _sync(path)
    atomic.sync_folder(segment)
    return SegmentInfo(segment.name, documents, passages, {path.name: path.stat().st_size for path in files})


def write_removed(folder: Path, name: str, rows: Array) -> str:
    """Write the rows of all removed documents; returns the file name, empty if there are none."""
    if not len(rows):
        return ""
    path = folder / f"removed-{name}.npy"
    np.save(path, rows)
    _sync(path)
    return path.name


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_for_writing(folder: Path) -> Manifest:
    """The manifest, for a writer. The files whose digests the next commit computes again are verified first.

    These are the manifest, the list of removed documents, and the lexical index, which tantivy merges. Segments are
    verified when they are read or merged. Raises AlteredError if a file has changed.
    """
    manifest = read_manifest(folder)
    if not is_as_written(folder):
        raise AlteredError(f"{folder / MANIFEST}: is not what the last commit wrote; rebuild with 'bioqa index build'")
    removed = {folder / name: manifest.digests.get(name, "") for name in [manifest.removed] if name}
    digests.refuse_changed(removed)
    digests.refuse_changed_lexical(folder, manifest)
    return manifest


def read_verified(folder: Path) -> Manifest:
    """The manifest, after every file of the index is verified. Raises IndexFolderError if one is damaged."""
    refuse_links(folder)
    manifest = read_manifest(folder)
    digests.refuse_changed({folder / name: made for name, made in manifest.digests.items()})
    return manifest


def fork_lexical(folder: Path, current: str, name: str) -> Path:
    """A new lexical folder that starts as a copy of the current one, by hard links, because its files never change."""
    target = folder / "lexical" / name
    target.mkdir(parents=True)
    if current:
        for file in (folder / "lexical" / current).iterdir():
            if file.suffix == ".lock":
                continue
            if file.suffix == ".json":  # the two files that tantivy rewrites
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
    """Delete the files that the manifest does not name: leftovers of killed writers and of earlier commits."""
    atomic.temporary_path(folder / MANIFEST).unlink(missing_ok=True)
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
    """Commit `changes` as the new state of the folder, then delete the files that only `before` needed."""
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    digested = digests.commit_digests(folder, before, changes)
    after = replace(changes, commit=before.commit + 1, committed=now, digests=digested)
    for place in (folder / "segments", folder / "lexical", folder / "lexical" / after.lexical, folder):
        if place.is_dir():  # flush the names of new files before the manifest refers to them
            atomic.sync_folder(place)
    write_manifest(folder, after)
    atomic.sync_folder(folder)
    discard_uncommitted(folder, after)
    return after
