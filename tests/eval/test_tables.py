from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval import tables
from bioqa.eval.tables import Table

TABLE = Table("Fates", ("cause", "count", "share", "p"), [("right", 1200, 0.5, None), ("near miss", 3, 1.0, 0.25)])


def test_text_has_aligned_columns() -> None:
    assert tables.text(TABLE).splitlines() == [
        "Fates",
        "cause      count  share      p",
        "right      1,200  0.500      -",
        "near miss      3  1.000  0.250",
    ]


def test_markdown_has_a_heading_and_numbers_to_the_right() -> None:
    assert tables.markdown(TABLE).splitlines() == [
        "### Fates",
        "",
        "| cause | count | share | p |",
        "| --- | --: | --: | --: |",
        "| right | 1,200 | 0.500 | - |",
        "| near miss | 3 | 1.000 | 0.250 |",
    ]


def test_a_table_without_title_or_rows_is_one() -> None:
    empty = Table("", ("a", "b"), [])
    assert tables.markdown(empty) == "| a | b |\n| --- | --- |\n"
    assert "caption" not in tables.html(empty)
    assert tables.text(empty) == "a  b"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a|b", r"a\|b"),
        ("<script>", r"\<script\>"),
        ("two\n  lines\r\n", "two lines"),
        ("[x](y) `z` *w* a\\b", r"\[x\](y) \`z\` \*w\* a\\b"),
        ("7B1_golden", "7B1_golden"),
        ("_so_ __so__", r"\_so\_ \_\_so\_\_"),
        ("&lt;", r"\&lt;"),
    ],
)
def test_markdown_shows_text_letter_for_letter(words: str, expected: str) -> None:
    assert tables.escape_markdown(words) == expected


class Cells(HTMLParser):
    """What stands in the cells of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag in ("td", "th", "caption"):
            self.found.append("")

    def handle_data(self, data: str) -> None:
        self.found[-1] += data


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=4))
def test_html_holds_every_cell_and_no_tag_of_its_own(cells: list[str]) -> None:
    parser = Cells()
    parser.feed(tables.html(Table("t", ["c"] * len(cells), [cells])))
    parser.close()
    assert parser.found == ["t", *(["c"] * len(cells)), *cells]
    assert parser.tags == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
