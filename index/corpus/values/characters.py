"""White space, invisible characters, accents and a second layer of markup, put right once for all formats."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.entities import html5
from itertools import chain
from typing import TYPE_CHECKING

from bioqa.index.corpus.values import superscripts
from bioqa.index.records import Document, Record, Section

if TYPE_CHECKING:
    from typing import BinaryIO

    from bioqa.index.corpus.files import FormatReader

_SOFT_BREAK = re.compile("\u00ad[^\\S\n]*\n\\s*")  # a word that was divided at the end of a line
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,31});")
_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]{0,300}"|'[^'<>]{0,300}'))*"""
_INLINE = "a|b|bold|em|font|i|inf|italic|monospace|sc|small|span|strong|sub|sup|tt|u|underline|xref"
_BLOCKS = "br|div|h[1-6]|label|li|list|list-item|ol|p|sec|td|title|tr|ul|abstract"
_INLINE_TAG = re.compile(rf"</?(?:jats:|mml:)?(?:{_INLINE}){_ATTRIBUTES}\s*/?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:jats:)?(?:{_BLOCKS}){_ATTRIBUTES}\s*/?>", re.IGNORECASE)
_HEADING = re.compile(r"(?<=[^\s.:?!>])\s*</(?:jats:)?(?:h[1-6]|title)\s*>", re.IGNORECASE)
_RUN = re.compile(r"[^\S\n]{2,}")
_PARAGRAPH = re.compile(r"\n\s*\n")
_LAYERS = 2  # of escaping in a text that its format has already read


def clean(text: str) -> str:
    """The text as a reader sees it; line breaks stay.

    Entities and the tags of HTML are replaced by what they stand for, invisible characters are removed, special blanks
    become ordinary ones, and letters with accents are composed.
    """
    if "&" in text or "<" in text:
        text = _without_markup(text)
    if text.isascii():
        return text
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", _SOFT_BREAK.sub("", text))
    if _BLANKS.search(text):
        text = _BLANKS.sub(" ", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _without_markup(text: str) -> str:
    for _ in range(_LAYERS):
        if "&" in text:
            text = _ENTITY.sub(_character, text)
    if "<" in text and (_INLINE_TAG.search(text) or _BLOCK_TAG.search(text)):
        text = _INLINE_TAG.sub("", superscripts.replace_tags(text))
        text = _RUN.sub(" ", _BLOCK_TAG.sub(" ", _HEADING.sub(": ", text))).strip()
    return text


def _character(entity: re.Match[str]) -> str:
    name = entity[0][1:]
    return html.unescape(entity[0]) if name[0] == "#" or name in html5 else entity[0]


def fold_lines(text: str) -> str:
    """The text with its paragraphs on one line each: a single line break only wraps a line."""
    if "\n" not in text and "\r" not in text:
        return " ".join(text.split()) if "  " in text or "\t" in text else text.strip()
    unbroken = _SOFT_BREAK.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(filter(None, (" ".join(part.split()) for part in _PARAGRAPH.split(unbroken))))


def clean_document(document: Document) -> Document:
    """The document with clean texts; itself if they are clean."""
    lists = (document.authors, document.mesh, document.publication_types)
    texts = (document.title, document.abstract, document.journal, *chain.from_iterable(lists))
    bodies = chain.from_iterable((section.heading, section.text) for section in document.sections)
    if _is_plain("".join(texts)) and all(map(_is_plain, bodies)):
        return document
    changed: dict[str, object] = {}
    for name in ("title", "abstract", "journal"):
        if (text := clean(getattr(document, name))) != getattr(document, name):
            changed[name] = text
    for name in ("authors", "mesh", "publication_types"):
        if (texts := tuple(map(clean, getattr(document, name)))) != getattr(document, name):
            changed[name] = texts
    sections = tuple(Section(clean(section.heading), clean(section.text)) for section in document.sections)
    sections = tuple(section for section in sections if section.text.strip())
    if sections != document.sections:
        changed["sections"] = sections
    return replace(document, **changed) if changed else document  # type: ignore[arg-type]


def _is_plain(text: str) -> bool:
    return text.isascii() and "&" not in text and "<" not in text


def cleaned(reader: "FormatReader") -> "FormatReader":
    """The reader of a format, with clean documents."""

    def read(stream: "BinaryIO", source: str) -> Iterator[Record]:
        for record in reader(stream, source):
            yield clean_document(record) if isinstance(record, Document) else record

    return read
