import pytest

from bioqa.index import analyzer, prepared
from bioqa.index.prepared import Prepared
from bioqa.index.records import Deletion, Document, Passage, Section

SECTIONS = (Section("Methods", "Mice were studied. " * 60), Section("", "Rats too."), Section("IL-6", "High."))
DOCUMENT = Document("1", "TNF-\u03b1 in mice", "It was high. " * 80, sections=SECTIONS)


def made(document: Document) -> Prepared:
    found = prepared.prepared(document)
    assert isinstance(found, Prepared)
    return found


@pytest.mark.parametrize("document", [DOCUMENT, Document("1", "Only a title"), Document("1", "", "Abstract.")])
def test_the_terms_are_those_of_what_both_searches_see(document: Document) -> None:
    found = made(document)
    passages = [Passage(0, document, start, end) for start, end in found.ranges]
    assert list(found.written) == [analyzer.written(passage.titled) for passage in passages]


def test_the_terms_of_a_title_are_held_once_a_section_and_counted_for_each_passage() -> None:
    short, long = made(DOCUMENT), made(Document("1", "title " * 300, DOCUMENT.abstract, sections=SECTIONS))
    assert len({id(before) for before in long.before if before}) == len(SECTIONS) + 1
    assert long.size - short.size > 300 * 5 * (len(long.ranges) - 1)


def test_what_is_no_document_stays_as_it_is() -> None:
    assert prepared.prepared(Deletion("1")) == Deletion("1")


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
    with pytest.raises(ValueError, match="passages"):
        prepared.prepared(document)
