"""The segments of a commit, read: documents, passages and vectors by their numbers. `storage.py` shows how they lie."""

import json
import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from bioqa.index.errors import IndexFolderError
from bioqa.index.manifest import Manifest, SegmentInfo
from bioqa.index.mapping import Allowance
from bioqa.index.planner import TEXTS_KEPT
from bioqa.index.records import Document, Passage, Section
from bioqa.index.runtime import Array


class Segment:
    """A segment on disk, its files mapped when first touched."""

    def __init__(self, folder: Path, info: SegmentInfo, texts: Allowance | None = None):
        """`texts` is for the documents of several segments together."""
        self._folder = folder / "segments" / info.name
        self.info, self._texts = info, texts or Allowance(TEXTS_KEPT)
        for name, size in info.files.items():
            path = self._folder / name
            if not path.is_file() or path.stat().st_size != size:
                what = "is not of the size it was written with" if path.is_file() else "is missing"
                raise IndexFolderError(f"{path} {what}; the index is damaged, rebuild with 'bioqa index build'")

    def hold(self) -> None:
        """Map all files now: what is mapped stays readable where a later commit deletes the file."""
        _ = self.offsets, self.passages
        if self.info.documents:
            _ = self._lines
        if "vectors.npy" in self.info.files:
            _ = self.vectors

    @cached_property
    def offsets(self) -> Array:
        """int64 (n + 1): where each document's line begins, and where the last one ends."""
        return _mapped(self._folder / "documents.npy")

    @cached_property
    def _lines(self) -> mmap.mmap:
        try:
            with (self._folder / "documents.jsonl").open("rb") as file:
                lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise _unreadable(self._folder / "documents.jsonl", error) from None
        self._texts.cover(lines)
        return lines

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
        self._texts.take(1)
        try:
            return dict(json.loads(self._lines[start:end]))
        except (ValueError, TypeError) as error:
            raise _damaged(self._folder / "documents.jsonl", str(error)) from None


def _mapped(path: Path) -> Array:
    try:
        array: Array = np.asarray(np.load(path, mmap_mode="r"))  # a plain view: rows of a memmap take twice the time
    except OSError as error:
        raise _unreadable(path, error) from None
    except (ValueError, EOFError) as error:
        raise _damaged(path, str(error)) from None
    return array


def _unreadable(path: Path, error: OSError) -> IndexFolderError:
    return IndexFolderError(f"{path} cannot be read ({error.strerror or error})")


def _damaged(path: Path, how: str) -> IndexFolderError:
    return IndexFolderError(f"{path}: damaged ({how}); rebuild with 'bioqa index build'")


class Store:
    """Documents and passages of one commit, by their row numbers over all segments."""

    def __init__(self, folder: Path, manifest: Manifest):
        texts = Allowance(TEXTS_KEPT)
        self.segments = [Segment(folder, info, texts) for info in manifest.segments]
        self._document_bases = [0, *accumulate(info.documents for info in manifest.segments)]
        self._passage_bases = [0, *accumulate(info.passages for info in manifest.segments)]
        self.removed = _mapped(folder / manifest.removed) if manifest.removed else np.empty(0, dtype=np.int64)

    def hold(self) -> None:
        """Map the files of all segments now, as `Segment.hold` does."""
        for segment in self.segments:
            segment.hold()

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

    def passages(self, numbers: Iterable[int]) -> Iterator[Passage]:
        """The passages with these numbers; a document that has several in a row is read once."""
        row_before, document = -1, None
        for number in numbers:
            part = bisect_right(self._passage_bases, number) - 1
            row, start, end = self.segments[part].passages[number - self._passage_bases[part]].tolist()
            if document is None or self._document_bases[part] + row != row_before:
                row_before, document = self._document_bases[part] + row, self.segments[part].document(row)
            yield Passage(number, document, start, end)

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
