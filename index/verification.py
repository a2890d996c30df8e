"""Verification of an index folder: the integrity of every file and the consistency of their contents."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import AlteredError, IndexFolderError
from bioqa.index.plain_files import special_entries
from bioqa.index.progress import NoProgress, Progress
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.store.digests import sha256_of
from bioqa.index.store.lock import LOCK
from bioqa.index.store.manifest import MANIFEST, Manifest, is_as_written
from bioqa.index.store.segments import Segment, Store
from bioqa.index.store.snapshot import file_size, file_sizes, read_snapshot

_ALTERED = "is not what the last commit wrote"
_CURE = "restore it from a copy, or rebuild the index with 'bioqa index build'"


@dataclass(frozen=True, slots=True)
class IntegrityIssue:
    """A problem with one file of an index, and its remedy. A harmless one does not affect the index."""

    file: str
    what: str
    cure: str = _CURE
    harmless: bool = False


def verify(folder: Path, progress: Progress | None = None) -> list[IntegrityIssue]:
    """All problems of the index in `folder`, found by reading every byte; empty for an intact index.

    If another process commits meanwhile, the new state is verified. Raises IndexFolderError if there is no index.
    """
    if folder.is_dir() and (links := [*special_entries(folder)]):
        what = "is a link, a pipe or a device, which no index holds"
        return [IntegrityIssue(name, what, "delete it, and verify again") for name in links]
    try:
        return read_snapshot(folder, lambda state: list(_issues(folder, state, progress or NoProgress())))[1]
    except AlteredError:
        return [IntegrityIssue(MANIFEST, _ALTERED)]
    except IndexFolderError as error:
        if not (folder / MANIFEST).is_file():
            raise
        return [IntegrityIssue(MANIFEST, str(error), "or restore it from a copy")]


def _issues(folder: Path, state: Manifest, progress: Progress) -> Iterator[IntegrityIssue]:
    if not is_as_written(folder):
        yield IntegrityIssue(MANIFEST, _ALTERED)
    yield from _unknown_files(folder, state)
    sizes = _sizes(state)
    present = {}
    for name in state.digests:
        size = file_size(folder / name)
        if size is None:
            yield IntegrityIssue(name, "is missing")
        elif size != sizes.get(name, size):
            yield IntegrityIssue(name, f"has {size:,} bytes, {sizes[name]:,} were written")
        else:
            present[name] = size
    damaged = set(state.digests) - set(present)
    done, total = 0, max(1, sum(present.values()))
    for count, (name, size) in enumerate(present.items(), start=1):
        what = _content_issue(folder / name, state.digests[name])
        if what:
            damaged.add(name)
            yield IntegrityIssue(name, what)
        done += size
        progress.update(done / total, count)
    if not damaged:
        yield from _contradictions(folder, state)


def _content_issue(path: Path, written: str) -> str:
    try:
        return "" if sha256_of(path) == written else "has changed since it was written"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _unknown_files(folder: Path, state: Manifest) -> Iterator[IntegrityIssue]:
    for name in file_sizes(folder):
        if name not in state.digests and name not in (MANIFEST, LOCK) and not name.endswith(".lock"):
            yield IntegrityIssue(name, "belongs to no commit", "nothing needs it", harmless=True)


def _sizes(state: Manifest) -> dict[str, int]:
    return {f"segments/{info.name}/{file}": size for info in state.segments for file, size in info.files.items()}


def _contradictions(folder: Path, state: Manifest) -> Iterator[IntegrityIssue]:
    """Inconsistencies between the manifest and intact files."""
    for name in sorted(set(_sizes(state)) - set(state.digests)):
        yield IntegrityIssue(MANIFEST, f"names {name} without a digest")
    try:
        for info in state.segments:
            segment = Segment(folder, info)
            for file, what in _segment_issues(segment, state.encoder.dimensions if state.encoder else None):
                yield IntegrityIssue(f"segments/{info.name}/{file}", what)
        yield from _count_issues(folder, state)
    except IndexFolderError as error:
        yield IntegrityIssue(MANIFEST, str(error))


def _segment_issues(segment: Segment, dimensions: int | None) -> Iterator[tuple[str, str]]:
    passages = segment.info.passages
    offsets, rows = segment.offsets, segment.passages
    if offsets[0] != 0 or np.any(np.diff(offsets) <= 0) or offsets[-1] != segment.info.files.get("documents.jsonl"):
        yield "documents.npy", "holds offsets that are not those of lines in documents.jsonl"
    elif not _are_inside(rows, np.diff(offsets)):
        yield "passages.npy", "holds passages outside their documents"
    if dimensions is not None and segment.vectors.shape != (passages, dimensions):
        yield "vectors.npy", f"is of shape {segment.vectors.shape}, the manifest says ({passages}, {dimensions})"


def _are_inside(rows: Array, line_lengths: Array) -> bool:
    """Whether each passage lies within its document. A line has at least as many bytes as its text has characters."""
    document, start, end = rows.T
    if not len(rows):
        return True
    if document.min() < 0 or document.max() >= len(line_lengths) or np.any(np.diff(document) < 0):
        return False
    return bool(np.all(start >= 0) and np.all(start <= end) and np.all(end < line_lengths[document]))


def _count_issues(folder: Path, state: Manifest) -> Iterator[IntegrityIssue]:
    store = Store(folder, state)
    removed = store.removed
    if len(np.unique(removed)) < len(removed) or np.any((removed < 0) | (removed >= store.next_document)):
        yield IntegrityIssue(state.removed, "names documents twice or such as there are not")
        return
    living = replace(
        state,
        documents=store.next_document - len(removed),
        passages=store.next_passage - len(store.passages_of(removed)),
    )
    if living != state:
        yield IntegrityIssue(
            MANIFEST,
            f"counts {state.documents:,} documents and {state.passages:,} passages, "
            f"there are {living.documents:,} and {living.passages:,}",
        )
    searchable = LexicalIndex(folder / "lexical" / state.lexical).passages
    if searchable != living.passages:
        yield IntegrityIssue(
            f"lexical/{state.lexical}", f"finds {searchable:,} passages, there are {living.passages:,}"
        )
