"""Cutting a file into parts, each a file of the same format by itself, so that they can be read side by side."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

SIZE = 2 << 20  # bytes, of what is inside a compressed file: some 500 citations, which take a process 0.3 s
_LARGEST = 2 * SIZE  # of a part: a record that is not at its end by then is left to who reads in order
_OPENING = re.compile(rb"<PubmedArticleSet\s*>")
_CLOSING = b"</PubmedArticleSet>"
_BETWEEN = b"</PubmedArticle>"
_UTF_8 = re.compile(rb"""encoding=["']utf-8["']""", re.IGNORECASE)


class UncuttableError(Exception):
    """The file is not as files of its format mostly are: it has to be read in order, which tells what it is."""


def of_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Parts that end with a line."""
    while part := stream.read(SIZE):
        part += stream.readline(_LARGEST)
        if len(part) >= _LARGEST:
            raise UncuttableError
        yield part


def of_citations(stream: BinaryIO) -> Iterator[bytes]:
    """Parts of PubMed XML that end with a citation, each an XML file; what is in a comment may be cut in two.

    A part that is cut where it should not be is not well-formed.
    """
    rest = stream.read(SIZE)
    opening = _OPENING.search(rest)
    before = rest[: opening.start()] if opening else b""
    if opening is None or b"<!ENTITY" in before or (b"encoding" in before and not _UTF_8.search(before)):
        raise UncuttableError
    rest = rest[opening.end() :]
    while more := stream.read(SIZE):
        rest += more
        end = rest.rfind(_BETWEEN) + len(_BETWEEN)
        if end >= len(_BETWEEN):
            yield b"".join((opening[0], rest[:end], _CLOSING))
            rest = rest[end:]
        elif len(rest) >= _LARGEST:
            raise UncuttableError
    yield opening[0] + rest


_CUTTERS: Mapping[str, Callable[[BinaryIO], Iterator[bytes]]] = {"jsonl": of_lines, "pubmed": of_citations}


def cut(stream: BinaryIO, format_name: str) -> Iterator[bytes]:
    """The parts of a stream of that format. Raises UncuttableError where it has to be read in order."""
    if format_name not in _CUTTERS:
        raise UncuttableError
    return _CUTTERS[format_name](stream)
