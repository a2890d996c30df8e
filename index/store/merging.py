"""Fewer, larger segments: the last ones are made one where they are many, so that an index of any age is a few files.

Rows of documents and numbers of passages stay as they are, for the segments are written one after the other.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, repeat
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.store import array_files, digests
from bioqa.index.store.manifest import Manifest, SegmentInfo
from bioqa.index.store.segments import Segment
from bioqa.index.store.storage import commit, sealed

MOST_DOCUMENTS = 3_000_000  # in one segment: 12 GB with vectors, and half a minute to write
_FEWEST = 8  # segments that are made one
_GROWTH = 4  # times as many documents as the largest of them, the one that they make has at least
_BLOCK = 1_000_000  # bytes of text, or numbers, in memory at once


def due(documents: Sequence[int]) -> int:
    """How many of the last segments, of so many documents each, should be one: 0 for none.

    What is written again is part of four times as much from then on, so that a document is written again log4(n) times
    while n times as many come after it.
    """
    found = total = largest = 0
    for count, size in enumerate(reversed(documents), start=1):
        total, largest = total + size, max(largest, size)
        if total > MOST_DOCUMENTS:
            break
        if count >= _FEWEST and total >= _GROWTH * largest:
            found = count
    return found


def merge(folder: Path, manifest: Manifest) -> Manifest:
    """Make one of the last segments where that is due, in a commit of its own; the writer lock must be held.

    Raises IndexFolderError for a file that is not what was written: once merged, nobody could tell.
    """
    count = due([segment.documents for segment in manifest.segments])
    if not count:
        return manifest
    parts = manifest.segments[-count:]
    digests.refuse_changed(digests.segments(folder, manifest, parts))
    joined = _joined(folder, f"{manifest.commit + 1:06}", parts)
    return commit(folder, manifest, replace(manifest, segments=(*manifest.segments[:-count], joined)))


def _joined(folder: Path, name: str, parts: Sequence[SegmentInfo]) -> SegmentInfo:
    """Write segments that follow one another as one; returns what to commit."""
    target, sources = folder / "segments" / name, [folder / "segments" / part.name for part in parts]
    target.mkdir(parents=True)
    with (target / "documents.jsonl").open("wb") as lines:
        for source in sources:
            with (source / "documents.jsonl").open("rb") as file:
                shutil.copyfileobj(file, lines, _BLOCK)
    offsets = [Segment(folder, part).offsets for part in parts]
    begins = accumulate((part[-1] for part in offsets), initial=0)
    ends = [part[1:] + begin for part, begin in zip(offsets, begins, strict=False)]
    np.save(target / "documents.npy", np.concatenate([offsets[0][:1], *ends]))
    rows = accumulate((part.documents for part in parts), initial=0)
    _join([source / "passages.npy" for source in sources], target, np.int32, rows)
    if "vectors.npy" in parts[0].files:
        _join([source / "vectors.npy" for source in sources], target, np.float16)
    return sealed(target, sum(part.documents for part in parts), sum(part.passages for part in parts))


def _join(
    sources: Sequence[Path], target: Path, kind: type[np.generic], first_column: Iterable[int] = repeat(0)
) -> None:
    """Write the rows of array files one after the other into a file of the same name, with so much added to the first
    column of each. Raises IndexFolderError where they have not as many columns as one another."""
    heads = [array_files.mapped(source, kind, columns=True)[1] for source in sources]
    for source, head in zip(sources, heads, strict=True):
        if head.shape[1] != heads[0].shape[1]:
            raise array_files.damaged(source, f"is of shape {head.shape}, another segment of {heads[0].shape}")
    header = np.lib.format.header_data_from_array_1_0(heads[0])
    header["shape"] = (sum(map(len, heads)), *heads[0].shape[1:])
    with (target / sources[0].name).open("wb") as joined:
        np.lib.format.write_array_header_1_0(joined, header)
        for source, added in zip(sources, first_column, strict=False):
            for block in _blocks(source):
                block[:, 0] += added
                joined.write(block.data)


def _blocks(path: Path) -> Iterator[Array]:
    """The rows of an array file, read and not mapped, for what is mapped counts as memory of this process."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        (rows, columns), _, kind = np.lib.format.read_array_header_1_0(file)
        for first in range(0, rows, _BLOCK // columns):
            count = min(_BLOCK // columns, rows - first)
            yield np.fromfile(file, kind, count * columns).reshape(count, columns)
