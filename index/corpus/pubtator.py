"""Reader of PubTator's pipe format: `PMID|t|title`, `PMID|a|abstract`, then annotations, which are not read."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from bioqa.index.corpus import lines
from bioqa.index.records import BadRecord, Document, Record

_TEXT = re.compile(r"(?P<id>\w{1,40})\|(?P<kind>[ta])\|(?P<text>.*)", re.DOTALL)
_ANNOTATION = re.compile(r"\w{1,40}\t")


def is_first_line(line: str) -> bool:
    """Whether a file that begins with this line has the format."""
    match = _TEXT.match(line)
    return match is not None and match["kind"] == "t"


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`. A line that is neither text nor annotation becomes a BadRecord."""
    name, title, abstract = "", "", ""
    for line in lines.read(stream):
        if line.fault:
            yield line.as_bad_record(source)
            continue
        match = _TEXT.fullmatch(line.text.strip())
        if match is None:
            if line.text.strip() and not _ANNOTATION.match(line.text):
                yield line.as_bad_record(source, f"neither text nor annotation: {line.text[:20].rstrip()!r}")
            continue
        if match["id"] != name or match["kind"] == "t":
            if name:
                yield _document_or_bad(name, title, abstract, source)
            name, title, abstract = match["id"], "", ""
        if match["kind"] == "t":
            title = " ".join(match["text"].split())
        else:
            abstract = f"{abstract} {' '.join(match['text'].split())}".strip()
    if name:
        yield _document_or_bad(name, title, abstract, source)


def _document_or_bad(name: str, title: str, abstract: str, source: str) -> Document | BadRecord:
    if not title and not abstract:
        return BadRecord(source, f"document {name}", "neither title nor abstract")
    return Document(name, title, abstract, source="pubtator")
