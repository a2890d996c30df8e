"""Read access to the segments of a commit; `storage.py` describes their files."""

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
from bioqa.index.store.array_files import damaged_error
from bioqa.index.store.checksums import CheckedFile
from bioqa.index.store.manifest import Manifest, SegmentInfo
from bioqa.index.store.memory_maps import PageBudget
from bioqa.index.store.planner import TEXTS_KEPT

_WHOLE = 8_000_000  # largest file without block checksums that is verified as a whole, in bytes: some 7 ms


class Segment:
    """A segment on disk. Files are memory-mapped at first use, and blocks are verified at first use."""

    def __init__(
        self,
        folder: Path,
        info: SegmentInfo,
        texts: PageBudget | None = None,
        written: Mapping[str, str] | None = None,
        most_whole: int = _WHOLE,
    ):
        """Check that all files exist in the right size.

        `texts` limits the resident memory of the documents of several segments together. `written` maps paths in the
        folder to digests. They verify files of at most `most_whole` bytes if the segment has no checksums.
        """
        self._folder = folder / "segments" / info.name
        self.info, self._texts = info, texts or PageBudget(TEXTS_KEPT)
        self._written, self._most_whole = written or {}, most_whole
        for name, size in info.files.items():
            path = self._folder / name
            if not path.is_file() or path.stat().st_size != size:
                what = "does not have the size it was written with" if path.is_file() else "is missing"
                raise IndexFolderError(f"{path} {what}; the index is damaged, rebuild with 'bioqa index build'")

    def map_files(self) -> None:
        """Map all files now, because a mapped file stays readable after a later commit deletes it."""
        _ = self.offsets, self.passages
        if self.info.documents:
            _ = self._lines
        if "vectors.npy" in self.info.files:
            _ = self.vectors

    @property
    def offsets(self) -> Array:
        """int64 (n + 1): byte offset of each document's line, and the end of the last line."""
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
        """The vectors. Raises IndexFolderError if their dimensions differ."""
        if self.vectors.shape[1] != dimensions:
            raise damaged_error(
                self._folder / "vectors.npy", f"is of shape {self.vectors.shape}, not of {dimensions} columns"
            )
        return self.vectors

    def verify_vectors(self, rows: Array, count: int = 1) -> None:
        """Verify `count` vectors starting at each of `rows`, before they are read.

        Raises IndexFolderError if they are damaged.
        """
        vectors, file, begin = self._vectors
        width = vectors.shape[1] * vectors.itemsize
        file.verify_ranges(begin + rows * width, count * width)

    @cached_property
    def _sums(self) -> dict[str, Array]:
        return checksums.read(self._folder, self.info.files)

    @cached_property
    def _lines(self) -> tuple[mmap.mmap, CheckedFile]:
        path = self._folder / "documents.jsonl"
        try:
            with path.open("rb") as file:
                lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise array_files.unreadable_error(path, error) from None
        except ValueError:
            raise damaged_error(path, "it is empty") from None
        self._texts.add_file(lines)
        return lines, self._checked(path, lines)

    @cached_property
    def _offsets(self) -> tuple[Array, CheckedFile, int]:
        return self._array("documents.npy", np.int64, self.info.documents + 1, f"{self.info.documents:,} documents")

    @cached_property
    def _passages(self) -> tuple[Array, CheckedFile, int]:
        found = self._array("passages.npy", np.int32, self.info.passages, f"{self.info.passages:,} passages")
        if found[0].shape[1] != 3:
            raise damaged_error(self._folder / "passages.npy", f"is of shape {found[0].shape}")
        return found

    @cached_property
    def _vectors(self) -> tuple[Array, CheckedFile, int]:
        return self._array("vectors.npy", np.float16, self.info.passages, f"{self.info.passages:,} passages")

    def _array(self, name: str, kind: type[np.generic], rows: int, counted: str) -> tuple[Array, CheckedFile, int]:
        """An array, its file, and the byte offset of the array in the file."""
        path = self._folder / name
        content, array = array_files.map_array(path, kind, columns=name != "documents.npy")
        if len(array) != rows:
            raise damaged_error(path, f"is of shape {array.shape}, the manifest counts {counted}")
        return array, self._checked(path, content), len(content) - array.nbytes

    def _checked(self, path: Path, content: mmap.mmap) -> CheckedFile:
        return CheckedFile(path, content, self._sums.get(path.name), self._digest(path.name))

    def _digest(self, name: str) -> str:
        written = self._written.get(f"segments/{self.info.name}/{name}", "")
        return written if self.info.files.get(name, 0) <= self._most_whole else ""

    def passages_of(self, rows: Array) -> Array:
        """The rows of all passages of the documents in `rows` (ascending): int64, ascending.

        Raises IndexFolderError if the passages are damaged or not ordered by document.
        """
        passages, file, _ = self._passages
        file.verify(0, 0)
        documents = passages[:, 0]
        wanted = rows.astype(documents.dtype)  # with another type, numpy would first convert the whole column
        starts = np.searchsorted(documents, wanted)
        counts = np.searchsorted(documents, wanted, side="right") - starts
        if np.any(counts < 0):
            raise damaged_error(self._folder / "passages.npy", "its documents do not ascend")
        file.verify_all()
        before = np.cumsum(counts) - counts
        found: Array = np.repeat(starts - before, counts) + np.arange(counts.sum())
        return found

    def passage(self, row: int) -> tuple[int, int, int]:
        """The document row in this segment, the start and the end of the passage in row `row`."""
        passages, file, begin = self._passages
        width = 3 * passages.itemsize
        file.verify(begin + row * width, begin + (row + 1) * width)
        document, start, end = passages[row].tolist()
        if not (0 <= document < self.info.documents and 0 <= start <= end):
            raise damaged_error(self._folder / "passages.npy", f"passage {row:,} lies in no document")
        return document, start, end

    def document(self, row: int) -> Document:
        """The document in row `row` of this segment."""
        fields = self._fields(row)
        try:
            document = _document(fields)
        except (TypeError, KeyError, AttributeError) as error:
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
        file.verify(begin + row * width, begin + (row + 2) * width)
        start, end = offsets[row : row + 2].tolist()
        lines, texts = self._lines
        if not 0 <= start < end <= len(lines):
            raise damaged_error(self._folder / "documents.npy", f"line {row + 1:,} lies outside documents.jsonl")
        self._texts.reserve(1)
        texts.verify(start, end)
        try:
            return dict(json.loads(lines[start:end]))
        except (ValueError, TypeError, RecursionError) as error:
            raise self._damaged_line(row, error) from None

    def _damaged_line(self, row: int, how: object) -> IndexFolderError:
        return damaged_error(self._folder / "documents.jsonl", f"line {row + 1:,}: {' '.join(str(how)[:200].split())}")


def _document(fields: dict[str, Any]) -> Document:
    """The document with these fields. Raises TypeError or KeyError if they are not those of a document."""
    for name in ("authors", "mesh", "publication_types"):
        fields[name] = tuple(fields[name])
    fields["sections"] = tuple(Section(**section) for section in fields["sections"])
    if parts := fields.get("parts"):
        if any(part.get("parts") for part in parts):
            raise TypeError("a record of a document is itself of several")
        fields["parts"] = tuple(map(_document, parts))
    else:
        fields["parts"] = ()
    document = Document(**fields)
    _check(document)
    return document


def _check(document: Document) -> None:
    """Raise TypeError if a field of the document has the wrong type."""
    texts = [
        document.id,
        document.title,
        document.abstract,
        document.journal,
        document.language,
        document.status,
        document.source,
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
    """The documents and passages of one commit, numbered across all segments."""

    def __init__(self, folder: Path, manifest: Manifest, most_whole: int = _WHOLE):
        """`most_whole` is passed to `Segment`. A writer verifies files of any size, because it signs derived files."""
        self.folder, texts = folder, PageBudget(TEXTS_KEPT)
        self.segments = [Segment(folder, info, texts, manifest.digests, most_whole) for info in manifest.segments]
        self._document_bases = [0, *accumulate(info.documents for info in manifest.segments)]
        self._passage_bases = [0, *accumulate(info.passages for info in manifest.segments)]
        self._removed: tuple[Array, CheckedFile] | None = None
        if manifest.removed:
            path = folder / manifest.removed
            content, rows = array_files.map_array(path, np.int64, columns=False)
            self._removed = rows, CheckedFile(path, content, None, manifest.digests.get(manifest.removed, ""))

    def map_files(self) -> None:
        """Map the files of all segments now; see `Segment.map_files`."""
        for segment in self.segments:
            segment.map_files()

    @property
    def removed(self) -> Array:
        """int64: the rows of all removed documents. Raises IndexFolderError if their file is damaged."""
        if self._removed is None:
            return np.empty(0, dtype=np.int64)
        rows, file = self._removed
        file.verify_all()
        return rows

    @property
    def next_document(self) -> int:
        """The row of the next document to be written."""
        return self._document_bases[-1]

    @property
    def next_passage(self) -> int:
        """The number of the next passage to be written."""
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
        """The passages with these numbers. Consecutive passages of one document share one read of it."""
        row_before, document = -1, None
        for number in numbers:
            part = self._part(self._passage_bases, number, "passage")
            row, start, end = self.segments[part].passage(number - self._passage_bases[part])
            if document is None or self._document_bases[part] + row != row_before:
                row_before, document = self._document_bases[part] + row, self.segments[part].document(row)
            yield Passage(number, document, start, end)

    def place(self, number: int) -> tuple[str, int]:
        """The document id and start offset of a passage, which identify it whatever its number is."""
        part = self._part(self._passage_bases, number, "passage")
        row, start, _ = self.segments[part].passage(number - self._passage_bases[part])
        return self.segments[part].document_id(row), start

    def refuse_unknown(self, numbers: Iterable[int]) -> None:
        """Raise IndexFolderError if any of these is not a passage number."""
        for number in numbers:
            if not 0 <= number < self.next_passage:
                self._part(self._passage_bases, number, "passage")

    def _part(self, bases: list[int], number: int, what: str) -> int:
        """The index of the segment that contains a document or a passage.

        Raises IndexFolderError if there is none: the lexical index or the list of removed documents is inconsistent.
        """
        if not 0 <= number < bases[-1]:
            raise damaged_error(self.folder, f"it names {what} {number:,} of {bases[-1]:,}")
        return bisect_right(bases, number) - 1

    def passages_of(self, document_rows: Array) -> Array:
        """The passage numbers of these documents: int64, ascending."""
        rows = np.unique(document_rows)
        found = [np.empty(0, dtype=np.int64)]
        for number, segment in enumerate(self.segments):
            first, beyond = np.searchsorted(rows, self._document_bases[number : number + 2])
            found.append(
                self._passage_bases[number] + segment.passages_of(rows[first:beyond] - self._document_bases[number])
            )
        return np.concatenate(found)
