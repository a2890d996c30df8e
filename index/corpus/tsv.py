"""Reader of tab-separated values: a header row with field names, then one record per line."""

from collections.abc import Iterator
from typing import BinaryIO

from bioqa.index.corpus import jsonl, lines
from bioqa.index.errors import InputError
from bioqa.index.records import Record

_IDS = {"pmid", "id", "_id"}
_TEXTS = {"title", "abstract", "text"}
_MOST_COLUMNS = 1000
_LISTS = {"authors", "mesh", "publication_types"}  # columns of several values separated by semicolons


def is_header(line: str) -> bool:
    """Whether a line is a header with a column for ids and a column for text."""
    if not 0 < line.count("\t") < _MOST_COLUMNS:
        return False
    names = set(_columns(line))
    return bool(names & _IDS) and bool(names & _TEXTS)


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
    for row in rows:
        if row.fault:
            yield row.as_bad_record(source)
        elif row.text.strip():
            try:
                yield jsonl.parse_document(_fields(names, row.text))
            except ValueError as error:
                yield row.as_bad_record(source, str(error))


def _fields(names: list[str], row: str) -> dict[str, str | list[str]]:
    count = row.count("\t") + 1  # before splitting, which would take much memory for a line of tabs
    if count != len(names):
        raise ValueError(f"{count} cells, the header names {len(names)}")
    return {name: _value(name, cell) for name, cell in zip(names, _cells(row), strict=True) if cell}


def _columns(line: str) -> list[str]:
    return [name.casefold() for name in _cells(line)]


def _cells(line: str) -> list[str]:
    return [_unquoted(cell.strip()) for cell in line.rstrip("\r\n").split("\t")]


def _unquoted(cell: str) -> str:
    """A cell without the quotes that spreadsheets add around a value with quotes."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and not cell[1:-1].replace('""', "").count('"'):
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _value(name: str, cell: str) -> str | list[str]:
    if name not in _LISTS:
        return cell
    if cell.count(";") > jsonl.MOST_VALUES:  # before splitting, for the same reason
        raise ValueError(f"more than {jsonl.MOST_VALUES:,} values in the column {name!r}")
    return [item.strip() for item in cell.split(";") if item.strip()]
