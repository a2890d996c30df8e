"""Reader of MEDLINE text (.nbib), which PubMed exports as "PubMed" format, with one field such as `TI  - ` per line.

The fields are described at https://www.nlm.nih.gov/bsd/mms/medlineelements.html.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from bioqa.index.corpus import lines
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.corpus.pubmed import NO_ABSTRACT, chosen_extra, chosen_title, pmid_fault
from bioqa.index.corpus.values import abstracts, journals, statuses, years
from bioqa.index.corpus.values.abstracts import Abstract
from bioqa.index.records import BadRecord, Document, Record

_FIELD = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,3}) {0,2}-(?: (?P<value>.*))?", re.DOTALL)
_OTHER_ABSTRACT = re.compile(r"(AAMC|AIDS|KIE|NASA|PIP|Publisher|plain-language-summary): ")  # origin of the text
_UNLABELLED = re.compile(r"(?<!\S)UNLABELLED: ")  # marks a part without label; PubMed's pages do not print it

_LINE = 100  # overhead of a line in characters, because many short lines take much memory


@dataclass(slots=True)
class _MedlineRecord:
    """A record while its lines are read: its fields in order, each with tag and the lines of its value."""

    line: int
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    characters: int = 0
    fault: str = ""

    def add(self, line: lines.Line) -> None:
        """Add a line. An invalid line makes the whole record unusable."""
        if self.fault:
            return
        match = _FIELD.fullmatch(line.text.rstrip())
        self.characters += len(line.text) + _LINE
        if line.fault:
            self.fault = f"line {line.number} is {line.fault}"
        elif self.characters > LARGEST:
            self.fault = f"larger than {LARGEST >> 20} MB"
            self.fields.clear()
        elif match:
            self.fields.append((match["tag"], [match["value"] or ""]))
        elif line.text[0].isspace() and self.fields:
            self.fields[-1][1].append(line.text)
        else:
            self.fault = f"line {line.number} neither begins nor continues a field: {line.text[:20].rstrip()!r}"

    def values(self, *tags: str) -> tuple[str, ...]:
        """The non-empty values of these fields, in order, with white space folded."""
        found = (" ".join(" ".join(pieces).split()) for tag, pieces in self.fields if tag in tags)
        return tuple(value for value in found if value)

    def value(self, *tags: str) -> str:
        """The first non-empty value, trying the fields in order."""
        return next((value for tag in tags for value in self.values(tag)), "")


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`, one in memory at a time. Records begin with their PMID.

    A damaged record becomes a BadRecord.
    """
    for entry in _medline_records(stream):
        yield _document_or_bad(entry, source)


def _medline_records(stream: BinaryIO) -> Iterator[_MedlineRecord]:
    """The records of a file: each ends at an empty line, or at the PMID of the next.

    A line of blanks is an empty paragraph of its field.
    """
    entry: _MedlineRecord | None = None
    for line in lines.read(stream):
        blank = not line.fault and not line.text.strip()
        if entry is not None and (not line.text.rstrip("\r\n") if blank else line.text.startswith("PMID")):
            yield entry
            entry = None
        if blank:
            continue
        entry = entry or _MedlineRecord(line.number)
        entry.add(line)
    if entry is not None:
        yield entry


def _document_or_bad(entry: _MedlineRecord, source: str) -> Document | BadRecord:
    pmid = entry.value("PMID")
    if fault := entry.fault or pmid_fault(pmid):
        return BadRecord(source, f"line {entry.line}", fault)
    document = _document(pmid, entry)
    if not document.title and not document.abstract:
        return BadRecord(source, f"PMID {pmid}", "neither title nor abstract")
    return document


def _document(pmid: str, entry: _MedlineRecord) -> Document:
    vernacular = entry.value("TT")
    title = chosen_title(entry.value("TI", "BTI"), vernacular)
    abstract, others = abstracts.choose(_abstracts(entry))
    publication_types = entry.values("PT")
    journal = entry.value("JT", "TA")
    return Document(
        source="medline",
        id=pmid,
        title=title,
        abstract=abstract.text,
        year=years.first_year(entry.value("DP")) or years.first_year(entry.value("DEP")[:4]),
        journal=journal,
        authors=entry.values("AU", "CN"),
        mesh=tuple(heading.partition("/")[0].lstrip("*") for heading in entry.values("MH")),
        publication_types=publication_types,
        language="; ".join(entry.values("LA")),
        status=statuses.status_of(
            [tag for tag, pieces in entry.fields if any(map(str.strip, pieces))], publication_types, title
        ),
        extra=journals.names_field(journal, entry.values("TA", "IS")) | chosen_extra(title, vernacular, others),
    )


def _abstracts(entry: _MedlineRecord) -> Iterator[Abstract]:
    """The abstract, in English, and the others. The language of each follows it, in a field of its own."""
    yield Abstract(_UNLABELLED.sub("", entry.value("AB")), "eng")
    other = Abstract("")
    for tag, pieces in entry.fields:
        if tag == "OAB":
            yield other
            text = " ".join(" ".join(pieces).split())
            origin = _OTHER_ABSTRACT.match(text)
            text = text[origin.end() :] if origin else text
            other = Abstract("" if text == NO_ABSTRACT else text, kind=origin[1] if origin else "")
        elif tag == "OABL":
            other = replace(other, language=" ".join(pieces).strip())
    yield other
