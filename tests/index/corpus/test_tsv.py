import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import jsonl, lines, tsv
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record

HEADER = "PMID\tTitle\tAbstract\tYear\tJournal\tMeSH\tNote\n"


def read(content: str | bytes) -> list[Record]:
    return list(tsv.read(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.tsv"))


def test_columns_go_by_their_names_in_any_case_and_others_are_kept() -> None:
    assert read(HEADER + "7\tA title\tAn abstract.\t2001\tGut\tHumans; Liver\tseen\r\n") == [
        Document("7", "A title", "An abstract.", 2001, "Gut", mesh=("Humans", "Liver"), extra={"note": "seen"})
    ]


@pytest.mark.parametrize("header", ["id\ttext", "_id\ttext", "title\tpmid", "\ufeffpmid\tabstract"])
def test_an_id_and_a_text_are_enough(header: str) -> None:
    names = header.removeprefix("\ufeff").split("\t")
    row = "\t".join("7" if name.endswith("id") else "words" for name in names)
    (found,) = read(f"{header}\n{row}\n")
    assert isinstance(found, Document)
    assert (found.id, found.text) == ("7", "words")


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('"He said ""no"" twice"', 'He said "no" twice'),
        ('"Quoted"', "Quoted"),
        ('"Quoted" at first', '"Quoted" at first'),
        ('5" long', '5" long'),
        ('"', '"'),
        ('"One" and "two"', '"One" and "two"'),
    ],
)
def test_quotes_are_those_of_a_spreadsheet_or_part_of_the_text(cell: str, title: str) -> None:
    assert read(f"id\ttitle\n7\t{cell}\n") == [Document("7", title)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("7\tT", "2 cells, the header names 7"),
        ("7" + "\t" * 7, "8 cells, the header names 7"),
        ("\tT\t\t\t\t\t", "no 'pmid' or 'id'"),
        ("7\t\t\t2001\t\t\t", "record 7 has neither title nor abstract"),
        (b"7\tcaf\xe9\t\t\t\t\t", "not UTF-8 at byte 6"),
    ],
)
def test_a_row_that_cannot_be_used_is_reported_with_its_line_and_the_next_is_read(row: str | bytes, why: str) -> None:
    data = row if isinstance(row, bytes) else row.encode()
    bad, good = read(HEADER.encode() + data + b"\n\n8\tT\t\t\t\t\t\n")
    assert bad == BadRecord("file.tsv", "line 2", why)
    assert good == Document("8", "T")


@pytest.mark.parametrize(
    "content", ["", "\n", "pmid,title\n", "pmid\tyear\n", "title\ttext\n", b"\xff\xfei\x00", "id\ttitle" + "\tx" * 2000]
)
def test_without_a_header_the_file_is_refused(content: str | bytes) -> None:
    with pytest.raises(InputError, match=r"^file.tsv: line 1: no header"):
        read(content)


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(InputError, match="the column 'title' twice"):
        read("id\ttitle\tTitle\n")


@pytest.mark.parametrize(("year", "kept"), [("1809", 1809), ("2107", None), ("soon", None)])
def test_a_year_is_kept_where_it_is_plausible(year: str, kept: int | None) -> None:
    (found,) = read(f"id\ttitle\tyear\n7\tT\t{year}\n")
    assert isinstance(found, Document)
    assert found.year == kept


def test_a_line_without_end_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LARGEST", 100)
    bad, good = read("id\ttitle\n7\t" + "x" * 5000 + "\n8\tT\n")
    assert isinstance(bad, BadRecord)
    assert good == Document("8", "T")


@given(
    st.lists(st.sampled_from(["7", "\t", "\n", '"', "x", "\r", " "]), max_size=30).map("".join) | st.binary(max_size=50)
)
def test_whatever_the_rows_hold_every_one_is_a_document_or_is_counted(content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    for record in read(b"id\ttitle\n" + data):
        assert isinstance(record, BadRecord) or (isinstance(record, Document) and record.title)


def test_more_values_in_a_cell_than_any_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MOST_VALUES", 100)
    stream = io.BytesIO(b"pmid\ttitle\tmesh\n1\tA title\t" + b"a;" * 101 + b"\n2\tA title\ta;b\n")
    bad, good = tsv.read(stream, "a.tsv")
    assert isinstance(bad, BadRecord)
    assert bad.reason == "more than 100 values in the column 'mesh'"
    assert good == Document("2", "A title", mesh=("a", "b"))
