import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import jsonl, lines
from bioqa.index.records import BadRecord, Document, Record


def read(content: bytes | str) -> list[Record]:
    return list(jsonl.read(io.BytesIO(content if isinstance(content, bytes) else content.encode()), "notes.jsonl"))


def one(**fields: Any) -> Record:
    (record,) = read(json.dumps(fields))
    return record


def document(**fields: Any) -> Document:
    record = one(**fields)
    assert isinstance(record, Document), record
    return record


def reason(**fields: Any) -> str:
    record = one(**fields)
    assert isinstance(record, BadRecord), record
    assert (record.source, record.place) == ("notes.jsonl", "line 1")
    return record.reason


def test_all_fields_arrive() -> None:
    assert document(
        pmid=17,
        title=" A title ",
        abstract="Some text.",
        year=2001,
        journal="Gut",
        authors=["Doe J", "Roe R"],
        mesh=["Humans"],
        publication_types=["Review"],
        language="eng",
        version=3,
        doi="10.1/x",
    ) == Document(
        id="17",
        title="A title",
        abstract="Some text.",
        year=2001,
        journal="Gut",
        authors=("Doe J", "Roe R"),
        mesh=("Humans",),
        publication_types=("Review",),
        language="eng",
        version=3,
        extra={"doi": "10.1/x"},
    )


@pytest.mark.parametrize("name", ["pmid", "id", "_id", "PMID"])
@pytest.mark.parametrize("text", ["abstract", "text"])
def test_identifier_and_text_go_by_several_names(name: str, text: str) -> None:
    found = document(**{name: "x:1", text: "Some text."})
    assert (found.id, found.abstract, found.extra) == ("x:1", "Some text.", {})


@pytest.mark.parametrize(("value", "expected"), [(5.0, "5"), (30412045.0, "30412045"), ("5.0", "5.0"), (5.5, "5.5")])
def test_a_pmid_that_a_table_has_made_a_fraction_is_a_number_again(value: Any, expected: str) -> None:
    assert document(pmid=value, title="t").id == expected


def test_an_empty_pmid_gives_way_to_the_id_and_what_is_not_used_is_kept() -> None:
    assert document(pmid="", id="n1", text="t").id == "n1"
    both = document(pmid=5, id="n1", abstract="a", text="b")
    assert (both.id, both.abstract, both.extra) == ("5", "a", {"id": "n1", "text": "b"})


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2001, 2001),
        ("2001", 2001),
        (None, None),
        ("", None),
        ("May 2001", 2001),
        ("2001 May-2002 Jan", 2001),
        ("2001.0", 2001),
        ("2001-03-01", 2001),
        (2001.0, 2001),
        ("nan", None),
        ("20010", None),
        ([2001], None),
        (0, None),
        (-5, None),
        (10_000, None),
        (1809, 1809),
        (2107, None),
        (99, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (False, None),
    ],
)
def test_a_year_is_one_in_which_something_was_published_or_unknown(year: Any, expected: int | None) -> None:
    assert document(pmid=1, title="t", year=year).year == expected


@pytest.mark.parametrize("field", ["authors", "mesh", "publication_types"])
@pytest.mark.parametrize(
    ("value", "expected"), [("one", ("one",)), (["a", 2], ("a", "2")), (5, ()), ({"a": 1}, ()), (None, ()), ([], ())]
)
def test_a_list_field_of_another_type_does_no_harm(field: str, value: Any, expected: tuple[str, ...]) -> None:
    assert getattr(document(pmid=1, title="t", **{field: value}), field) == expected


@pytest.mark.parametrize("field", ["title", "abstract", "journal", "language"])
@pytest.mark.parametrize("value", [5, 1.5, True, ["a"], {"a": "b"}])
def test_a_text_field_of_another_type_makes_the_record_unusable_and_says_so(field: str, value: Any) -> None:
    why = reason(**{"pmid": 9, "title": "t", field: value})
    assert f"'{field}'" in why
    assert "record 9" in why
    assert type(value).__name__ in why


@pytest.mark.parametrize("value", [None, "", True, False, [1], {"a": 1}])
def test_a_record_without_usable_identifier_is_reported(value: Any) -> None:
    assert "no 'pmid' or 'id'" in reason(pmid=value, title="t")
    assert "no 'pmid' or 'id'" in reason(title="t")


@pytest.mark.parametrize(("value", "status"), [("retracted", "retracted"), ("concern", "concern")])
def test_a_status_is_one_that_readers_are_warned_of(value: str, status: str) -> None:
    found = document(pmid=1, title="t", status=value)
    assert (found.status, found.extra) == (status, {})


@pytest.mark.parametrize("value", ["MEDLINE", "", None, 5, ["retracted"], {}])
def test_any_other_status_is_kept_beside(value: Any) -> None:
    found = document(pmid=1, title="t", status=value)
    assert (found.status, found.extra) == ("", {"status": value})


def test_a_line_beyond_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LARGEST", 100)
    bad, good = read(b'{"pmid": 1, "title": "' + b"x" * 5000 + b'"}\n{"pmid": 2, "title": "t"}\n')
    assert isinstance(bad, BadRecord)
    assert (bad.place, bad.reason.split(" than")[0]) == ("line 1", "longer")
    assert good == Document("2", "t")


def test_an_identifier_of_white_space_is_none() -> None:
    assert "no 'pmid' or 'id'" in reason(pmid="  ", title="t")


@pytest.mark.parametrize("fields", [{}, {"title": "", "abstract": ""}, {"title": None, "text": "  "}])
def test_a_record_without_title_and_abstract_is_reported_with_its_id(fields: dict[str, Any]) -> None:
    assert reason(pmid=77, **fields) == "record 77 has neither title nor abstract"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{x", "not JSON at column 2"),
        (b'{"pmid": 1, "title": "cut', "not JSON at column 26"),
        (b"not json at all", "not JSON at column 1"),
        (b"[1, 2]", "found list"),
        (b'"text"', "found str"),
        (b"null", "found NoneType"),
        (b"5", "found int"),
        (b'{"pmid": 1, "title": "caf\xe9"}', "not UTF-8 at byte 26"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 at byte 1"),
        (b'{"pmid": 1, "title": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"pmid": ' + b"9" * 5000 + b', "title": "t"}', "digits"),
    ],
)
def test_a_bad_line_is_reported_with_its_number_and_the_others_are_read(line: bytes, why: str) -> None:
    before, bad, after = read(b'{"pmid": 1, "title": "a"}\n' + line + b'\n{"pmid": 3, "title": "c"}\n')
    assert isinstance(before, Document)
    assert isinstance(after, Document)
    assert isinstance(bad, BadRecord)
    assert (bad.source, bad.place) == ("notes.jsonl", "line 2")
    assert why in bad.reason


def test_blank_lines_are_passed_over_but_counted() -> None:
    first, bad = read('\n  \n{"pmid": 1, "title": "a"}\r\n\r\noops')
    assert isinstance(first, Document)
    assert isinstance(bad, BadRecord)
    assert bad.place == "line 5"


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    (found,) = read(b'\xef\xbb\xbf{"pmid": 1, "title": "a"}')
    assert isinstance(found, Document)


def test_an_empty_stream_has_no_records() -> None:
    assert read(b"") == []


def everything_as_text(found: Document) -> str:
    parts = (found.id, found.title, found.abstract, found.journal, found.language, *found.authors, *found.mesh)
    return "".join(parts) + json.dumps(found.extra, ensure_ascii=False)


@pytest.mark.parametrize(
    "field",
    ["title", "abstract", "journal", "pmid", "authors", "mesh", "note"],
)
def test_half_a_character_anywhere_leaves_a_document_that_can_be_written(field: str) -> None:
    value = '["x\\ud800y"]' if field in ("authors", "mesh") else '"x\\ud800y"'
    (found,) = read(f'{{"id": "1", "text": "t", "{field}": {value}}}')
    assert isinstance(found, Document)
    everything_as_text(found).encode("utf-8")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=8)
            | st.lists(st.text(max_size=3))
            for name in ("pmid", "title", "abstract", "year", "journal", "authors", "mesh", "version", "other")
        },
    )
)
def test_whatever_the_fields_hold_a_line_gives_one_record(fields: dict[str, Any]) -> None:
    record = one(**fields)
    if isinstance(record, Document):
        assert record.title or record.abstract
        assert isinstance(record.version, int)


def test_lines_are_read_as_they_are_asked_for() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            line = b'{"pmid": 1, "title": "a"}\n'
            buffer[: len(line)] = line
            return len(line)

    records = jsonl.read(io.BufferedReader(Endless()), "endless")  # type: ignore[arg-type]
    assert all(isinstance(next(records), Document) for _ in range(1000))


def test_a_record_of_more_values_than_any_is_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MOST_VALUES", 1000)
    monkeypatch.setattr(jsonl, "_DECODER", None)
    for values in ("1," * 1000, "[]," * 500, "{}," * 500):
        (bad,) = read(f'{{"id": "1", "title": "A title", "many": [{values}1]}}')
        assert isinstance(bad, BadRecord)
        assert "holds more than 1,000 values" in bad.reason


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_no_identifier_and_no_title(value: str) -> None:
    (bad,) = read(f'{{"pmid": {value}, "title": "A title"}}')
    assert isinstance(bad, BadRecord)
    assert bad.reason == "no 'pmid' or 'id'"
    if value != "1e999":
        (record,) = read(f'{{"id": 1, "title": {value}, "abstract": "Text"}}')
        assert isinstance(record, Document)
        assert (record.title, record.abstract, record.extra) == ("", "Text", {"title": None})


@pytest.mark.parametrize("version", [10**9, -(10**9), 10**4000, 1e308, "9" * 4000, "9" * 5000], ids=range(6))
def test_a_version_beyond_any_is_the_first(version: Any) -> None:
    assert document(pmid=1, title="A title", version=version).version == 1
