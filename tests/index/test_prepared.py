from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index import builder
from bioqa.index.hybrid import Index
from bioqa.index.prepared import Prepared, prepared
from bioqa.index.records import BadRecord, Deletion, Document


@pytest.mark.parametrize("kind", [Document, Deletion])
def test_an_id_that_could_not_be_found_again_makes_a_bad_record(kind: type[Document] | type[Deletion]) -> None:
    assert not isinstance(prepared(kind("x" * 16_000), "a.jsonl"), BadRecord)
    found = prepared(kind("x" * 70_000), "a.jsonl")
    assert isinstance(found, BadRecord)
    assert str(found).startswith("a.jsonl: the record with the id 'xxxx")
    assert str(found).endswith("its id has 70,000 characters; ids of up to 16,000 can be found again")
    assert len(str(found)) < 200


def test_what_is_no_document_stays_what_it_is() -> None:
    for record in (Deletion("1"), BadRecord("a", "line 1", "odd")):
        assert prepared(record) is record
    assert isinstance(prepared(Document("1", "Title")), Prepared)


def test_records_with_ids_of_any_length_are_found_again_or_reported(
    write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    ids = ["short", "ü" * 16_000, "x" * 16_001, "y" * 70_000]
    file = write_jsonl("a.jsonl", [{"id": identity, "title": "Gene"} for identity in ids])
    for _ in range(2):
        report = builder.build([file], tmp_path / "index", None)
        file.write_text(file.read_text() + "\n")
        assert len(report.bad_records) == 2
    index = Index(tmp_path / "index")
    assert index.manifest.documents == 2
    assert sorted(index.lexical.document_rows(ids[:2])) == [2, 3]
