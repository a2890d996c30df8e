import pytest
from lxml import etree

from bioqa.index.corpus import jats_tables


def rows(table: str) -> list[str]:
    wrap = etree.fromstring(f"<table-wrap><table>{table}</table></table-wrap>")
    return list(jats_tables.rows(wrap, lambda cell: " ".join("".join(cell.itertext()).split())))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("<tr><td>Warfarin</td><td>5 mg</td></tr>", ["Warfarin: 5 mg."]),
        (
            "<tr><th>Drug</th><th>Dose</th><th>INR</th></tr><tr><td>Warfarin</td><td>5 mg</td><td>2.5</td></tr>",
            ["Warfarin: Dose 5 mg; INR 2.5."],
        ),
        (
            "<tr><th/><th colspan='2'>Dose</th></tr><tr><th/><th>day</th><th>night</th></tr>"
            "<tr><td colspan='3'>Children</td></tr><tr><td>Warfarin</td><td>5 mg</td><td/></tr>",
            ["Children, Warfarin: Dose day 5 mg."],
        ),
        ("<tr><td>99</td></tr>", []),
        ("<tr><td colspan='99999'>a</td><td colspan='x'>b</td></tr>", ["a: b."]),
    ],
)
def test_a_row_is_a_sentence_with_the_headers_of_its_columns(table: str, expected: list[str]) -> None:
    assert rows(table) == expected
