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
_LONGEST_ID = 16_000  # characters, of up to four bytes: tantivy silently leaves out a term of more than 65,530 bytes


def prepared(record: Record, source: str = "") -> Entry:
    """A record of the file `source` made ready to be indexed; one whose id is too long to be found is a bad one."""
    if not isinstance(record, BadRecord) and len(record.id) > _LONGEST_ID:
        reason = f"its id has {len(record.id):,} characters; ids of up to {_LONGEST_ID:,} can be found again"
        return BadRecord(source, f"the record with the id {record.id[:40]!r}...", reason)
    if not isinstance(record, Document):
        return record
    ranges = tuple(passages.windows(record))
    return Prepared(record, ranges, tuple(terms_of(Passage(0, record, start, end)) for start, end in ranges))


def terms_of(passage: Passage) -> str:
    """The terms of a passage, with blanks between them; title and heading are parts of all that stands below them."""
    return analyzer.written(passage.titled)
