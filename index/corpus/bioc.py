"""Reader of BioC JSON and XML, as provided by PubTator3 and PubMed Central (Comeau et al. 2013)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from lxml import etree

from bioqa.index.corpus import bioc_annotations, xml_records
from bioqa.index.corpus.bioc_json import iter_documents
from bioqa.index.corpus.values import sections, statuses, years
from bioqa.index.records import BadRecord, Document, Record

_SKIPPED_SECTIONS = {"REF", "SUPPL", "COMP_INT", "AUTH_CONT", "ACK_FUND"}  # section types without findings
_NO_PROSE = {"ref", "table", "footnote", "table_footnote"}  # types of passages
_HEADINGS = {
    "INTRO": "Introduction",
    "METHODS": "Methods",
    "RESULTS": "Results",
    "DISCUSS": "Discussion",
    "CONCL": "Conclusions",
}
_LEVEL = re.compile(r"title_(?P<level>[1-9])")
_ISSUE = re.compile(r"[.;]?\s+\d{4}\b.*", re.DOTALL)  # PubTator3's journal includes date, issue and DOI


@dataclass(frozen=True, slots=True)
class _Passage:
    """A BioC passage with its infons (key-value annotations)."""

    infons: Mapping[str, str]
    text: str

    @property
    def kind(self) -> str:
        """The type of the passage: "title", "abstract", "paragraph", "title_1", "fig_caption" ..."""
        return self.infons.get("type", "").lower()

    @property
    def section(self) -> str:
        """The type of the section in a full text: "INTRO", "METHODS" ..."""
        return self.infons.get("section_type", "").upper()

    @property
    def is_title(self) -> bool:
        """Whether this is the title of the document."""
        return self.kind in ("title", "front") or self.section == "TITLE"

    @property
    def is_abstract(self) -> bool:
        """Whether this is part of the abstract, including its headings."""
        return self.kind.startswith("abstract") or self.section == "ABSTRACT"


def read_json(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents of a JSON collection or of concatenated JSON documents, one in memory at a time.

    An unusable document becomes a BadRecord. Raises InputError, with the place, if a collection is truncated or
    malformed.
    """
    for number, found in enumerate(iter_documents(stream, source), start=1):
        if isinstance(found, BadRecord):
            yield found
            continue
        pieces = found.get("passages")
        passages = (
            [_from_json(piece) for piece in pieces if isinstance(piece, dict)] if isinstance(pieces, list) else []
        )
        kept = bioc_annotations.of_json(found)
        yield _document_or_bad(_text(found.get("id")), passages, source, f"document {number}", kept)


def read_xml(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents of an XML collection, one in memory at a time.

    Raises InputError, with the line, if the XML is truncated, malformed or not BioC.
    """
    for element in xml_records.read(stream, source, kind="BioC", roots=("collection",), records=("document",)):
        if isinstance(element, BadRecord):
            yield element
            continue
        passages = [
            _Passage(_infons(passage), _sentences(passage, xml_records.text(passage.find("text"))))
            for passage in element.iterfind("passage")
        ]
        place = f"line {element.sourceline}"
        kept = bioc_annotations.of_xml(element)
        yield _document_or_bad(xml_records.text(element.find("id")), passages, source, place, kept)


def _from_json(piece: Mapping[str, Any]) -> _Passage:
    infons = piece.get("infons")
    known = {key: _text(value) for key, value in infons.items()} if isinstance(infons, dict) else {}
    sentences = piece.get("sentences")
    inside = sentences if isinstance(sentences, list) else []
    parts = (_text(part.get("text")) for part in inside if isinstance(part, dict))
    return _Passage(known, _text(piece.get("text")) or " ".join(filter(None, parts)))


def _text(value: object) -> str:
    """A string or a number as text, with white space folded and lone surrogates replaced."""
    if not isinstance(value, str | int):
        return ""
    return " ".join(str(value).encode("utf-8", "replace").decode("utf-8").split())


def _sentences(passage: etree._Element, text: str) -> str:
    """The text of a passage, or else of the sentences into which it is divided."""
    parts = (xml_records.text(part.find("text")) for part in passage.iterfind("sentence"))
    return text or " ".join(filter(None, parts))


def _infons(passage: etree._Element) -> dict[str, str]:
    return {infon.get("key", ""): xml_records.text(infon) for infon in passage.iterfind("infon")}


def _document_or_bad(
    name: str, passages: Sequence[_Passage], source: str, place: str, kept: Mapping[str, Any]
) -> Document | BadRecord:
    front = next((passage for passage in passages if passage.is_title), _Passage({}, ""))
    pmid = front.infons.get("article-id_pmid", "")
    try:
        document = _document(pmid or name, front, passages, kept)
    except ValueError as error:
        return BadRecord(source, place, str(error))
    if not document.id:
        return BadRecord(source, place, "document without id")
    if not document.text:
        return BadRecord(source, place, f"neither title nor text in document {document.id[:20]!r}")
    return document


def _document(name: str, front: _Passage, passages: Sequence[_Passage], kept: Mapping[str, Any]) -> Document:
    infons = front.infons
    pmc = infons.get("article-id_pmc", "")
    return Document(
        source="bioc",
        id=name,
        title=front.text,
        abstract=_abstract(passages),
        year=years.first_year(infons.get("year", "")),
        journal=infons.get("journal-title") or _ISSUE.sub("", infons.get("journal", "")),
        authors=_authors(infons),
        status=statuses.status_of([f"{infons.get('article-type', '')}-type"], (), front.text),
        sections=sections.collect_sections(_paragraphs(passages)),
        extra=({"pmc": f"PMC{pmc.removeprefix('PMC')}"} if pmc else {}) | dict(kept),
    )


def _authors(infons: Mapping[str, str]) -> tuple[str, ...]:
    """Author names: unchanged from PubTator3, from PubMed Central ("surname:Doe;given-names:Jane Ann") as "Doe JA"."""
    if infons.get("authors"):
        return tuple(name.strip() for name in infons["authors"].split(",") if name.strip())
    names = []
    for number in range(sum(key.startswith("name_") for key in infons)):
        parts = dict(part.partition(":")[::2] for part in infons.get(f"name_{number}", "").split(";"))
        initials = "".join(given[0] for given in re.split(r"[\s.-]+", parts.get("given-names", "")) if given)
        names.append(" ".join(filter(None, (parts.get("surname", ""), initials, parts.get("suffix", "")))))
    return tuple(name for name in names if name)


def _abstract(passages: Sequence[_Passage]) -> str:
    """All parts of the abstract, each after its heading as PubMed prints it ("METHODS: ...")."""
    parts = []
    label = ""
    for passage in passages:
        if passage.is_abstract and not passage.is_title and passage.text:
            if "title" in passage.kind:
                label = passage.text.rstrip(": ").upper()
            else:
                parts.append(f"{label}: {passage.text}" if label else passage.text)
                label = ""
    return " ".join(parts)


def _paragraphs(passages: Sequence[_Passage]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paragraphs of the body with their headings."""
    headings: tuple[str, ...] = ()
    section = ""
    for passage in passages:
        if passage.is_title or passage.is_abstract or passage.section in _SKIPPED_SECTIONS or passage.kind in _NO_PROSE:
            continue
        if passage.section != section and passage.section not in ("FIG", "TABLE"):  # these interrupt a section
            section, headings = passage.section, ()
        level = _LEVEL.fullmatch(passage.kind)
        if level:
            headings = (*headings[: int(level["level"]) - 1], passage.text)
        else:
            yield headings or (_HEADINGS.get(section, ""),), passage.text
