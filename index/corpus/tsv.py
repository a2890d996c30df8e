"""Reader of tab-separated values: a header row with field names, then one record per line."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from bioqa.index.corpus import jsonl, lines
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.corpus.values import field_names
from bioqa.index.errors import InputError
from bioqa.index.records import Record

_TEXTS = {"title", "abstract"}
_MOST_COLUMNS = 1000
_MOST_LINES = 100  # of one row
_LISTS = {"authors", "mesh", "publication_types"}  # columns of several values separated by semicolons


def is_header(line: str) -> bool:
    """Whether a line is a header with a column for ids and a column for text."""
    if not 0 < line.count("\t") < _MOST_COLUMNS:
        return False
    return names_document(_columns(line))


def names_document(columns: Iterable[str]) -> bool:
    """Whether columns hold the ids and the texts of documents."""
    fields = set(map(field_names.field_of, columns))
    return "id" in fields and bool(fields & _TEXTS)


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`. Columns have the names of JSON lines fields, in any case; other columns are kept.

    A row with another number of cells than the header becomes a BadRecord. Raises InputError if there is no header or
    it names a column twice.
    """
    rows = lines.read(stream)
    header = next(rows, lines.Line(1, ""))
    if not is_header(header.text):
        raise InputError(
            f"{source}: line 1: no header of tab-separated columns with pmid or id, and title, abstract or text"
        )
    names = _columns(header.text)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{source}: line 1: the header names the column {twice!r} twice")
    unread = jsonl.UnreadText()
    for row in _joined_rows(rows, len(names)):
        if row.fault:
            yield row.as_bad_record(source)
        elif row.text.strip():
            try:
                yield unread.watch(jsonl.parse_document(_fields(names, row.text)))
            except ValueError as error:
                yield row.as_bad_record(source, str(error))
    yield from unread.report(source)


def _joined_rows(rows: Iterator[lines.Line], columns: int) -> Iterator[lines.Line]:
    """The rows, with those joined that a spreadsheet broke inside quotes.

    Lines are joined if together they have as many cells as the header names; otherwise each stays as it is.
    """
    waiting: deque[lines.Line] = deque()
    while (row := waiting.popleft() if waiting else next(rows, None)) is not None:
        if not _is_open(row, columns):
            yield row
            continue
        text, held = row.text, [row]
        while len(held) < _MOST_LINES and len(text) < LARGEST:
            following = waiting.popleft() if waiting else next(rows, None)
            if following is None:
                break
            held.append(following)
            text += following.text
            if following.fault or text.count("\t") + 1 > columns or not _has_open_quote(text):
                break
        if len(held) > 1 and text.count("\t") + 1 == columns and not _has_open_quote(text) and not held[-1].fault:
            yield replace(row, text=text)
        else:
            yield row
            waiting.extendleft(reversed(held[1:]))


def _is_open(row: lines.Line, columns: int) -> bool:
    return not row.fault and row.text.count("\t") + 1 < columns and _has_open_quote(row.text)


def _has_open_quote(text: str) -> bool:
    """Whether the last cell begins with a quote that does not end."""
    last = text.rpartition("\t")[2].strip()
    return last.startswith('"') and last.count('"') % 2 == 1


def _fields(names: list[str], row: str) -> dict[str, str | list[str]]:
    count = row.count("\t") + 1  # before splitting, which would take much memory for a line of tabs
    if count != len(names):
        raise ValueError(f"{count} cells, the header names {len(names)}")
    return {name: value_of(name, cell) for name, cell in zip(names, _cells(row), strict=True) if cell}


def _columns(line: str) -> list[str]:
    return [name.casefold() for name in _cells(line)]


def _cells(line: str) -> list[str]:
    return [_unquoted(cell.strip()) for cell in line.rstrip("\r\n").split("\t")]


def _unquoted(cell: str) -> str:
    """A cell without the quotes that spreadsheets add around a value with quotes."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and not cell[1:-1].replace('""', "").count('"'):
        return cell[1:-1].replace('""', '"').strip()
    return cell


def value_of(name: str, cell: str) -> str | list[str]:
    """The value of a cell in the column of this name. Raises ValueError if it holds too many."""
    if field_names.field_of(name) not in _LISTS:
        return cell
    if cell.count(";") > jsonl.MOST_VALUES:  # before splitting, for the same reason
        raise ValueError(f"more than {jsonl.MOST_VALUES:,} values in the column {name!r}")
    return [item.strip() for item in cell.split(";") if item.strip()]
