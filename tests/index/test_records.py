import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.records import BadRecord, Document, Hit, Passage, Section, search_texts


@given(st.text(), st.text())
def test_title_and_abstract_are_both_in_the_text_and_the_abstract_is_where_it_says(title: str, abstract: str) -> None:
    document = Document("1", title, abstract)
    assert document.text.startswith(title)
    assert document.text[document.abstract_start :] == abstract
    assert len(document.text) == len(title) + len(abstract) + (1 if title and abstract else 0)


def test_title_and_abstract_stand_on_two_lines() -> None:
    assert Document("1", "A title", "An abstract.").text == "A title\nAn abstract."


@pytest.mark.parametrize(
    ("identifier", "link"),
    [
        ("12345", "https://pubmed.ncbi.nlm.nih.gov/12345/"),
        ("starter:cftr", None),
        ("PMC12345", "https://pmc.ncbi.nlm.nih.gov/articles/PMC12345/"),
        ("PMC", None),
        ("PMC1x", None),
        ("²", None),
        ("", None),
    ],
)
def test_only_a_pmid_or_a_pmc_id_has_a_link(identifier: str, link: str | None) -> None:
    assert Document(identifier, "t").link == link


def test_a_passage_is_a_slice_of_its_document() -> None:
    document = Document("1", "Title", "First. Second.")
    assert Passage(0, document, 6, 12).text == "First."
    assert Passage(1, document, 0, len(document.text)).text == "Title\nFirst. Second."


SECTIONS = st.lists(st.builds(Section, st.text(max_size=3), st.text(min_size=1, max_size=3)), max_size=4).map(tuple)


@given(st.text(max_size=3), st.text(max_size=3), SECTIONS)
def test_every_part_of_a_full_text_is_where_it_says(title: str, abstract: str, sections: tuple[Section, ...]) -> None:
    document = Document("1", title, abstract, sections=sections)
    end = document.abstract_start + len(abstract)
    assert document.text[document.abstract_start : end] == abstract
    assert len(document.section_starts) == len(sections)
    for number, (start, section) in enumerate(zip(document.section_starts, sections, strict=True)):
        between = f"{section.heading}\n" if section.heading else ""
        assert document.text[end:start] == ("\n" if end else "") + between
        end = start + len(section.text)
        assert document.text[start:end] == section.text
        passage = Passage(0, document, start, end)
        assert (passage.section, passage.heading) == (number, section.heading)
    assert end == len(document.text)


def test_a_passage_of_title_or_abstract_is_of_no_section() -> None:
    document = Document("1", "Title", "Abstract.", sections=(Section("Methods", "Mice."),))
    assert document.text == "Title\nAbstract.\nMethods\nMice."
    assert [Passage(0, document, start, start + 5).section for start in (0, 6)] == [None, None]
    assert Passage(0, document, 6, 15).heading == ""


def test_both_searches_see_title_and_heading_of_a_passage() -> None:
    document = Document("1", "Title", "Abstract.", sections=(Section("Methods", "Mice."), Section("", "Rats.")))
    first, second = document.section_starts
    assert Passage(0, document, first, first + 5).search_text == "Title Methods Mice."
    assert Passage(0, document, second, second + 5).search_text == "Title Rats."
    assert Passage(0, document, 6, 15).search_text == "Title Abstract."
    assert Passage(0, document, 0, 15).search_text == "Title\nAbstract."


def test_documents_cannot_be_changed_and_take_no_stray_attributes() -> None:
    document = Document("1", "Title")
    with pytest.raises(dataclasses.FrozenInstanceError):
        document.title = "Other"  # type: ignore[misc]
    assert not hasattr(document, "__dict__")


def test_documents_do_not_share_their_extra_fields() -> None:
    assert Document("1").extra is not Document("2").extra


def test_a_bad_record_says_which_file_where_and_why() -> None:
    assert str(BadRecord("a.jsonl", "line 3", "no id")) == "a.jsonl: line 3: no id"


def test_a_hit_that_a_search_did_not_return_has_neither_rank_nor_score_there() -> None:
    hit = Hit(Passage(0, Document("1", "t"), 0, 1), 0.5)
    assert (hit.lexical_rank, hit.dense_rank, hit.lexical_score, hit.dense_score) == (None, None, None, None)


def test_a_title_and_a_heading_longer_than_any_are_cut_before_passages_and_whole_in_the_document() -> None:
    long = "title " * 10_000
    document = Document("1", long, "Abstract.", sections=(Section(long, "Text."),))
    start = document.section_starts[0]
    passage = Passage(0, document, start, start + 5)
    assert len(passage.search_text) == 2000 + 1 + 2000 + 1 + 5
    assert document.title == long
    assert passage.search_text.endswith(" Text.")


def test_passages_of_one_document_are_put_behind_its_title_without_the_text_being_joined_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    joined = 0
    text = Document.text

    def counted(self: Document) -> str:
        nonlocal joined
        joined += 1
        return str(text.fget(self))  # type: ignore[attr-defined]

    document = Document("1", "Title", "One. Two. Three.")
    every = [Passage(0, document, 6 + at, 10 + at) for at in range(10)]
    expected = [passage.search_text for passage in every]
    monkeypatch.setattr(Document, "text", property(counted))
    assert list(search_texts(every)) == expected
    assert joined == 1


def test_what_a_bad_record_says_has_an_end() -> None:
    assert len(str(BadRecord("a.xml", "p" * 10_000, "r" * 10_000))) < 1000
