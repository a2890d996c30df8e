"""The papers in an answer of efetch: each checked and written out again, so that a file holds only whole records."""

import html
import io
import re

from lxml import etree

from bioqa.index.errors import NetworkError, TransientError

_RECORDS = ("PubmedArticle", "PubmedBookArticle")
_ROOT = "PubmedArticleSet"
_FAILURES = {"eFetchResult", "eSearchResult", "ERROR"}  # roots of an answer that may hold a failure
_PATHS = ("MedlineCitation/PMID", "BookDocument/PMID")
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_HEAD = (  # as efetch itself writes it: the DTD gives entities such as &nbsp; a meaning
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_LEADING = re.compile(rb"\A(?:\xef\xbb\xbf|\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*", re.DOTALL)
_ERROR = re.compile(rb'<ERROR>([^<]{1,500})|"error"\s*:\s*"([^"]{1,500})', re.IGNORECASE)
_ENTITIES = "the answer declares XML entities, as PubMed never does; refused"
_SHOWN = 200  # characters of a reason


def is_pmid(text: str) -> bool:
    """Whether `text` is a PubMed id."""
    return _PMID.fullmatch(text) is not None


def stated_error(content: bytes) -> str:
    """The failure that an answer states in place of data, in XML or JSON; empty if it states none."""
    if root_name(content) not in _FAILURES and not content.lstrip().startswith(b"{"):
        return ""
    found = _ERROR.search(content[: 1 << 16])
    return shown(found[1] or found[2]) if found else ""


def root_name(content: bytes) -> str:
    """The name of the root element; empty if `content` is no XML."""
    match = re.match(rb"<([A-Za-z][\w.-]{0,99})", content[_end_of_prolog(content) :][:101])
    return match[1].decode() if match else ""


def web_page(content: bytes) -> str:
    """A description of a web page that came in place of data; empty if it is none."""
    if root_name(content).lower() != "html":
        return ""
    title = _TITLE.search(content[: 1 << 16])
    return f"a web page ({shown(title[1])})" if title and title[1].strip() else "a web page"


def refuse_entities(content: bytes, source: str) -> None:
    """Raise NetworkError if `content` declares XML entities."""
    if b"<!ENTITY" in content:
        raise NetworkError(f"{source}: {_ENTITIES}")


def parse(content: bytes, source: str) -> dict[str, bytes]:
    """The papers in `content` as XML, by PMID. Other elements and papers without PMID are left out.

    Raises TransientError if it is truncated or something else, NetworkError if it declares entities.
    """
    refuse_entities(content, source)
    if page := web_page(content):
        raise TransientError(f"{source}: the server sent {page} in place of papers")
    if root_name(content) != _ROOT:
        raise TransientError(f"{source}: the server sent {shown(content[:60]) or 'nothing'!r} in place of papers")
    papers: dict[str, bytes] = {}
    try:
        events = etree.iterparse(
            io.BytesIO(content),
            tag=_RECORDS,
            remove_comments=True,
            remove_pis=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for _, record in events:
            dtd = record.getroottree().docinfo.internalDTD
            if dtd is not None and dtd.entities():
                raise NetworkError(f"{source}: {_ENTITIES}")
            pmid = next((text for path in _PATHS if (text := (record.findtext(path) or "").strip())), "")
            if is_pmid(pmid):
                papers.setdefault(pmid, etree.tostring(record, encoding="utf-8", with_tail=False))
            record.clear()
            while record.getprevious() is not None:
                del record.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise TransientError(f"{source}: the answer is broken XML ({shown(str(error.msg).encode())})") from None
    return papers


def article_set(papers: dict[str, bytes]) -> bytes:
    """A file with these papers, in the form in which efetch and NLM's downloads have them."""
    return _HEAD + b"\n".join(papers.values()) + b"\n</PubmedArticleSet>\n"


def shown(text: bytes) -> str:
    """A text of a server, on one line of limited length."""
    line = " ".join(html.unescape(text.decode("utf-8", "replace")).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _end_of_prolog(content: bytes) -> int:
    match = _LEADING.match(content[: 1 << 14])
    return match.end() if match else 0
