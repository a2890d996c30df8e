"""Reader of comma-separated values: a header row with field names, then one record per row; also with semicolons."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from bioqa.index.corpus import jsonl, lines, tsv
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.errors import InputError
from bioqa.index.records import Record

_DELIMITERS = ",;"
_MOST_COLUMNS = 1000
_MOST_LINES = 1000  # of one row


def is_header(line: str) -> bool:
    """Whether a line is a header with a column for ids and a column for text."""
    return bool(_delimiter(line))


def _delimiter(line: str) -> str:
    for sign in _DELIMITERS:
        try:
            if 0 < line.count(sign) < _MOST_COLUMNS and tsv.names_document(_cells(line, sign)):
                return sign
        except ValueError:  # not a row of values
            continue
    return ""


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`. Columns are named as in tab-separated values; cells may hold line breaks in quotes.

    A row with another number of cells than the header becomes a BadRecord. Raises InputError if there is no header or
    it names a column twice.
    """
    rows = lines.read(stream)
    header = next(rows, lines.Line(1, "")).text
    sign = _delimiter(header)
    if not sign:
        raise InputError(f"{source}: line 1: no header of columns with pmid or id, and title, abstract or text")
    names = [name.casefold() for name in _cells(header, sign)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source}: line 1: the header names the column {twice!r} twice")
    unread = jsonl.UnreadText()
    for row in _whole_rows(rows):
        if row.fault:
            yield row.as_bad_record(source)
        elif row.text.strip():
            try:
                cells = _cells(row.text, sign)
                if len(cells) != len(names):
                    raise ValueError(f"{len(cells)} cells, the header names {len(names)}")
                fields = {name: tsv.value_of(name, cell) for name, cell in zip(names, cells, strict=True) if cell}
                yield unread.watch(jsonl.parse_document(fields))
            except ValueError as error:
                yield row.as_bad_record(source, str(error))
    yield from unread.report(source)


def _whole_rows(rows: Iterator[lines.Line]) -> Iterator[lines.Line]:
    """The rows, each with all its lines: a quote that is open at the end of a line continues on the next."""
    waiting: deque[lines.Line] = deque()
    while (row := waiting.popleft() if waiting else next(rows, None)) is not None:
        pieces, size, quotes = [row], len(row.text), row.text.count('"')
        while not row.fault and quotes % 2 and len(pieces) < _MOST_LINES and size < LARGEST:
            following = waiting.popleft() if waiting else next(rows, None)
            if following is None:
                break
            pieces.append(following)
            size += len(following.text)
            quotes += following.text.count('"')
        if quotes % 2 and len(pieces) > 1:  # a quote that never ends costs its own line alone
            yield row
            waiting.extendleft(reversed(pieces[1:]))
        else:
            yield row if len(pieces) == 1 else replace(row, text="".join(piece.text for piece in pieces))


def _cells(row: str, sign: str) -> list[str]:
    """Raises ValueError if there are too many, or if a cell is too large."""
    if row.count(sign) > jsonl.MOST_VALUES:
        raise ValueError(f"more than {jsonl.MOST_VALUES:,} cells")
    csv.field_size_limit(LARGEST)
    try:
        parsed = next(csv.reader([row], delimiter=sign), [])
    except csv.Error as error:
        raise ValueError(str(error)) from None
    return [cell.strip() for cell in parsed]
