"""A document with all that indexing it takes: its passages and their terms."""

from dataclasses import dataclass

from bioqa.index import analyzer, passages
from bioqa.index.records import BadRecord, Deletion, Document, Passage, Record


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, the character ranges of its passages, and the terms of each, with blanks between them."""

    document: Document
    ranges: tuple[tuple[int, int], ...]
    terms: tuple[str, ...]


Entry = Prepared | Deletion | BadRecord


def prepared(record: Record) -> Entry:
    """A record made ready to be indexed."""
    if not isinstance(record, Document):
        return record
    ranges = tuple(passages.windows(record))
    return Prepared(record, ranges, tuple(terms_of(Passage(0, record, start, end)) for start, end in ranges))


def terms_of(passage: Passage) -> str:
    """The terms of a passage, with blanks between them; title and heading are parts of all that stands below them."""
    return analyzer.written(passage.titled)
