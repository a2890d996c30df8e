"""A document with all that indexing it takes: its passages and their terms."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any

from bioqa.index.records import BadRecord, Deletion, Document, Passage, PassedOver, Record, pieces
from bioqa.index.text import analyzer, passages

# A text of 16 MB, as large as a record can be, has some 16,000 passages and takes 40 MB.
LARGEST = 96 << 20  # bytes in memory and in the writer of the index
_PASSAGE = 300  # bytes of a passage besides its text
_ITEM = 60  # bytes of any value besides its letters


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, the character ranges of its passages, the terms of each with blanks between them, and the terms of
    title and heading before each: one string for all passages of a section.

    `size` are the bytes that it takes in memory until it is written, and in writing it.
    """

    document: Document
    ranges: tuple[tuple[int, int], ...]
    terms: tuple[str, ...]
    before: tuple[str, ...] = ()
    size: int = field(default=0, compare=False)

    @property
    def written(self) -> Iterator[str]:
        """The terms of each passage behind those of title and heading, with blanks between them."""
        return (" ".join(filter(None, both)) for both in zip(self.before, self.terms, strict=True))


Entry = Prepared | Deletion | BadRecord | PassedOver
_SHOWN_ID = 40  # characters in a message
_LONGEST_ID = 16_000  # characters, at most four bytes each; tantivy silently drops a term of more than 65,530 bytes


def prepared(record: Record, source: str = "") -> Entry:
    """A record of the file `source` made ready to be indexed; one that is too large, or whose id is too long to be
    found, becomes a bad one."""
    if isinstance(record, BadRecord | PassedOver):
        return record
    place = f"the record with the id {record.id[:_SHOWN_ID]!r}"
    if len(record.id) > _LONGEST_ID:
        reason = f"its id has {len(record.id):,} characters; ids of up to {_LONGEST_ID:,} can be found again"
        return BadRecord(source, f"{place}...", reason)
    if isinstance(record, Deletion):
        return record
    ranges = tuple(passages.windows(record))
    # What is indexed with every passage. The other values a document holds once.
    each = _PASSAGE + len(record.journal) + len(record.language) + _held(record.mesh) + _held(record.publication_types)
    size = each * len(ranges) + _held(record.authors)
    size += sum(map(_size, record.extra.items())) if record.extra else 0
    for section in record.sections:
        size += getsizeof(section.heading) + getsizeof(section.text)
    size += getsizeof(record.title) + getsizeof(record.abstract)
    terms, before = [], []
    standing, shared = ("", ""), ""
    for title, heading, text in pieces([Passage(0, record, start, end) for start, end in ranges]):
        if (title, heading) != standing:
            standing, shared = (title, heading), analyzer.written(f"{title} {heading}")
        terms.append(analyzer.written(text))
        before.append(shared)
        size += len(shared) + getsizeof(terms[-1])
        if size > LARGEST:
            parts = f"its {len(ranges):,} passages, with what is indexed of title and headings for each"
            return BadRecord(source, place, f"{parts}, take more than {LARGEST >> 20} MB")
    return Prepared(record, ranges, tuple(terms), tuple(before), size)


def _held(values: tuple[str, ...]) -> int:
    return sum(map(len, values)) + _ITEM * len(values)


def _size(value: Any) -> int:
    if isinstance(value, str):
        return getsizeof(value)
    inside = value.items() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return _ITEM + sum(map(_size, inside))
