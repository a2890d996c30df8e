"""Reader of PubMed XML: baseline files, daily update files and efetch results (NLM's PubmedArticleSet DTD)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from lxml import etree

from bioqa.index.corpus import xml_records
from bioqa.index.corpus.values import abstracts, journals, statuses, years
from bioqa.index.corpus.values.abstracts import Abstract
from bioqa.index.corpus.xml_records import first, text
from bioqa.index.records import BadRecord, Deletion, Document, Record

_ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet", "PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_TYPES = ("PublicationTypeList/PublicationType", "PublicationType")  # paths in an article and in a book
_JOURNAL_NAMES = ("ISOAbbreviation", "ISSN", "MedlineTA", "ISSNLinking")
_NO_TITLE = {"", "[not available].", "[not available]"}
NO_ABSTRACT = "Abstract available from the publisher."  # placeholder for an abstract in another language


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents and deletions from `stream`, one record in memory at a time.

    Raises InputError, with the line, if the XML is truncated, malformed or not PubMed's.
    """
    for element in xml_records.read(stream, source, kind="PubMed's", roots=_ROOTS, records=_RECORDS):
        if isinstance(element, BadRecord):
            yield element
        elif element.tag == "DeleteCitation":
            yield from (_deletion_or_bad(pmid, source) for pmid in element.iterfind("PMID"))
        else:
            yield _document_or_bad(element, source)


def pmid_fault(pmid: str) -> str:
    """What is wrong with the PMID of a record; empty if it is valid."""
    if not pmid:
        return "record without PMID"
    return "" if pmid.isascii() and pmid.isdigit() else f"the PMID {pmid[:20]!r} is no number"


def chosen_title(title: str, vernacular: str) -> str:
    """The title, or the vernacular title if there is no English one."""
    return vernacular if title.lower() in _NO_TITLE else title


def chosen_extra(title: str, vernacular: str, abstracts: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The fields that keep what was not chosen as title and abstract."""
    kept: dict[str, Any] = {"vernacular_title": vernacular} if vernacular and vernacular != title else {}
    return kept | ({"other_abstracts": list(abstracts)} if abstracts else {})


def _deletion_or_bad(pmid: etree._Element, source: str) -> Deletion | BadRecord:
    fault = pmid_fault(text(pmid))
    return BadRecord(source, f"line {pmid.sourceline}", fault) if fault else Deletion(text(pmid))


def _document_or_bad(record: etree._Element, source: str) -> Document | BadRecord:
    document = _document(record)
    if fault := pmid_fault(document.id):
        return BadRecord(source, f"line {record.sourceline}", fault)
    if not document.title and not document.abstract:
        return BadRecord(source, f"PMID {document.id}", "neither title nor abstract")
    return document


def _document(record: etree._Element) -> Document:
    citation = first(record, "MedlineCitation", "BookDocument")
    if citation is None:
        return Document("")
    article = first(citation, "Article")
    article = citation if article is None else article
    pmid = citation.find("PMID")
    vernacular = text(article.find("VernacularTitle"))
    title = chosen_title(text(first(article, "ArticleTitle", "Book/BookTitle")), vernacular)
    version = "" if pmid is None else pmid.get("Version", "")
    publication_types = tuple(text(kind) for path in _TYPES for kind in article.iterfind(path))
    notices = [notice.get("RefType", "") for notice in citation.iterfind("CommentsCorrectionsList/CommentsCorrections")]
    notices += [date.get("PubStatus", "") for date in record.iterfind("PubmedData/History/PubMedPubDate")]
    abstract, others = abstracts.choose(_abstracts(article, citation))
    info = citation.find("MedlineJournalInfo")
    journal = text(first(article, "Journal/Title", "Journal/ISOAbbreviation"))
    journal = journal or ("" if info is None else text(info.find("MedlineTA")))
    return Document(
        source="pubmed",
        id=text(pmid),
        title=title,
        abstract=abstract.text,
        year=_year(article),
        journal=journal,
        authors=_authors(article),
        mesh=_mesh(citation.find("MeshHeadingList")),
        publication_types=publication_types,
        language="; ".join(filter(None, map(text, article.iterfind("Language")))),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 1,
        status=statuses.status_of(notices, publication_types, title),
        extra=journals.names_field(journal, _journal_names(article.find("Journal"), info))
        | chosen_extra(title, vernacular, others),
    )


def _journal_names(*parents: etree._Element | None) -> list[str]:
    """Abbreviations and ISSNs."""
    known = (parent for parent in parents if parent is not None)
    return [name.text or "" for parent in known for name in parent if name.tag in _JOURNAL_NAMES]


def _mesh(headings: etree._Element | None) -> tuple[str, ...]:
    return () if headings is None else tuple(map(text, headings.iterfind("MeshHeading/DescriptorName")))


def _abstracts(article: etree._Element, citation: etree._Element) -> Iterator[Abstract]:
    """The abstract, which PubMed has in English, and others."""
    yield Abstract(_abstract(article.find("Abstract")), "eng")
    for other in citation.iterfind("OtherAbstract"):
        yield Abstract(_abstract(other), other.get("Language", ""), other.get("Type", ""))


def _abstract(abstract: etree._Element | None) -> str:
    """All AbstractText parts, each after its section label as PubMed prints it ("METHODS: ...")."""
    if abstract is None:
        return ""
    parts = []
    for part in abstract.iterfind("AbstractText"):
        label, body = (part.get("Label") or "").strip(), text(part)
        if body and body != NO_ABSTRACT:
            parts.append(f"{label}: {body}" if label and label.upper() != "UNLABELLED" else body)
    return " ".join(parts)


def _year(article: etree._Element) -> int | None:
    for path in (
        "Journal/JournalIssue/PubDate/Year",
        "Journal/JournalIssue/PubDate/MedlineDate",
        "ArticleDate/Year",
        "Book/PubDate/Year",
        "ContributionDate/Year",
    ):
        year = years.first_year(text(article.find(path)))
        if year:
            return year
    return None


def _authors(article: etree._Element) -> tuple[str, ...]:
    names = []
    for author in article.iterfind("AuthorList/Author"):
        fields = {part.tag: part for part in author.iterchildren("*")}
        initials = fields.get("Initials", fields.get("ForeName"))
        personal = f"{text(fields.get('LastName'))} {text(initials)}"
        names.append(text(fields.get("CollectiveName")) or personal.strip())
    return tuple(name for name in names if name)
