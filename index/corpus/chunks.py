"""Splitting a corpus file into chunks, each a valid file of its format, for parallel reading."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

SIZE = 2 << 20  # decompressed bytes: some 500 citations, which take a process 0.3 s
_LARGEST = 2 * SIZE  # of a chunk: a file with a longer record is read sequentially
_OPENING = re.compile(rb"<PubmedArticleSet\s*>")
_CLOSING = b"</PubmedArticleSet>"
_BETWEEN = b"</PubmedArticle>"
_UTF_8 = re.compile(rb"""encoding=["']utf-8["']""", re.IGNORECASE)


class UncuttableError(Exception):
    """The file has an unusual structure and must be read sequentially."""


def split_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Chunks that end with a line."""
    while part := stream.read(SIZE):
        part += stream.readline(_LARGEST)
        if len(part) >= _LARGEST:
            raise UncuttableError
        yield part


def split_citations(stream: BinaryIO) -> Iterator[bytes]:
    """Chunks of PubMed XML that end with a citation, each a complete XML file.

    A chunk that was split at the wrong place, such as inside a comment, is not well-formed.
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


_CUTTERS: Mapping[str, Callable[[BinaryIO], Iterator[bytes]]] = {"jsonl": split_lines, "pubmed": split_citations}


def split_stream(stream: BinaryIO, format_name: str) -> Iterator[bytes]:
    """The chunks of a stream of this format. Raises UncuttableError if it must be read sequentially."""
    if format_name not in _CUTTERS:
        raise UncuttableError
    return _CUTTERS[format_name](stream)
