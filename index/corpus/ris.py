"""Reader of RIS, the format of reference managers, with one field such as `TI  - ` per line."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from bioqa.index.corpus import lines
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.corpus.values import characters, field_names, journals, statuses, years
from bioqa.index.records import BadRecord, Document, Record

_FIELD = re.compile(r"(?P<tag>[A-Z][A-Z0-9])  ?-(?: (?P<value>.*))?", re.DOTALL)
_FROM_PUBMED = re.compile(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)|ncbi\.nlm\.nih\.gov/pubmed/(\d+)")
_PUBMED = re.compile(r"\b(?:pubmed|medline|nlm)\b", re.IGNORECASE)
_PMC = re.compile(r"PMC\d+")
_LINE = 100  # overhead of a line in characters
_TYPES = {"JOUR": "Journal Article"}

_Fields = dict[str, list[str]]


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`, one in memory at a time. A damaged record becomes a BadRecord."""
    fields: _Fields = {}
    last: list[str] = []
    start = size = 0
    fault = ""
    for line in lines.read(stream):
        match = None if line.fault else _FIELD.fullmatch(line.text.rstrip())
        tag = match["tag"] if match else ""
        if tag in ("TY", "ER"):
            if fields or fault:
                yield _document_or_bad(fields, fault, source, start)
            fields, last, start, size, fault = {}, [], line.number, 0, ""
            if tag == "ER":
                continue
        size += len(line.text) + _LINE
        if fault:
            continue
        if line.fault:
            fault = f"line {line.number} is {line.fault}"
        elif size > LARGEST:
            fields, fault = {}, f"larger than {LARGEST >> 20} MB"
        elif match:
            last = fields.setdefault(tag, [])
            last.append(match["value"] or "")
        elif last and line.text.strip():
            last[-1] += f"\n{line.text.strip()}"
        elif line.text.strip():
            start, fault = start or line.number, f"line {line.number} neither begins nor continues a field"
    if fields or fault:
        yield _document_or_bad(fields, fault, source, start)


def _document_or_bad(fields: _Fields, fault: str, source: str, start: int) -> Document | BadRecord:
    document = Document("") if fault else _document(fields)
    if not fault and not document.id:
        fault = "neither PMID, PMC id, DOI nor ID"
    if not fault and not document.title and not document.abstract:
        fault = "neither title nor abstract"
    return BadRecord(source, f"line {start}", fault) if fault else document


def _document(fields: _Fields) -> Document:
    title = _value(fields, "TI", "T1", "CT", "BT")
    types = tuple(_TYPES[kind] for kind in _values(fields, "TY") if kind in _TYPES)
    doi = field_names.identity(_value(fields, "DO"))
    pmc = next((found[0] for value in _values(fields, "C2", "AN", "U2", "UR") if (found := _PMC.search(value))), "")
    journal = _value(fields, "JF", "JO", "T2", "JA", "J2")
    extra = {"doi": doi, "pmc": pmc, "keywords": list(_values(fields, "KW"))}
    return Document(
        source="ris",
        id=_pmid(fields) or pmc or doi or _value(fields, "ID", "AN"),
        title=title,
        abstract=_value(fields, "AB", "N2"),
        year=years.first_year(_value(fields, "PY", "Y1", "DA")),
        journal=journal,
        authors=tuple(map(_author, _values(fields, "AU", "A1"))),
        publication_types=types,
        language=_value(fields, "LA"),
        status=statuses.status_of((), types, title),
        extra={name: value for name, value in extra.items() if value}
        | journals.names_field(journal, _values(fields, "JO", "JA", "J2", "J1", "SN")),
    )


def _pmid(fields: _Fields) -> str:
    """The PMID, in the address of the paper or as the accession number of a record from PubMed."""
    for address in _values(fields, "UR", "L2", "M2", "ID"):
        if found := _FROM_PUBMED.search(address):
            return found[1] or found[2]
    number = _value(fields, "AN").removeprefix("PMID:").strip()
    is_pubmed = any(map(_PUBMED.search, _values(fields, "DB", "DP"))) or "PMID" in _value(fields, "AN")
    return number if number.isascii() and number.isdigit() and (is_pubmed or not _value(fields, "DB", "DP")) else ""


def _author(name: str) -> str:
    """An author as in PubMed: "Doe, Jane A." is "Doe JA"."""
    family, comma, given = name.partition(",")
    initials = "".join(part[0] for part in re.findall(r"[^\W\d]+", given.partition(",")[0]))
    return f"{family.strip()} {initials}".strip() if comma else name


def _values(fields: _Fields, *tags: str) -> tuple[str, ...]:
    found = (characters.fold_lines(value) for tag in tags for value in fields.get(tag, ()))
    return tuple(value for value in found if value)


def _value(fields: _Fields, *tags: str) -> str:
    return next(iter(_values(fields, *tags)), "")
