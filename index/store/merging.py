"""Merging small segments into larger ones, so that an index has few files after any number of updates.

Document rows and passage numbers do not change, because merged segments are consecutive.
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
from bioqa.index.store.storage import commit, seal_segment

MOST_DOCUMENTS = 3_000_000  # in one segment: 12 GB with vectors, and half a minute to write
_FEWEST = 8  # segments per merge
_GROWTH = 4  # least ratio of documents in the merged segment to the largest of its parts
_BLOCK = 1_000_000  # bytes of text, or numbers, in memory at once


def count_to_merge(documents: Sequence[int]) -> int:
    """How many of the last segments, given their document counts, should be merged into one; 0 for none.

    A merged segment is at least four times as large as each of its parts, so a document is rewritten log4(n) times
    while the index grows n times.
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
    """Merge the last segments if necessary, in a commit of its own. The caller must hold the writer lock.

    Raises IndexFolderError for a damaged file, because damage could not be detected after the merge.
    """
    count = count_to_merge([segment.documents for segment in manifest.segments])
    if not count:
        return manifest
    parts = manifest.segments[-count:]
    digests.refuse_changed(digests.segment_digests(folder, manifest, parts))
    joined = _merged_segment(folder, f"{manifest.commit + 1:06}", parts)
    return commit(folder, manifest, replace(manifest, segments=(*manifest.segments[:-count], joined)))


def _merged_segment(folder: Path, name: str, parts: Sequence[SegmentInfo]) -> SegmentInfo:
    """Write consecutive segments as one; returns the segment to commit."""
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
    _concatenate([source / "passages.npy" for source in sources], target, np.int32, rows)
    if "vectors.npy" in parts[0].files:
        _concatenate([source / "vectors.npy" for source in sources], target, np.float16)
    return seal_segment(target, sum(part.documents for part in parts), sum(part.passages for part in parts))


def _concatenate(
    sources: Sequence[Path], target: Path, kind: type[np.generic], first_column: Iterable[int] = repeat(0)
) -> None:
    """Concatenate array files into a file of the same name, adding an offset to the first column of each.

    Raises IndexFolderError if their numbers of columns differ.
    """
    heads = [array_files.map_array(source, kind, columns=True)[1] for source in sources]
    for source, head in zip(sources, heads, strict=True):
        if head.shape[1] != heads[0].shape[1]:
            raise array_files.damaged_error(source, f"is of shape {head.shape}, another segment of {heads[0].shape}")
    header = np.lib.format.header_data_from_array_1_0(heads[0])
    header["shape"] = (sum(map(len, heads)), *heads[0].shape[1:])
    with (target / sources[0].name).open("wb") as joined:
        np.lib.format.write_array_header_1_0(joined, header)
        for source, added in zip(sources, first_column, strict=False):
            for block in _blocks(source):
                block[:, 0] += added
                joined.write(block.data)


def _blocks(path: Path) -> Iterator[Array]:
    """The rows of an array file in blocks, read instead of mapped, because mapped pages count as memory."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        (rows, columns), _, kind = np.lib.format.read_array_header_1_0(file)
        for first in range(0, rows, _BLOCK // columns):
            count = min(_BLOCK // columns, rows - first)
            yield np.fromfile(file, kind, count * columns).reshape(count, columns)
