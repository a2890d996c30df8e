"""XML as a stream of the elements that are records, whatever the file may hold."""

import html
import re
from collections.abc import Collection, Iterator
from typing import BinaryIO, cast

from lxml import etree

from bioqa.index.corpus.limits import Bounded
from bioqa.index.errors import InputError

_ADVICE = re.compile(r", (?:line \d|try XML_PARSE_HUGE|use XML_PARSE_HUGE).*", re.DOTALL)  # of libxml2, to programmers
_PROLOG = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", re.DOTALL)
_SHOWN = 200  # characters of a name or a reason
_ROOT = re.compile(rb"<(?:[a-z-]+:)?([A-Za-z-]+)")


def read(
    stream: BinaryIO, source: str, *, kind: str, roots: Collection[str], records: Collection[str]
) -> Iterator[etree._Element]:
    """The elements named in `records`, one in memory at a time; names are without namespace.

    Nothing outside the file is ever read, and a file that declares entities of its own is refused. Raises InputError,
    with the line, where the XML breaks off or is malformed, and where it begins with none of `roots`.
    """
    count = 0
    checked = False
    bounded = Bounded(stream, source)
    try:
        events = etree.iterparse(
            cast(BinaryIO, bounded),
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in {*roots, *records}],  # of others, libxml2 does not even tell Python
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
                _drop_namespaces(element)
                _spell_out_entities(element)
                yield element
                element.clear()
                _drop_before(element)
                bounded.ended()
        if not checked:
            _check_root(events.root, source, kind, roots)
    except etree.XMLSyntaxError as error:
        if not checked:
            _check_name(root_of(bounded.head), source, kind, roots)
        reason = _ADVICE.sub("", str(error.msg))[:_SHOWN]
        raise InputError(f"{source}: line {error.lineno}: broken XML after {count:,} records ({reason})") from None


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
    """The name, without namespace, of the element that XML begins with, from its first bytes; empty if not there."""
    match = _ROOT.search(_PROLOG.sub(b"", head))
    return match[1].decode() if match else ""


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]


def _drop_namespaces(record: etree._Element) -> None:
    if record.tag.startswith("{"):
        for element in record.iter("*"):
            element.tag = _name(element)


def _drop_before(record: etree._Element) -> None:
    """Take out of the tree all that stands before a record, around what the record stands in too."""
    inside = record
    while (around := inside.getparent()) is not None:
        while inside.getprevious() is not None:
            del around[0]
        if around.text:
            around.text = None
        inside = around


def _spell_out_entities(record: etree._Element) -> None:
    """Put characters for entities such as &nbsp; that a DTD names, which is never read; of an unknown one, its name."""
    for entity in list(record.iter(etree.Entity)):
        before, parent = entity.getprevious(), entity.getparent()
        if parent is None or (before is not None and before.tag is etree.Entity):
            continue  # done with the first in its row: text that is put together piece by piece takes forever
        said: list[str] = []
        row: etree._Element | None = entity
        while row is not None and row.tag is etree.Entity:
            following = row.getnext()
            said += (html.unescape(str(row.text)), row.tail or "")
            parent.remove(row)
            row = following
        if before is not None:
            before.tail = (before.tail or "") + "".join(said)
        else:
            parent.text = (parent.text or "") + "".join(said)


def first(element: etree._Element, *paths: str) -> etree._Element | None:
    """What is found at the first of the paths that leads anywhere."""
    return next((found for path in paths if (found := element.find(path)) is not None), None)


def text(element: etree._Element | None) -> str:
    """All text inside `element`, that of inline tags (<i>, <sub>, MathML) included, white space folded."""
    if element is None:
        return ""
    written = "".join(str(piece) for piece in element.itertext()) if len(element) else element.text or ""
    return " ".join(written.split())
