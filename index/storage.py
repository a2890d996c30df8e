"""The index folder: its segments, and the commit that makes new ones visible.

    manifest.json               the only source of truth; a commit writes new files, then renames a new manifest over it
    segments/000001/
        documents.jsonl         one document a line
        documents.npy           int64 (n + 1): byte offset of each line, and the end
        passages.npy            int32 (m, 3): document row in this segment, start and end in its text
        vectors.npy             float16 (m, dimensions), unless the index is lexical only
    lexical/000001/             tantivy's files; hard links to the previous commit's where nothing changed
    removed-000001.npy          int64: rows of documents that were replaced or deleted since their segment was written
    vectors-000001.faiss        inverted lists over the vectors, where there are many; made again from the segments

    writer.lock                 of the writer at work; see lock.py

What a killed process leaves behind is in no manifest, so nobody reads it, and the next writer deletes it.
"""

import contextlib
import json
import mmap
import os
import shutil
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from bioqa.index import atomic, digests
from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.lock import LOCK, locked
from bioqa.index.manifest import MANIFEST, Manifest, SegmentInfo, read_manifest, write_manifest
from bioqa.index.records import Document, Passage, Section
from bioqa.index.runtime import Array

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
    sizes = {}
    for path in sorted(target.iterdir()):
        _sync(path)
        sizes[path.name] = path.stat().st_size
    return SegmentInfo(name, len(documents), len(rows), sizes)


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


def discard_uncommitted(folder: Path, manifest: Manifest) -> None:
    """Delete what no commit names: leftovers of killed writers and of commits before this one."""
    _discard(folder, {f"segments/{segment.name}" for segment in manifest.segments} | {f"lexical/{manifest.lexical}"})
    named = {manifest.removed, manifest.structure.file if manifest.structure else ""}
    for entry in [*folder.glob("removed-*.npy"), *folder.glob("vectors-*.faiss")]:
        if entry.name not in named:
            entry.unlink()


def _discard(folder: Path, keep: set[str]) -> None:
    for entry in [*folder.glob(f"segments/{_NAME}"), *folder.glob(f"lexical/{_NAME}")]:
        if entry.relative_to(folder).as_posix() not in keep:
            shutil.rmtree(entry, ignore_errors=True)


class Segment:
    """A segment on disk, its files mapped when first touched."""

    def __init__(self, folder: Path, info: SegmentInfo):
        self._folder = folder / "segments" / info.name
        self.info = info
        for name, size in info.files.items():
            path = self._folder / name
            if not path.is_file() or path.stat().st_size != size:
                what = "is not of the size it was written with" if path.is_file() else "is missing"
                raise IndexFolderError(f"{path} {what}; the index is damaged, rebuild with 'bioqa index build'")

    @cached_property
    def offsets(self) -> Array:
        """int64 (n + 1): where each document's line begins, and where the last one ends."""
        return _mapped(self._folder / "documents.npy")

    @cached_property
    def _lines(self) -> mmap.mmap:
        with (self._folder / "documents.jsonl").open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    @cached_property
    def passages(self) -> Array:
        """int32 (m, 3): document row in this segment, start, end."""
        return _mapped(self._folder / "passages.npy")

    @cached_property
    def vectors(self) -> Array:
        """float16 (m, dimensions)."""
        return _mapped(self._folder / "vectors.npy")

    def passages_of(self, rows: Array) -> Array:
        """The rows of all passages of the documents in `rows`, which ascend: int64, ascending.

        Raises IndexFolderError where the passages are seen not to be in the order of their documents.
        """
        homes = self.passages[:, 0]
        asked = rows.astype(homes.dtype)  # of another type, numpy would first convert all the homes
        starts = np.searchsorted(homes, asked)
        counts = np.searchsorted(homes, asked, side="right") - starts
        if np.any(counts < 0):
            raise _damaged(self._folder / "passages.npy", "its documents do not ascend")
        before = np.cumsum(counts) - counts
        found: Array = np.repeat(starts - before, counts) + np.arange(counts.sum())
        return found

    def document(self, row: int) -> Document:
        """The document in row `row` of this segment."""
        fields = self._fields(row)
        try:
            for name in ("authors", "mesh", "publication_types"):
                fields[name] = tuple(fields[name])
            fields["sections"] = tuple(Section(**section) for section in fields["sections"])
            return Document(**fields)
        except (TypeError, KeyError) as error:
            raise _damaged(self._folder / "documents.jsonl", str(error)) from None

    def document_id(self, row: int) -> str:
        """The id of the document in row `row` of this segment."""
        return str(self._fields(row)["id"])

    def _fields(self, row: int) -> dict[str, Any]:
        start, end = self.offsets[row : row + 2].tolist()
        try:
            return dict(json.loads(self._lines[start:end]))
        except (ValueError, TypeError) as error:
            raise _damaged(self._folder / "documents.jsonl", str(error)) from None


def _mapped(path: Path) -> Array:
    try:
        array: Array = np.asarray(np.load(path, mmap_mode="r"))  # a plain view: rows of a memmap take twice the time
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    return array


def _damaged(path: Path, how: str) -> IndexFolderError:
    return IndexFolderError(f"{path}: damaged ({how}); rebuild with 'bioqa index build'")


class Store:
    """Documents and passages of one commit, by their row numbers over all segments."""

    def __init__(self, folder: Path, manifest: Manifest):
        self.segments = [Segment(folder, info) for info in manifest.segments]
        self._document_bases = [0, *accumulate(info.documents for info in manifest.segments)]
        self._passage_bases = [0, *accumulate(info.passages for info in manifest.segments)]
        self.removed = _mapped(folder / manifest.removed) if manifest.removed else np.empty(0, dtype=np.int64)

    @property
    def next_document(self) -> int:
        """The row that the next document written gets."""
        return self._document_bases[-1]

    @property
    def next_passage(self) -> int:
        """The number that the next passage written gets."""
        return self._passage_bases[-1]

    def document(self, row: int) -> Document:
        """The document in row `row`."""
        part = bisect_right(self._document_bases, row) - 1
        return self.segments[part].document(row - self._document_bases[part])

    def passage(self, number: int) -> Passage:
        """The passage with this number."""
        part = bisect_right(self._passage_bases, number) - 1
        row, start, end = self.segments[part].passages[number - self._passage_bases[part]].tolist()
        return Passage(number, self.segments[part].document(row), start, end)

    def vector(self, number: int) -> Array:
        """The vector of the passage with this number: float16, shape (dimensions,)."""
        part = bisect_right(self._passage_bases, number) - 1
        found: Array = self.segments[part].vectors[number - self._passage_bases[part]]
        return found

    def place(self, number: int) -> tuple[str, int]:
        """The id of a passage's document and where it starts in its text: what does not change with its number."""
        part = bisect_right(self._passage_bases, number) - 1
        row, start, _ = self.segments[part].passages[number - self._passage_bases[part]].tolist()
        return self.segments[part].document_id(row), start

    def passages_of(self, document_rows: Array) -> Array:
        """The numbers of all passages of these documents: int64, ascending."""
        rows = np.unique(document_rows)
        found = [np.empty(0, dtype=np.int64)]
        for number, segment in enumerate(self.segments):
            first, beyond = np.searchsorted(rows, self._document_bases[number : number + 2])
            found.append(
                self._passage_bases[number] + segment.passages_of(rows[first:beyond] - self._document_bases[number])
            )
        return np.concatenate(found)


def commit(folder: Path, before: Manifest, changes: Manifest) -> Manifest:
    """Make `changes` the state of the folder, then delete the files that only `before` needed."""
    now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    digested = digests.digests(folder, before, changes)
    after = replace(changes, commit=before.commit + 1, committed=now, digests=digested)
    write_manifest(folder, after)
    discard_uncommitted(folder, after)
    return after
