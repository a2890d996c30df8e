"""Rows of JATS tables as sentences: each cell after the header of its column."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lxml import etree

_MOST_COLUMNS, _MOST_ROWS = 50, 500
Prose = Callable[[etree._Element], str]


def rows(wrap: etree._Element, prose: Prose) -> Iterator[str]:
    """The rows of all tables in a `table-wrap` with at least two cells, as in "Warfarin: dose 5 mg; INR 2.5."."""
    for table in wrap.iter("table"):
        headers: list[str] = []
        group = ""
        lines = list(islice(table.iter("tr"), _MOST_ROWS))
        for line in lines:
            cells = _cells(line, prose)
            filled = [cell for cell in cells if cell]
            is_head = all(cell.tag == "th" for cell in line.iterchildren("td", "th"))
            if is_head and len(filled) > 1:
                headers = _joined(headers, cells)
            elif len(set(filled)) == 1 and len(lines) > 1:
                group = filled[0]
            elif len(filled) > 1:
                yield _sentence(group, headers, cells)


def _cells(row: etree._Element, prose: Prose) -> list[str]:
    """The texts of a row's cells, each as often as it has columns."""
    cells: list[str] = []
    for cell in row.iterchildren("td", "th"):
        span = cell.get("colspan", "1")
        times = min(int(span), _MOST_COLUMNS) if span.isascii() and span.isdigit() and len(span) < 4 else 1
        cells += [prose(cell)] * max(times, 1)
    return cells[:_MOST_COLUMNS]


def _joined(above: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Headers of several rows, joined for each column."""
    upper = [*above, *[""] * (len(cells) - len(above))]
    return [" ".join(dict.fromkeys(filter(None, pair))) for pair in zip(upper, cells, strict=False)]


def _sentence(group: str, headers: Sequence[str], cells: Sequence[str]) -> str:
    named = [*headers, *[""] * (len(cells) - len(headers))]
    first, *others = zip(named, cells, strict=False)
    values = "; ".join(" ".join(filter(None, pair)) for pair in others if pair[1])
    subject = ", ".join(filter(None, (group, first[1])))
    return f"{subject}: {values}." if subject else f"{values}."
