"""Reader of JATS, the XML format of full-text articles in PubMed Central.

https://jats.nlm.nih.gov/archiving/
"""

import re
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import BinaryIO

from lxml import etree

from bioqa.index.corpus import jats_tables, xml_records
from bioqa.index.corpus.pubmed import chosen_extra
from bioqa.index.corpus.values import abstracts, journals, languages, sections, statuses, years
from bioqa.index.corpus.values.abstracts import ENGLISH, Abstract
from bioqa.index.corpus.xml_records import first
from bioqa.index.records import BadRecord, Document, Record

_ROOTS = ("article", "pmc-articleset", "OAI-PMH")  # one article, what efetch returns, what PMC's OAI service returns
_NO_PROSE = {"disp-formula", "fn", "graphic", "inline-graphic", "media", "object-id", "table", "tex-math", "annotation"}
_OUTSIDE = {"fig", "fig-group", "table-wrap", "table-wrap-group"}  # may be inside a paragraph but are not part of it
_LEFT_OUT = _NO_PROSE | _OUTSIDE
_BLOCKS = {"break", "def-item", "disp-formula", "disp-quote", "list-item", "p", "sec", "statement", "td", "title"}
_BLOCKS |= {"verse-line"}
_FLOATS = ("floats-group", "floats-wrap")  # figures and tables after the text
_CITED = {"bibr", "ref"}  # types of cross-references to the list of references
_NOTES = _CITED | {"fn", "table-fn"}  # types of cross-references that may be a mere number or sign
_CITATION_MARK = re.compile(
    r"(?!.*(?<!\d)(?:1[89]|20)\d\d(?!\d))[\s\d,;.*†‡§¶()\[\]‐–—-]*", re.DOTALL
)  # a year is none
_BETWEEN_MARKS = re.compile(r"[\s,;‐–—-]*")
_OMITTED = "\0"  # stands for what is left out; no XML holds it
_EMPTIED = rf"[\[(][\s,;‐–—-]*{_OMITTED}[\s,;{_OMITTED}‐–—-]*[\])]"
_EMPTY_BRACKETS = re.compile(rf"\s*{_EMPTIED}(?:[\s,;‐–—-]*{_EMPTIED})*")
_SPACE_BEFORE_STOP = re.compile(r"\s+(?=[.,;](?:\s|$))")  # left by a removed citation
_DATES = (  # kinds; the comes first
    *("ppub", "print", "collection", "epub-ppub", "epub", "electronic", "pub", "original-publication", ""),
)
_RELEASES = ("pmc", "nihms", "received", "accepted")  # kinds of dates that are not those of the publication
_ABBREVIATIONS = ("iso-abbrev", "nlm-ta")  # types of journal ids
_AUTHORS = {None, "", "author"}  # types of contributors
_MEMBERS = {"contrib-group", "contrib", "aff", "xref", "fn", "address", "ext-link", "email"}  # and what tells of them
_TYPES = {  # article types to PubMed's publication types
    "case-report": "Case Reports",
    "correction": "Published Erratum",
    "editorial": "Editorial",
    "expression-of-concern": "Expression of Concern",
    "letter": "Letter",
    "news": "News",
    "partial-retraction": "Retraction of Publication",
    "research-article": "Journal Article",
    "retracted-article": "Retracted Publication",
    "retraction": "Retraction of Publication",
    "review-article": "Review",
}

_NOTICES = {"Retraction of Publication", "Expression of Concern", "Published Erratum"}  # related to what they are about


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`, one article in memory at a time.

    Raises InputError, with the line, if the XML is truncated, malformed or not JATS.
    """
    for article in xml_records.read(stream, source, kind="JATS", roots=_ROOTS, records=("article",)):
        yield article if isinstance(article, BadRecord) else _document_or_bad(article, source)


def _document_or_bad(article: etree._Element, source: str) -> Document | BadRecord:
    meta = article.find("front/article-meta")
    try:
        document = Document("") if meta is None else _document(article, meta)
    except ValueError as error:
        return BadRecord(source, f"line {article.sourceline}", str(error))
    if not document.id:
        return BadRecord(source, f"line {article.sourceline}", "article with neither PMID, PMC id nor DOI")
    if not document.text:
        return BadRecord(source, f"article {document.id}", "neither title nor text")
    return document


def _document(article: etree._Element, meta: etree._Element) -> Document:
    ids = {name.get("pub-id-type", ""): xml_records.text(name) for name in meta.iterfind("article-id")}
    pmc = (ids.get("pmcid") or ids.get("pmc") or "").removeprefix("PMC")
    pmc = f"PMC{pmc}" if _is_number(pmc) else ""
    pmid, doi = ids.get("pmid", ""), ids.get("doi", "")
    language = _language(article)
    translation = None if language in ENGLISH else _translation(article)
    own_title, english_title = _title(meta), "" if language in ENGLISH else _english_title(meta, translation)
    title = english_title or own_title
    abstract, others = abstracts.choose(_abstracts(article, meta, language))
    text = article if translation is None or translation.find("body") is None else translation
    extra = {"pmc": pmc, "doi": doi}
    article_type = article.get("article-type", "").lower()
    kind = _TYPES.get(article_type)
    types = (kind,) if kind else ()
    related = [notice.get("related-article-type", "") for notice in meta.iterfind("related-article")]
    related = [] if kind in _NOTICES else [*related, f"{article_type}-type"]
    about = article.find("front/journal-meta")
    journal, names = _journal(about)
    return Document(
        source="jats",
        id=pmid if _is_number(pmid) else pmc or doi,
        title=title,
        abstract=abstract.text,
        year=_year(meta),
        journal=journal,
        authors=_authors(meta),
        publication_types=types,
        language=language if text is article else f"{language}; eng",
        status=statuses.status_of(related, types, title),
        sections=sections.collect_sections(
            chain.from_iterable(_with_tables(text.find(part), ()) for part in ("body", *_FLOATS))
        ),
        extra={name: value for name, value in extra.items() if value}
        | journals.names_field(journal, names)
        | chosen_extra(title, own_title, others),
    )


def _journal(about: etree._Element | None) -> tuple[str, list[str]]:
    """The title of the journal, and its abbreviations and ISSNs."""
    if about is None:
        return "", []
    names = [found for found in about.iterfind("journal-id") if found.get("journal-id-type") in _ABBREVIATIONS]
    names += about.iter("abbrev-journal-title", "issn", "issn-l")
    return xml_records.text(about.find(".//journal-title")), list(map(xml_records.text, names))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _title(meta: etree._Element) -> str:
    """Title and subtitle, with a final full stop as in PubMed."""
    group = meta.find("title-group")
    return "" if group is None else _joined_title(group, "article-title", "subtitle")


def _joined_title(group: etree._Element, *names: str) -> str:
    return _sentence(": ".join(filter(None, (_prose(group.find(name)) for name in names))))


def _sentence(title: str) -> str:
    return title if not title or title[-1] in ".?!" else f"{title}."


def _language(element: etree._Element, default: str = "") -> str:
    """The language of an element as PubMed abbreviates it."""
    code = element.get("{http://www.w3.org/XML/1998/namespace}lang", "").partition("-")[0].lower()
    return languages.pubmed_code(code) or default


def _translation(article: etree._Element) -> etree._Element | None:
    """The English translation of an article that is in another language."""
    inside = article.iterfind("sub-article[@article-type='translation']")
    return next((part for part in inside if _language(part) == "eng"), None)


def _english_title(meta: etree._Element, translation: etree._Element | None) -> str:
    stub = None if translation is None else first(translation, "front-stub", "front/article-meta")
    groups = [group for group in meta.iterfind("title-group/trans-title-group") if _language(group) == "eng"]
    titles = [title for title in meta.iterfind("title-group/trans-title") if _language(title) == "eng"]
    found = [_joined_title(group, "trans-title", "trans-subtitle") for group in groups]
    found += [_sentence(_prose(title)) for title in titles]
    found += [] if stub is None else [_title(stub)]
    return next(filter(None, found), "")


def _abstracts(article: etree._Element, meta: etree._Element, language: str) -> Iterator[Abstract]:
    """The abstracts of an article in all languages, those of its translations included."""
    for abstract in meta.iterfind("abstract"):
        yield Abstract(_labelled_text(abstract), _language(abstract, language), abstract.get("abstract-type", ""))
    for abstract in meta.iterfind("trans-abstract"):
        yield Abstract(_labelled_text(abstract), _language(abstract, "und"), abstract.get("abstract-type", ""))
    for part in article.iterfind("sub-article[@article-type='translation']"):
        for abstract in part.iterfind("front-stub/abstract"):
            own = _language(abstract, _language(part, "und"))
            yield Abstract(_labelled_text(abstract), own, abstract.get("abstract-type", ""))


def _labelled_text(abstract: etree._Element) -> str:
    """The text of an abstract, each section after its title as PubMed prints it ("METHODS: ...")."""
    parts = (
        (heading.rstrip(":. ").upper(), texts)
        for heading, texts in sections.group_paragraphs(_paragraphs(abstract, ()))
    )
    labelled = (
        (label, " ".join(chain.from_iterable(texts for _, texts in group)))
        for label, group in groupby(parts, key=itemgetter(0))
    )
    return " ".join(f"{label}: {text}" if label else text for label, text in labelled)


def _year(meta: etree._Element) -> int | None:
    found: dict[str, int | None] = {}
    for date in meta.iterfind("pub-date"):
        kinds = (date.get("pub-type"), date.get("publication-format"), date.get("date-type"))
        texts = (xml_records.text(date.find("year")), date.get("iso-8601-date", ""), xml_records.text(date))
        year = next(filter(None, map(years.first_year, texts)), None)
        found.setdefault(next((kind for kind in kinds if kind), ""), year)
    others = (kind for kind in found if not kind.startswith(_RELEASES))
    return next((found[kind] for kind in (*_DATES, *others) if found.get(kind)), None)


def _authors(meta: etree._Element) -> tuple[str, ...]:
    """Author names as in PubMed ("Doe JA"), or group names. A contributor of no type is an author."""
    every = (author for author in meta.iterfind("contrib-group/contrib") if author.get("contrib-type") in _AUTHORS)
    return tuple(filter(None, map(_author, every)))


def _author(author: etree._Element) -> str:
    name = first(author, "name", "name-alternatives/name", "string-name", "name-alternatives/string-name")
    if name is None:
        collaboration = first(author, "collab", "collab-alternatives/collab")
        return "" if collaboration is None else _group_name(collaboration)
    surname, given, suffix = (xml_records.text(name.find(part)) for part in ("surname", "given-names", "suffix"))
    if not surname and not given:
        return xml_records.text(name)
    initials = "".join(part[0] for part in re.split(r"[\s.-]+", given) if part)
    return " ".join(filter(None, (surname, initials, suffix)))


def _group_name(collaboration: etree._Element) -> str:
    """The name of a group, without its members and their addresses."""
    pieces = [collaboration.text or ""]
    for child in collaboration.iterchildren():
        if isinstance(child.tag, str) and child.tag not in _MEMBERS:
            pieces.append(xml_records.text(child))
        pieces.append(child.tail or "")
    return _folded("".join(pieces))


def _paragraphs(parent: etree._Element | None, headings: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paragraphs in an element with their headings, including legends of figures and tables."""
    for child in () if parent is None else parent.iterchildren("*"):
        if child.tag == "sec":
            yield from _paragraphs(child, (*headings, _prose(child.find("title"))))
        elif child.tag not in ("title", "label"):
            if child.tag not in _OUTSIDE:
                yield headings, _prose(child)
            for inside in child.iter(*_OUTSIDE):
                yield headings, " ".join(_prose(part) for part in inside.iterchildren("label", "caption"))


def _with_tables(parent: etree._Element | None, headings: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paragraphs in an element, and behind all of them the rows of its tables, each table a section of its own."""
    yield from _paragraphs(parent, headings)
    for wrap in () if parent is None else parent.iter("table-wrap"):
        name = _prose(wrap.find("label")) or "Table"
        caption = _prose(wrap.find("caption"))
        for row in jats_tables.rows(wrap, _prose):
            yield (" ".join(filter(None, (name, caption))),), row


def _prose(element: etree._Element | None) -> str:
    """The running text of an element, without citation numbers, tables and formulas."""
    if element is None:
        return ""
    text = _EMPTY_BRACKETS.sub("", _folded("".join(_pieces(element))))
    return _SPACE_BEFORE_STOP.sub("", _folded(text.replace(_OMITTED, "")))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _pieces(element: etree._Element) -> Iterator[str]:
    """The text of an element in pieces.

    A recursive generator would pass each piece up through all enclosing elements, which takes quadratic time.
    """
    yield element.text or ""
    stack = [(iter(element), "")]  # the open elements, each with the text after it
    while stack:
        children, after = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            yield after
            continue
        tail = child.tail or ""
        if not isinstance(child.tag, str):  # a comment or processing instruction
            yield tail
            continue
        is_mark = _is_mark(child)
        space = " " if child.tag in _BLOCKS else ""
        if is_mark or child.tag.rpartition("}")[2] in _LEFT_OUT:
            yield f"{space}{_OMITTED}{space}"
            following = child.getnext()
            if not (is_mark and following is not None and _is_mark(following) and _BETWEEN_MARKS.fullmatch(tail)):
                yield tail
        else:
            yield f"{space}{child.text or ''}"
            stack.append((iter(child), f"{space}{tail}"))


def _is_mark(element: etree._Element) -> bool:
    """Whether an element is the number or sign of a citation or note; author and year are part of the sentence."""
    if element.tag == "sup":
        return any(reference.get("ref-type") in _CITED for reference in element.iterfind("xref"))
    leads_to_note = element.tag == "xref" and element.get("ref-type") in _NOTES
    return leads_to_note and _CITATION_MARK.fullmatch(xml_records.text(element)) is not None
