import io
import json
from typing import Any

import pytest

from bioqa.index.corpus import jsonl, tsv
from bioqa.index.corpus.values import field_names
from bioqa.index.records import BadRecord, Document


def read(*records: dict[str, Any]) -> list[Any]:
    return list(jsonl.read(io.BytesIO("\n".join(map(json.dumps, records)).encode()), "file"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"PubMed_ID": 7, "Article Title": "A", "Abstract": "B"}, Document("7", "A", "B")),
        ({"doc-id": "x", "contents": "B"}, Document("x", abstract="B")),
        ({"pmcid": "77", "title": "A"}, Document("PMC77", "A")),
        ({"doi": "https://doi.org/10.1/Z", "title": "A"}, Document("10.1/Z", "A")),
        ({"pmid": "7", "doi": "10.1/Z", "title": "A"}, Document("7", "A", extra={"doi": "10.1/Z"})),
        ({"id": "7", "title": "A", "pubYear": "1998", "journalTitle": "J"}, Document("7", "A", year=1998, journal="J")),
        ({"id": "7", "title": "A", "text": "no", "abstractText": "B"}, Document("7", "A", "B", extra={"text": "no"})),
    ],
)
def test_fields_go_by_the_names_of_many_exports(fields: dict[str, Any], expected: Document) -> None:
    assert read(fields) == [expected]


def test_a_date_gives_the_year_and_is_kept() -> None:
    (found,) = read({"id": "7", "title": "A", "publication_date": "2003-05-01"})
    assert (found.year, found.extra) == (2003, {"publication_date": "2003-05-01"})


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ([{"lastname": "Roe", "firstname": "Richard Paul", "initials": "RP"}], ("Roe RP",)),
        ([{"family": "Roe", "given": "Richard Paul"}], ("Roe RP",)),
        ([{"first": "Richard", "middle": ["P."], "last": "Roe"}], ("Roe RP",)),
        ([{"name": "Richard Roe"}, "Poe E", {"affiliation": "X"}], ("Richard Roe", "Poe E")),
        ({"author": [{"fullName": "Roe R"}]}, ("Roe R",)),
        ({"name": "Roe R"}, ("Roe R",)),
        ("Roe R", ("Roe R",)),
        (None, ()),
    ],
)
def test_objects_are_taken_apart(value: Any, names: tuple[str, ...]) -> None:
    assert field_names.texts(value) == names


def test_one_text_may_hold_all_authors() -> None:
    (first, second) = read(
        {"id": "1", "title": "A", "authorString": "Roe R, Poe E."}, {"id": "2", "title": "A", "authors": "Roe R; Poe E"}
    )
    assert first.authors == second.authors == ("Roe R", "Poe E")


def test_long_texts_that_nobody_reads_are_told() -> None:
    unread = {"title": "A", "main_part": "word " * 40}
    *_, told = read({"id": "1", **unread}, {"id": "2", **unread})
    assert isinstance(told, BadRecord)
    assert "main_part" in str(told)
    assert not any(isinstance(found, BadRecord) for found in read({"id": "1", **unread}, {"id": "2", "title": "B"}))
    assert not any(isinstance(found, BadRecord) for found in read({"id": "1", **unread, "abstract": "B"}))


HEADER = "pmid\ttitle\tabstract\tyear\n"


def rows(content: str) -> list[Any]:
    return list(tsv.read(io.BytesIO((HEADER + content).encode()), "file"))


def test_a_row_that_a_spreadsheet_broke_inside_quotes_is_one() -> None:
    found = rows('1\tA\t"One\n\nand ""two"""\t2001\n2\tB\tC\t2002\n')
    assert found == [Document("1", "A", 'One\nand "two"', 2001), Document("2", "B", "C", 2002)]


@pytest.mark.parametrize("broken", ['1\t"A', '1\t"A\n1\t"B', '1\tA\t"B'])
def test_a_quote_without_end_costs_its_row_alone(broken: str) -> None:
    *bad, good = rows(f"{broken}\n2\tB\tC\t2002\n")
    assert all(isinstance(found, BadRecord) for found in bad)
    assert good == Document("2", "B", "C", 2002)
