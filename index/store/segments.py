"""The segments of a commit, read: documents, passages and vectors by their numbers. `storage.py` shows how they lie."""

import json
import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError
from bioqa.index.records import Document, Passage, Section
from bioqa.index.store import array_files, checksums
from bioqa.index.store.array_files import damaged
from bioqa.index.store.checksums import Checked
from bioqa.index.store.manifest import Manifest, SegmentInfo
from bioqa.index.store.memory_maps import Allowance
from bioqa.index.store.planner import TEXTS_KEPT

_WHOLE = 8_000_000  # bytes of a file without checksums that is checked as a whole: they take some 7 ms


class Segment:
    """A segment on disk, its files mapped when first touched, and checked where they are used."""

    def __init__(
        self,
        folder: Path,
        info: SegmentInfo,
        texts: Allowance | None = None,
        written: Mapping[str, str] | None = None,
        most_whole: int = _WHOLE,
    ):
        """`texts` is for the documents of several segments together; `written` are digests by paths in the folder, by
        which files of no more than `most_whole` bytes are checked where the segment has no checksums."""
        self._folder = folder / "segments" / info.name
        self.info, self._texts = info, texts or Allowance(TEXTS_KEPT)
        self._written, self._most_whole = written or {}, most_whole
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

    @property
    def offsets(self) -> Array:
        """int64 (n + 1): where each document's line begins, and where the last one ends."""
        return self._offsets[0]

    @property
    def passages(self) -> Array:
        """int32 (m, 3): document row in this segment, start, end."""
        return self._passages[0]

    @property
    def vectors(self) -> Array:
        """float16 (m, dimensions)."""
        return self._vectors[0]

    def vectors_of(self, dimensions: int) -> Array:
        """The same, which raises IndexFolderError where they are of other dimensions."""
        if self.vectors.shape[1] != dimensions:
            raise damaged(
                self._folder / "vectors.npy", f"is of shape {self.vectors.shape}, not of {dimensions} columns"
            )
        return self.vectors

    def use_vectors(self, rows: Array, count: int = 1) -> None:
        """See to it that `count` vectors from each of `rows` are what was written; before they are read.

        Raises IndexFolderError where they are not.
        """
        vectors, file, begin = self._vectors
        width = vectors.shape[1] * vectors.itemsize
        file.use_each(begin + rows * width, count * width)

    @cached_property
    def _sums(self) -> dict[str, Array]:
        return checksums.read(self._folder, self.info.files)

    @cached_property
    def _lines(self) -> tuple[mmap.mmap, Checked]:
        path = self._folder / "documents.jsonl"
        try:
            with path.open("rb") as file:
                lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise array_files.unreadable(path, error) from None
        except ValueError:
            raise damaged(path, "it is empty") from None
        self._texts.cover(lines)
        return lines, self._checked(path, lines)

    @cached_property
    def _offsets(self) -> tuple[Array, Checked, int]:
        return self._array("documents.npy", np.int64, self.info.documents + 1, f"{self.info.documents:,} documents")

    @cached_property
    def _passages(self) -> tuple[Array, Checked, int]:
        found = self._array("passages.npy", np.int32, self.info.passages, f"{self.info.passages:,} passages")
        if found[0].shape[1] != 3:
            raise damaged(self._folder / "passages.npy", f"is of shape {found[0].shape}")
        return found

    @cached_property
    def _vectors(self) -> tuple[Array, Checked, int]:
        return self._array("vectors.npy", np.float16, self.info.passages, f"{self.info.passages:,} passages")

    def _array(self, name: str, kind: type[np.generic], rows: int, counted: str) -> tuple[Array, Checked, int]:
        """An array, its file, and the byte of the file at which it begins."""
        path = self._folder / name
        content, array = array_files.mapped(path, kind, columns=name != "documents.npy")
        if len(array) != rows:
            raise damaged(path, f"is of shape {array.shape}, the manifest counts {counted}")
        return array, self._checked(path, content), len(content) - array.nbytes

    def _checked(self, path: Path, content: mmap.mmap) -> Checked:
        return Checked(path, content, self._sums.get(path.name), self._digest(path.name))

    def _digest(self, name: str) -> str:
        written = self._written.get(f"segments/{self.info.name}/{name}", "")
        return written if self.info.files.get(name, 0) <= self._most_whole else ""

    def passages_of(self, rows: Array) -> Array:
        """The rows of all passages of the documents in `rows`, which ascend: int64, ascending.

        Raises IndexFolderError where the passages are not what was written, or not in the order of their documents.
        """
        passages, file, _ = self._passages
        file.use(0, 0)
        homes = passages[:, 0]
        asked = rows.astype(homes.dtype)  # of another type, numpy would first convert all the homes
        starts = np.searchsorted(homes, asked)
        counts = np.searchsorted(homes, asked, side="right") - starts
        if np.any(counts < 0):
            raise damaged(self._folder / "passages.npy", "its documents do not ascend")
        file.use_all()
        before = np.cumsum(counts) - counts
        found: Array = np.repeat(starts - before, counts) + np.arange(counts.sum())
        return found

    def passage(self, row: int) -> tuple[int, int, int]:
        """The row of the document, in this segment, of the passage in row `row`, and its start and end."""
        passages, file, begin = self._passages
        width = 3 * passages.itemsize
        file.use(begin + row * width, begin + (row + 1) * width)
        document, start, end = passages[row].tolist()
        if not (0 <= document < self.info.documents and 0 <= start <= end):
            raise damaged(self._folder / "passages.npy", f"passage {row:,} lies in no document")
        return document, start, end

    def document(self, row: int) -> Document:
        """The document in row `row` of this segment."""
        fields = self._fields(row)
        try:
            for name in ("authors", "mesh", "publication_types"):
                fields[name] = tuple(fields[name])
            fields["sections"] = tuple(Section(**section) for section in fields["sections"])
            document = Document(**fields)
            _check(document)
        except (TypeError, KeyError) as error:
            raise self._damaged_line(row, error) from None
        return document

    def document_id(self, row: int) -> str:
        """The id of the document in row `row` of this segment."""
        found = self._fields(row).get("id")
        if not isinstance(found, str):
            raise self._damaged_line(row, "it has no id")
        return found

    def _fields(self, row: int) -> dict[str, Any]:
        offsets, file, begin = self._offsets
        width = offsets.itemsize
        file.use(begin + row * width, begin + (row + 2) * width)
        start, end = offsets[row : row + 2].tolist()
        lines, texts = self._lines
        if not 0 <= start < end <= len(lines):
            raise damaged(self._folder / "documents.npy", f"line {row + 1:,} lies outside documents.jsonl")
        self._texts.take(1)
        texts.use(start, end)
        try:
            return dict(json.loads(lines[start:end]))
        except (ValueError, TypeError, RecursionError) as error:
            raise self._damaged_line(row, error) from None

    def _damaged_line(self, row: int, how: object) -> IndexFolderError:
        return damaged(self._folder / "documents.jsonl", f"line {row + 1:,}: {' '.join(str(how)[:200].split())}")


def _check(document: Document) -> None:
    """Raises TypeError where a field of a document that was read is of another type."""
    texts = [
        document.id,
        document.title,
        document.abstract,
        document.journal,
        document.language,
        document.status,
        *document.authors,
        *document.mesh,
        *document.publication_types,
    ]
    for section in document.sections:
        texts += (section.heading, section.text)
    numbers = (document.version, document.file_number, 0 if document.year is None else document.year)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is of another type")
    if not all(isinstance(number, int) for number in numbers) or not isinstance(document.extra, dict):
        raise TypeError("a field is of another type")


class Store:
    """Documents and passages of one commit, by their row numbers over all segments."""

    def __init__(self, folder: Path, manifest: Manifest, most_whole: int = _WHOLE):
        """`most_whole` is that of segments; a writer, which signs what it makes of them, has all files checked."""
        self.folder, texts = folder, Allowance(TEXTS_KEPT)
        self.segments = [Segment(folder, info, texts, manifest.digests, most_whole) for info in manifest.segments]
        self._document_bases = [0, *accumulate(info.documents for info in manifest.segments)]
        self._passage_bases = [0, *accumulate(info.passages for info in manifest.segments)]
        self._removed: tuple[Array, Checked] | None = None
        if manifest.removed:
            path = folder / manifest.removed
            content, rows = array_files.mapped(path, np.int64, columns=False)
            self._removed = rows, Checked(path, content, None, manifest.digests.get(manifest.removed, ""))

    def hold(self) -> None:
        """Map the files of all segments now, as `Segment.hold` does."""
        for segment in self.segments:
            segment.hold()

    @property
    def removed(self) -> Array:
        """int64: the rows of all documents that were removed. Raises IndexFolderError where they are damaged."""
        if self._removed is None:
            return np.empty(0, dtype=np.int64)
        rows, file = self._removed
        file.use_all()
        return rows

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
        part = self._part(self._document_bases, row, "document")
        return self.segments[part].document(row - self._document_bases[part])

    def passage(self, number: int) -> Passage:
        """The passage with this number."""
        part = self._part(self._passage_bases, number, "passage")
        row, start, end = self.segments[part].passage(number - self._passage_bases[part])
        return Passage(number, self.segments[part].document(row), start, end)

    def passages(self, numbers: Iterable[int]) -> Iterator[Passage]:
        """The passages with these numbers; a document that has several in a row is read once."""
        row_before, document = -1, None
        for number in numbers:
            part = self._part(self._passage_bases, number, "passage")
            row, start, end = self.segments[part].passage(number - self._passage_bases[part])
            if document is None or self._document_bases[part] + row != row_before:
                row_before, document = self._document_bases[part] + row, self.segments[part].document(row)
            yield Passage(number, document, start, end)

    def place(self, number: int) -> tuple[str, int]:
        """The id of a passage's document and where it starts in its text: what does not change with its number."""
        part = self._part(self._passage_bases, number, "passage")
        row, start, _ = self.segments[part].passage(number - self._passage_bases[part])
        return self.segments[part].document_id(row), start

    def refuse_unknown(self, numbers: Iterable[int]) -> None:
        """Raise IndexFolderError where one of these is no number of a passage."""
        for number in numbers:
            if not 0 <= number < self.next_passage:
                self._part(self._passage_bases, number, "passage")

    def _part(self, bases: list[int], number: int, what: str) -> int:
        """The number of the segment that holds a document or a passage.

        Raises IndexFolderError where no segment does: the lexical index, or what was removed, says otherwise.
        """
        if not 0 <= number < bases[-1]:
            raise damaged(self.folder, f"it names {what} {number:,} of {bases[-1]:,}")
        return bisect_right(bases, number) - 1

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
