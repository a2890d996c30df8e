"""Records of one id from several sources as one document: the text of the fullest, the rest from PubMed first."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bioqa.index.records import CONCERN, RETRACTED, Document

_FULL_TEXTS = ("jats", "bioc")
_ORDER = ("pubmed", "medline", "table", "ris", "", "jats", "bioc", "pubtator")  # of sources, for all but the text
_DESCRIPTION = ("year", "journal", "authors", "mesh", "publication_types", "language")


def complement(old: Document, new: Document) -> Document:
    """The document of the newest record of each source; `old` itself if `new` changes nothing.

    A record replaces an earlier one of its source unless it is older. The result depends on the records alone, not on
    their order.
    """
    parts = {source_of(part): part for part in old.parts or (old,)}
    changed = False
    for part in new.parts or (new,):
        source = source_of(part)
        before = parts.get(source)
        if before is not None and part.is_older_than(before):
            continue
        if source not in _FULL_TEXTS and (unknown := parts.get("")) is not None and source:
            if part.is_older_than(unknown):
                continue
            del parts[""]  # from an index that did not keep sources: probably an earlier state of this record
        parts[source] = part
        changed = True
    return combine(parts.values()) if changed else old


def source_of(document: Document) -> str:
    """The source of a single record, guessed for those of an index from before sources were kept."""
    if document.source:
        return document.source
    return "pubmed" if document.file_number else "jats" if document.sections else ""


def combine(records: Iterable[Document]) -> Document:
    """One document of records of one id, each from another source."""
    parts = sorted(records, key=lambda part: (_place(source_of(part)), source_of(part)))
    if len(parts) == 1:
        return parts[0]
    fullest = sorted(parts, key=_fullness, reverse=True)
    described: dict[str, Any] = {
        name: next(filter(None, (getattr(part, name) for part in parts)), getattr(parts[0], name))
        for name in _DESCRIPTION
    }
    statuses = {part.status for part in parts}
    extra: dict[str, Any] = {}
    for part in reversed(parts):
        extra |= part.extra
    return Document(
        id=parts[0].id,
        title=next((part.title for part in fullest if part.title), ""),
        abstract=next((part.abstract for part in fullest if part.abstract), ""),
        sections=fullest[0].sections,
        version=max(part.version for part in parts),
        status=RETRACTED if RETRACTED in statuses else CONCERN if CONCERN in statuses else "",
        file_number=max(part.file_number for part in parts),
        extra=extra,
        parts=tuple(replace(part, source=source_of(part)) for part in parts),
        **described,
    )


def _place(source: str) -> int:
    return _ORDER.index(source) if source in _ORDER else len(_ORDER)


def _fullness(document: Document) -> tuple[int, int]:
    return sum(len(section.text) for section in document.sections), len(document.abstract)
