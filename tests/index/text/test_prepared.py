from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index.ingest import builder
from bioqa.index.records import BadRecord, Deletion, Document, Passage, Section
from bioqa.index.search.hybrid import Index
from bioqa.index.text import analyzer, prepared
from bioqa.index.text.prepared import PreparedDocument

SECTIONS = (Section("Methods", "Mice were studied. " * 60), Section("", "Rats too."), Section("IL-6", "High."))
DOCUMENT = Document("1", "TNF-\u03b1 in mice", "It was high. " * 80, sections=SECTIONS)


def made(document: Document) -> PreparedDocument:
    found = prepared.prepare(document)
    assert isinstance(found, PreparedDocument)
    return found


@pytest.mark.parametrize("document", [DOCUMENT, Document("1", "Only a title"), Document("1", "", "Abstract.")])
def test_the_terms_are_those_of_what_both_searches_see(document: Document) -> None:
    found = made(document)
    passages = [Passage(0, document, start, end) for start, end in found.ranges]
    assert list(found.passage_terms) == [analyzer.analyze(passage.search_text) for passage in passages]


def test_the_terms_of_a_title_are_held_once_a_section_and_counted_for_each_passage() -> None:
    short, long = made(DOCUMENT), made(Document("1", "title " * 300, DOCUMENT.abstract, sections=SECTIONS))
    assert len({id(before) for before in long.before if before}) == len(SECTIONS) + 1
    assert long.size - short.size > 300 * 5 * (len(long.ranges) - 1)


@pytest.mark.parametrize(
    "document",
    [
        Document("1", "\u03b1" * 2000, "word " * 20_000),
        Document("1", "A title", "word " * 20_000, mesh=("Mice",) * 2000),
        Document("1", "A title", extra={"deep": [["x" * 9000]] * 200}),
        Document("1", "A title", sections=tuple(Section(f"H{n} " * 300, "a") for n in range(1000))),
    ],
)
def test_a_document_that_would_grow_beyond_measure_is_refused(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(document)
    monkeypatch.setattr(prepared, "LARGEST", 1 << 20)
    refused = prepared.prepare(document, "a.jsonl")
    assert isinstance(refused, BadRecord)
    assert "passages" in refused.reason


@pytest.mark.parametrize("kind", [Document, Deletion])
def test_an_id_that_could_not_be_found_again_makes_a_bad_record(kind: type[Document] | type[Deletion]) -> None:
    assert not isinstance(prepared.prepare(kind("x" * 16_000), "a.jsonl"), BadRecord)
    found = prepared.prepare(kind("x" * 70_000), "a.jsonl")
    assert isinstance(found, BadRecord)
    assert str(found).startswith("a.jsonl: the record with the id 'xxxx")
    assert str(found).endswith("its id has 70,000 characters; ids of up to 16,000 can be found again")
    assert len(str(found)) < 200


def test_what_is_no_document_stays_what_it_is() -> None:
    for record in (Deletion("1"), BadRecord("a", "line 1", "odd")):
        assert prepared.prepare(record) is record
    assert isinstance(prepared.prepare(Document("1", "Title")), PreparedDocument)


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
