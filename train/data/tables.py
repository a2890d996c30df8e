"""Tables of training data: .csv, .tsv or JSON lines, plain or compressed."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval.datasets.files import read_bytes
from bioqa.index.corpus import jsonl
from bioqa.index.errors import InputError

_LONGEST = 10_000_000  # characters per cell


@dataclass(frozen=True, slots=True)
class InputTable:
    """The rows of a file.

    Each row has a name for messages, and its cells by column name in lower case.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, str]], ...]

    def column(self, what: str, names: Sequence[str]) -> str:
        """The first of these names that is a column. Raises InputError with `what` the column is for."""
        column = next((name for name in names if name in self.columns), None)
        if column is None:
            raise InputError(f"{self.path}: no column for the {what}: expected a header with one of {', '.join(names)}")
        return column


def read_table(path: Path) -> InputTable:
    """The table in a file, without empty cells; the columns of JSON lines are all fields that occur.

    Raises InputError for a file that is unreadable, not UTF-8 or malformed.
    """
    try:
        content = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start + 1}") from None
    if content.lstrip().startswith("{"):
        rows = tuple(_objects(content, path))
        return InputTable(path, tuple(dict.fromkeys(column for _, row in rows for column in row)), rows)
    csv.field_size_limit(_LONGEST)
    lines = io.StringIO(content, newline="")
    tabs = ".tsv" in (suffix.lower() for suffix in path.suffixes)
    reader = csv.reader(lines, delimiter="\t" if tabs else ",", strict=True)
    try:
        columns = tuple(name.strip().lower() for name in next(reader, []))
        rows = tuple(
            (name := f"{path}: row {number}", _cells(columns, cells, name))
            for number, cells in enumerate(reader, start=2)
            if cells
        )
    except csv.Error as error:
        raise InputError(
            f"{path}: line {reader.line_num}: {error}; close quotes, and double quotes inside cells"
        ) from None
    return InputTable(path, columns, rows)


def _cells(columns: Sequence[str], cells: Sequence[str], name: str) -> dict[str, str]:
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise InputError(
            f"{name}: {len(cells)} cells, but the header has {len(columns)}; quote cells that contain separators"
        )
    return {column: cell for column, cell in zip(columns, cells, strict=False) if cell.strip()}


def _objects(content: str, path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        name = f"{path}: line {number}"
        try:
            fields = jsonl.parse_line(line)
        except ValueError as error:
            raise InputError(f"{name}: {error}") from None
        if not isinstance(fields, dict):
            raise InputError(f"{name}: expected a JSON object")
        cells = {key.lower(): str(value) for key, value in fields.items() if value is not None}
        yield name, {column: cell for column, cell in cells.items() if cell.strip()}
