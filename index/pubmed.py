"""PubMed XML: baseline files, daily update files and what efetch returns (NLM's PubmedArticleSet DTD)."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Deletion, Document, Record

_ROOTS = {"PubmedArticleSet", "PubmedBookArticleSet", "PubmedArticle", "PubmedBookArticle", "DeleteCitation"}
_TYPES = ("PublicationTypeList/PublicationType", "PublicationType")  # of an article, of a book
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_YEAR = re.compile(r"\b(1[5-9]|20|21)\d\d\b")
_NO_TITLE = {"", "[not available].", "[not available]"}


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents and deletions from `stream`, one record in memory at a time.

    Nothing outside the file is ever read, and a file that declares entities of its own is refused.
    Raises InputError, with the line, where the XML breaks off or is malformed.
    """
    count = 0
    try:
        events = etree.iterparse(
            stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    _check_root(element, source)
            elif element.tag in _RECORDS:
                count += 1
                if element.tag == "DeleteCitation":
                    yield from (Deletion(_text(pmid)) for pmid in element.iterfind("PMID"))
                else:
                    yield _document_or_bad(element, source)
                element.clear()
                while element.getparent() is not None and element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        reason = str(error.msg).partition(", line ")[0]
        raise InputError(f"{source}: line {error.lineno}: broken XML after {count:,} records ({reason})") from None


def _check_root(root: etree._Element, source: str) -> None:
    if root.tag not in _ROOTS:
        raise InputError(f"{source}: XML, but not PubMed's: it begins with <{root.tag}>, expected <PubmedArticleSet>")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():  # type: ignore[attr-defined]
        raise InputError(f"{source}: the file declares XML entities, which PubMed files never do; refused unread")


def _document_or_bad(record: etree._Element, source: str) -> Document | BadRecord:
    document = _document(record)
    place = f"line {record.sourceline}"
    if not document.id:
        return BadRecord(source, place, "record without PMID")
    if not document.title and not document.abstract:
        return BadRecord(source, f"PMID {document.id}", "neither title nor abstract")
    return document


def _document(record: etree._Element) -> Document:
    citation = _first(record, "MedlineCitation", "BookDocument")
    if citation is None:
        return Document("")
    article = _first(citation, "Article")
    article = citation if article is None else article
    pmid = citation.find("PMID")
    vernacular = _text(article.find("VernacularTitle"))
    title = _text(_first(article, "ArticleTitle", "Book/BookTitle"))
    if title.lower() in _NO_TITLE:
        title = vernacular
    version = "" if pmid is None else pmid.get("Version", "")
    return Document(
        id=_text(pmid),
        title=title,
        abstract=_abstract(article.find("Abstract")),
        year=_year(article),
        journal=_text(_first(article, "Journal/Title", "Journal/ISOAbbreviation"))
        or _text(citation.find("MedlineJournalInfo/MedlineTA")),
        authors=_authors(article),
        mesh=tuple(_text(name) for name in citation.iterfind("MeshHeadingList/MeshHeading/DescriptorName")),
        publication_types=tuple(_text(kind) for path in _TYPES for kind in article.iterfind(path)),
        language=_text(article.find("Language")),
        version=int(version) if version.isascii() and version.isdigit() else 1,
        extra={"vernacular_title": vernacular} if vernacular and vernacular != title else {},
    )


def _abstract(abstract: etree._Element | None) -> str:
    """All AbstractText parts, each behind its section label as PubMed prints it ("METHODS: ...")."""
    if abstract is None:
        return ""
    parts = []
    for part in abstract.iterfind("AbstractText"):
        label, text = (part.get("Label") or "").strip(), _text(part)
        if text:
            parts.append(f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return " ".join(parts)


def _year(article: etree._Element) -> int | None:
    for path in (
        "Journal/JournalIssue/PubDate/Year",
        "Journal/JournalIssue/PubDate/MedlineDate",
        "ArticleDate/Year",
        "Book/PubDate/Year",
        "ContributionDate/Year",
    ):
        match = _YEAR.search(_text(article.find(path)))
        if match:
            return int(match.group())
    return None


def _authors(article: etree._Element) -> tuple[str, ...]:
    names = []
    for author in article.iterfind("AuthorList/Author"):
        personal = f"{_text(author.find('LastName'))} {_text(_first(author, 'Initials', 'ForeName'))}"
        names.append(_text(author.find("CollectiveName")) or personal.strip())
    return tuple(name for name in names if name)


def _first(element: etree._Element, *paths: str) -> etree._Element | None:
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def _text(element: etree._Element | None) -> str:
    """All text inside `element`, that of inline tags (<i>, <sub>, MathML) included, white space folded."""
    return "" if element is None else " ".join("".join(str(piece) for piece in element.itertext()).split())
