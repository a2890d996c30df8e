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
    """A document, the character ranges of its passages, and the terms of each: of title, heading and text, each with
    blanks between them; those of title and headings are there once, however many passages they stand before.

    `size` are the bytes that it takes in memory until it is written, and in writing it.
    """

    document: Document
    ranges: tuple[tuple[int, int], ...]
    terms: tuple[tuple[str, str, str], ...]
    size: int = field(default=0, compare=False)

    @property
    def written(self) -> Iterator[str]:
        """The terms of each passage, with blanks between them."""
        return (" ".join(filter(None, parts)) for parts in self.terms)


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
    exact = (record.journal, *record.mesh, *record.publication_types, record.language, record.status)
    each = _PASSAGE + sum(len(value) + _ITEM for value in exact)  # is indexed with every passage
    size = _held(record) + each * len(ranges)
    before: dict[str, str] = {}
    terms = []
    for title, heading, text in pieces(Passage(0, record, start, end) for start, end in ranges):
        for shared in (title, heading):
            if shared not in before:
                before[shared] = analyzer.written(shared)
        terms.append((before[title], before[heading], analyzer.written(text)))
        size += sum(map(_bytes, terms[-1]))
        if size > LARGEST:
            parts = f"its {len(ranges):,} passages, with what is indexed of title and headings for each"
            return BadRecord(source, place, f"{parts}, take more than {LARGEST >> 20} MB")
    return Prepared(record, ranges, tuple(terms), size)


def _held(document: Document) -> int:
    """About the bytes that a document takes in memory."""
    texts = [document.title, document.abstract, *document.authors, *document.mesh, *document.publication_types]
    texts += [text for section in document.sections for text in (section.heading, section.text)]
    return sum(map(_bytes, texts)) + sum(map(_size, document.extra.items()))


def _size(value: Any) -> int:
    if isinstance(value, str):
        return _bytes(value)
    inside = value.items() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return _ITEM + sum(map(_size, inside))


def _bytes(text: str) -> int:
    return getsizeof(text)  # one, two or four for each character
