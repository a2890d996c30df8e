"""A streaming, bounded reader of the record elements of XML files."""

import html
import re
from collections.abc import Collection, Iterator
from typing import BinaryIO, cast

from lxml import etree

from bioqa.index.corpus.values import formulas, superscripts
from bioqa.index.corpus.xml_rescue import RescueStream, read_on
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord

_ADVICE = re.compile(r", (?:line \d|try XML_PARSE_HUGE|use XML_PARSE_HUGE).*", re.DOTALL)  # libxml2's hints
_PROLOG = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", re.DOTALL)
_LAST_PROLOG = re.compile(rb"\A\s*(?:(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>|\xef\xbb\xbf)\s*)*", re.DOTALL)
_SHOWN = 200  # characters of a name or a reason
_ROOT = re.compile(rb"<(?:[a-z-]+:)?([A-Za-z-]+)")


def read(
    stream: BinaryIO, source: str, *, kind: str, roots: Collection[str], records: Collection[str]
) -> Iterator[etree._Element | BadRecord]:
    """The elements named in `records`, one in memory at a time, with namespaces removed.

    Nothing outside the file is read, and a file that declares entities is rejected. A broken record becomes a
    BadRecord, and reading goes on behind it. Raises InputError, with the line, if the file is truncated, is malformed
    as a whole, or its root is none of `roots`.
    """
    count = 0
    checked = False
    bounded = RescueStream(stream, source, records)
    try:
        events = etree.iterparse(
            cast(BinaryIO, bounded),
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in {*roots, *records}],  # other elements cause no events in Python
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    _check_root(element, source, kind, roots)
                    checked = True
            elif _name(element) in records:
                if not checked:
                    _check_root(element.getroottree().getroot(), source, kind, roots)
                count += 1
                yield _plain(element)
                element.clear()
                _drop_before(element)
                bounded.end_record()
        if not checked:
            _check_root(events.root, source, kind, roots)
    except etree.XMLSyntaxError as error:
        if not checked:
            _check_name(root_of(bounded.head), source, kind, roots)
        reason = _ADVICE.sub("", str(error.msg))[:_SHOWN]
        if not checked or (prolog := _prolog(bounded.head, roots, records)) is None:
            raise InputError(f"{source}: line {error.lineno}: broken XML after {count:,} records ({reason})") from None
        yield from _rescued(
            bounded, source, prolog, BadRecord(source, f"line {error.lineno}", f"broken XML ({reason})")
        )


def _rescued(
    stream: RescueStream, source: str, prolog: bytes, broken: BadRecord
) -> Iterator[etree._Element | BadRecord]:
    for found, before in read_on(stream, source, prolog, broken):
        yield found if isinstance(found, BadRecord) else _plain(found, before - prolog.count(b"\n"))


def _prolog(head: bytes, roots: Collection[str], records: Collection[str]) -> bytes | None:
    """The beginning of a file up to the opening tag of its root; None if the root is a record or is not found."""
    match = _ROOT.search(head, next((found.end() for found in _LAST_PROLOG.finditer(head)), 0))
    if match is None or match[1].decode() not in set(roots) - set(records):
        return None
    end = head.find(b">", match.end()) + 1
    return head[:end] if end and not head[:end].endswith(b"/>") else None


def _plain(record: etree._Element, lines: int = 0) -> etree._Element:
    """The record without namespaces, entities and formulas; `lines` are added to the numbers of its lines."""
    _drop_namespaces(record)
    _spell_out_entities(record)
    formulas.spell_out(record)
    superscripts.spell_out(record)
    if lines:
        record.sourceline = record.sourceline + lines  # type: ignore[assignment,operator]
    return record


def _check_root(root: etree._Element, source: str, kind: str, roots: Collection[str]) -> None:
    _check_name(_name(root), source, kind, roots)
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():  # type: ignore[attr-defined]
        raise InputError(f"{source}: the file declares XML entities, which such files never do; refused unread")


def _check_name(root: str, source: str, kind: str, roots: Collection[str]) -> None:
    if root and root not in roots:
        expected = " or ".join(f"<{name}>" for name in roots)
        raise InputError(f"{source}: XML, but not {kind}: it begins with <{root[:_SHOWN]}>, expected {expected}")


def root_of(head: bytes) -> str:
    """The name of the root element, without namespace, from the first bytes of XML; empty if not found."""
    match = _ROOT.search(_PROLOG.sub(b"", head))
    return match[1].decode() if match else ""


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]


def _drop_namespaces(record: etree._Element) -> None:
    if record.tag.startswith("{"):
        for element in record.iter("*"):
            element.tag = _name(element)


def _drop_before(record: etree._Element) -> None:
    """Remove everything before a record from the tree, on all levels."""
    inside = record
    while (around := inside.getparent()) is not None:
        while inside.getprevious() is not None:
            del around[0]
        if around.text:
            around.text = None
        inside = around


def _spell_out_entities(record: etree._Element) -> None:
    """Replace entities of unread DTDs, such as &nbsp;, by their characters, or by their names if unknown."""
    for entity in list(record.iter(etree.Entity)):
        before, parent = entity.getprevious(), entity.getparent()
        if parent is None or (before is not None and before.tag is etree.Entity):
            continue  # replaced with the first of its run: joining the text piece by piece takes quadratic time
        pieces: list[str] = []
        row: etree._Element | None = entity
        while row is not None and row.tag is etree.Entity:
            following = row.getnext()
            pieces += (html.unescape(str(row.text)), row.tail or "")
            parent.remove(row)
            row = following
        if before is not None:
            before.tail = (before.tail or "") + "".join(pieces)
        else:
            parent.text = (parent.text or "") + "".join(pieces)


def first(element: etree._Element, *paths: str) -> etree._Element | None:
    """The element at the first path that matches, None if none does."""
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def text(element: etree._Element | None) -> str:
    """All text inside `element`, including inline tags (<i>, <sub>, MathML), with white space folded."""
    if element is None:
        return ""
    written = "".join(str(piece) for piece in element.itertext()) if len(element) else element.text or ""
    return " ".join(written.split())
