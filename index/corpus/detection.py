"""Detection of corpus formats from the first bytes of a file."""

import io
import re
from collections.abc import Callable, Collection

from bioqa.index.corpus import csv_table, pubtator, tsv
from bioqa.index.corpus.xml_records import root_of
from bioqa.index.errors import InputError

_HEAD = 4096  # bytes used to detect the format
_READ_ON = 1 << 16  # bytes read of a file of no known format
_ROOTS = {"article": "jats", "pmc-articleset": "jats", "OAI-PMH": "jats", "collection": "bioc-xml"}
_RIS = re.compile(rb"TY  ?- [A-Z]{2,}")
_BIOC_KEY = re.compile(rb'"(?:passages|documents|PubTator3)"\s*:\s*\[')


def detect_format(stream: io.BufferedReader, source: str, known: Collection[str]) -> str:
    """The format of a file by its first bytes, which stay in the stream; `known` formats are listed in the error.

    Raises InputError for an empty file, UTF-16, and content of no known format, and the errors of damaged compressed
    data.
    """
    head = stream.peek(_HEAD)[:_HEAD]
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = (head[2:].replace(b"\0", b"") if wide else head.removeprefix(b"\xef\xbb\xbf")).lstrip()
    if not text:
        raise InputError(f"{source}: the file is empty")
    if head[257:].startswith(b"ustar"):
        return "tar"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"%PDF"):
        raise InputError(
            f"{source}: not a known format: a PDF; fetch the paper's XML from PubMed Central, or convert it with GROBID"
        )
    if text.startswith(b"<"):
        return _ROOTS.get(root_of(text), "pubmed")
    if wide:
        raise InputError(f"{source}: text in UTF-16; write it as UTF-8, with 'iconv -f UTF-16 -t UTF-8' for instance")
    found = next((name for name, fits in _SIGNS.items() if fits(text)), None)
    if found:
        return found
    stream.read(_READ_ON)  # raises if the data is damaged, which is the better message
    hint = "; it looks like one JSON array: write one object a line" if text.startswith(b"[") else ""
    raise InputError(f"{source}: not a known format ({', '.join(known)}): begins with {text[:20]!r}{hint}")


def _is_tsv(text: bytes) -> bool:
    return tsv.is_header(text.partition(b"\n")[0].decode("utf-8", "replace"))


def _is_csv(text: bytes) -> bool:
    return csv_table.is_header(text.partition(b"\n")[0].decode("utf-8", "replace"))


def is_text_of_papers(head: bytes) -> bool:
    """Whether the first bytes are those of a text format, of which no other file has the signs."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return any(fits(text) for name, fits in _SIGNS.items() if name != "jsonl") or (
        text.startswith(b"<") and root_of(text) in _TEXT_ROOTS
    )


_TEXT_ROOTS = {*_ROOTS, "PubmedArticleSet", "PubmedArticle", "PubmedBookArticleSet"}
_SIGNS: dict[str, Callable[[bytes], bool]] = {  # tests of how a file begins; the first that succeeds decides
    "bioc-json": lambda text: text[:1] in (b"{", b"[") and _BIOC_KEY.search(text) is not None,
    "jsonl": lambda text: text.startswith(b"{"),
    "medline": lambda text: text.startswith((b"PMID- ", b"PMID -")),
    "ris": lambda text: _RIS.match(text) is not None,
    "pubtator": lambda text: pubtator.is_first_line(text.partition(b"\n")[0].decode("utf-8", "replace")),
    "tsv": _is_tsv,
    "csv": _is_csv,
}
