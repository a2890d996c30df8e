"""Documents prepared for indexing: passages and their terms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any

from bioqa.index.records import BadRecord, Deletion, Document, Passage, Record, UnrecognizedFile, search_fields
from bioqa.index.text import analyzer, passages

# A text of 16 MB, the largest record, has some 16,000 passages and takes 40 MB.
LARGEST = 96 << 20  # bytes in memory and in the index writer
_PASSAGE = 300  # overhead of a passage in bytes
_ITEM = 60  # overhead of a value in bytes


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document with the character ranges and the terms of its passages.

    `terms` are those of each passage's text, joined by blanks; `before` are those of its title and heading, one string
    for all passages of a section. `size` is the number of bytes in memory until the
    document is written, and while writing.
    """

    document: Document
    ranges: tuple[tuple[int, int], ...]
    terms: tuple[str, ...]
    before: tuple[str, ...] = ()
    size: int = field(default=0, compare=False)

    @property
    def passage_terms(self) -> Iterator[str]:
        """The terms of each passage after those of title and heading, joined by blanks."""
        return (" ".join(filter(None, both)) for both in zip(self.before, self.terms, strict=True))


PreparedRecord = PreparedDocument | Deletion | BadRecord | UnrecognizedFile
_SHOWN_ID = 40  # characters in a message
_LONGEST_ID = 16_000  # characters, at most four bytes each; tantivy silently drops a term of more than 65,530 bytes


def prepare(record: Record, source: str = "") -> PreparedRecord:
    """Prepare a record of the file `source` for indexing.

    A record that is too large, or whose id is too long to be searchable, becomes a BadRecord.
    """
    if isinstance(record, BadRecord | UnrecognizedFile):
        return record
    place = f"the record with the id {record.id[:_SHOWN_ID]!r}"
    if len(record.id) > _LONGEST_ID:
        reason = f"its id has {len(record.id):,} characters; ids of up to {_LONGEST_ID:,} can be found again"
        return BadRecord(source, f"{place}...", reason)
    if isinstance(record, Deletion):
        return record
    ranges = tuple(passages.windows(record))
    # These values are indexed with every passage, the others are held once per document.
    each = (
        _PASSAGE
        + len(record.journal)
        + len(record.language)
        + _size_of_texts(record.mesh)
        + _size_of_texts(record.publication_types)
    )
    size = each * len(ranges) + _size_of_texts(record.authors)
    size += sum(map(_size_of_value, record.extra.items())) if record.extra else 0
    for section in record.sections:
        size += getsizeof(section.heading) + getsizeof(section.text)
    size += getsizeof(record.title) + getsizeof(record.abstract)
    terms, before = [], []
    for shared, own in _analyzed_fields([Passage(0, record, start, end) for start, end in ranges]):
        terms.append(own)
        before.append(shared)
        size += len(shared) + getsizeof(own)
        if size > LARGEST:
            parts = f"its {len(ranges):,} passages, with what is indexed of title and headings for each"
            return BadRecord(source, place, f"{parts}, take more than {LARGEST >> 20} MB")
    return PreparedDocument(record, ranges, tuple(terms), tuple(before), size)


def passage_terms(passages: Iterable[Passage], analyzer_name: str = analyzer.NAME) -> Iterator[str]:
    """The terms of each passage after those of title and heading, joined by blanks. Fastest if grouped by document."""
    for both in _analyzed_fields(passages):
        yield analyzer.analyzed_by(analyzer_name, " ".join(filter(None, both)))


def _analyzed_fields(passages: Iterable[Passage]) -> Iterator[tuple[str, str]]:
    """The terms of title and heading, and those of the text: apart, since no term reaches from one to the other."""
    standing, shared = ("", ""), ""
    for title, heading, text in search_fields(passages):
        if (title, heading) != standing:
            standing, shared = (title, heading), analyzer.analyze(f"{title} {heading}")
        yield shared, analyzer.analyze(text)


def _size_of_texts(values: tuple[str, ...]) -> int:
    return sum(map(len, values)) + _ITEM * len(values)


def _size_of_value(value: Any) -> int:
    if isinstance(value, str):
        return getsizeof(value)
    inside = value.items() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return _ITEM + sum(map(_size_of_value, inside))
