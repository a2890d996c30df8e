"""Tables of figures, as aligned text for a terminal, Markdown and HTML."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from bioqa.index.terminal import printable

Cell = str | float | int | None

# characters with a meaning in Markdown, except an underscore inside a word
_MARKDOWN = re.compile(r"[\\`*\[\]<>&|~]|(?<![^\W_])_|_(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names. Text shows fractions with three decimals, and None as a dash."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def cell_text(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return "-"
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.3f}" if isinstance(cell, float) else cell


def text(table: Table) -> str:
    """The table in aligned columns for a terminal; numbers are aligned to the right."""
    cells = [[printable(cell) for cell in row] for row in _cells(table)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(table.columns))]
    lines = [
        "  ".join(
            _aligned(cell, width, i, table, str.rjust) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in [printable(table.title), *lines] if line)


def markdown(table: Table) -> str:
    """The table in Markdown, with its title as a third-level heading."""
    header, *rows = [[escape_markdown(cell) for cell in row] for row in _cells(table)]
    marks = ["--:" if _numeric(table, i) else "---" for i in range(len(table.columns))]
    body = "\n".join("| " + " | ".join(row) + " |" for row in [header, marks, *rows])
    return f"### {escape_markdown(table.title)}\n\n{body}\n" if table.title else f"{body}\n"


def escape_markdown(words: str) -> str:
    """The text on one line, with the special characters of Markdown escaped."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(words.split()))


def html(table: Table) -> str:
    """The table as an HTML element."""
    kind = ["number" if _numeric(table, i) else "text" for i in range(len(table.columns))]
    header, *rows = [[escape(cell) for cell in row] for row in _cells(table)]

    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f'<{tag} class="{k}">{c}</{tag}>' for c, k in zip(cells, kind, strict=True)) + "</tr>"

    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    body = "".join(line(row, "td") for row in rows)
    return f"<table>{caption}<thead>{line(header, 'th')}</thead><tbody>{body}</tbody></table>"


def _cells(table: Table) -> list[list[str]]:
    return [list(table.columns), *([cell_text(cell) for cell in row] for row in table.rows)]


def _numeric(table: Table, column: int) -> bool:
    cells = [row[column] for row in table.rows if row[column] is not None]
    return bool(cells) and all(isinstance(cell, int | float) for cell in cells)


def _aligned(cell: str, width: int, column: int, table: Table, right: Callable[[str, int], str]) -> str:
    return right(cell, width) if _numeric(table, column) else cell.ljust(width)
