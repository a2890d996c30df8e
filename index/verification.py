"""Whether every byte of an index folder is the one that was written, and what it holds fits together."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import AlteredError, IndexFolderError
from bioqa.index.plain_files import followed
from bioqa.index.progress import Progress, Silent
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.store.digests import digest
from bioqa.index.store.lock import LOCK
from bioqa.index.store.manifest import MANIFEST, Manifest, is_as_written
from bioqa.index.store.segments import Segment, Store
from bioqa.index.store.snapshot import files, opened, size_of

_ALTERED = "is not what the last commit wrote"
_CURE = "restore it from a copy, or rebuild the index with 'bioqa index build'"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one file of an index, and what to do; a harmless one is in nobody's way."""

    file: str
    what: str
    cure: str = _CURE
    harmless: bool = False


def verify(folder: Path, progress: Progress | None = None) -> list[Finding]:
    """All that is wrong with the index in `folder`, by reading every byte of it; of a whole one, nothing.

    Where another process commits meanwhile, its new state is looked at. Raises IndexFolderError where no index is.
    """
    if folder.is_dir() and (links := [*followed(folder)]):
        what = "is a link, a pipe or a device, which no index holds"
        return [Finding(name, what, "delete it, and verify again") for name in links]
    try:
        return opened(folder, lambda state: list(_findings(folder, state, progress or Silent())))[1]
    except AlteredError:
        return [Finding(MANIFEST, _ALTERED)]
    except IndexFolderError as error:
        if not (folder / MANIFEST).is_file():
            raise
        return [Finding(MANIFEST, str(error), "or restore it from a copy")]


def _findings(folder: Path, state: Manifest, progress: Progress) -> Iterator[Finding]:
    if not is_as_written(folder):
        yield Finding(MANIFEST, _ALTERED)
    yield from _strangers(folder, state)
    sizes = _sizes(state)
    present = {}
    for name in state.digests:
        size = size_of(folder / name)
        if size is None:
            yield Finding(name, "is missing")
        elif size != sizes.get(name, size):
            yield Finding(name, f"has {size:,} bytes, {sizes[name]:,} were written")
        else:
            present[name] = size
    damaged = set(state.digests) - set(present)
    done, total = 0, max(1, sum(present.values()))
    for count, (name, size) in enumerate(present.items(), start=1):
        what = _changed(folder / name, state.digests[name])
        if what:
            damaged.add(name)
            yield Finding(name, what)
        done += size
        progress.update(done / total, count)
    if not damaged:
        yield from _contradictions(folder, state)


def _changed(path: Path, written: str) -> str:
    try:
        return "" if digest(path) == written else "does not hold what was written: a byte or more has changed"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _strangers(folder: Path, state: Manifest) -> Iterator[Finding]:
    for name in files(folder):
        if name not in state.digests and name not in (MANIFEST, LOCK) and not name.endswith(".lock"):
            yield Finding(name, "belongs to no commit", "nothing needs it", harmless=True)


def _sizes(state: Manifest) -> dict[str, int]:
    return {f"segments/{info.name}/{file}": size for info in state.segments for file, size in info.files.items()}


def _contradictions(folder: Path, state: Manifest) -> Iterator[Finding]:
    """Where the manifest says something else than the files, which are as they were written."""
    for name in sorted(set(_sizes(state)) - set(state.digests)):
        yield Finding(MANIFEST, f"names {name} without a digest")
    try:
        for info in state.segments:
            segment = Segment(folder, info)
            for file, what in _misfits(segment, state.encoder.dimensions if state.encoder else None):
                yield Finding(f"segments/{info.name}/{file}", what)
        yield from _wrong_counts(folder, state)
    except IndexFolderError as error:
        yield Finding(MANIFEST, str(error))


def _misfits(segment: Segment, dimensions: int | None) -> Iterator[tuple[str, str]]:
    passages = segment.info.passages
    offsets, rows = segment.offsets, segment.passages
    if offsets[0] != 0 or np.any(np.diff(offsets) <= 0) or offsets[-1] != segment.info.files.get("documents.jsonl"):
        yield "documents.npy", "holds offsets that are not those of lines in documents.jsonl"
    elif not _are_inside(rows, np.diff(offsets)):
        yield "passages.npy", "holds passages outside their documents"
    if dimensions is not None and segment.vectors.shape != (passages, dimensions):
        yield "vectors.npy", f"is of shape {segment.vectors.shape}, the manifest says ({passages}, {dimensions})"


def _are_inside(rows: Array, line_lengths: Array) -> bool:
    """Whether each passage lies within its document; a line has at least as many bytes as its text has characters."""
    document, start, end = rows.T
    if not len(rows):
        return True
    if document.min() < 0 or document.max() >= len(line_lengths) or np.any(np.diff(document) < 0):
        return False
    return bool(np.all(start >= 0) and np.all(start <= end) and np.all(end < line_lengths[document]))


def _wrong_counts(folder: Path, state: Manifest) -> Iterator[Finding]:
    store = Store(folder, state)
    removed = store.removed
    if len(np.unique(removed)) < len(removed) or np.any((removed < 0) | (removed >= store.next_document)):
        yield Finding(state.removed, "names documents twice or such as there are not")
        return
    living = replace(
        state,
        documents=store.next_document - len(removed),
        passages=store.next_passage - len(store.passages_of(removed)),
    )
    if living != state:
        yield Finding(
            MANIFEST,
            f"counts {state.documents:,} documents and {state.passages:,} passages, "
            f"there are {living.documents:,} and {living.passages:,}",
        )
    searchable = LexicalIndex(folder / "lexical" / state.lexical).passages
    if searchable != living.passages:
        yield Finding(f"lexical/{state.lexical}", f"finds {searchable:,} passages, there are {living.passages:,}")
