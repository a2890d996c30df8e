import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.records import BadRecord, Document, Hit, Passage


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
        ("PMC12345", None),
        ("", None),
    ],
)
def test_only_a_pmid_has_a_link(identifier: str, link: str | None) -> None:
    assert Document(identifier, "t").link == link


def test_a_passage_is_a_slice_of_its_document() -> None:
    document = Document("1", "Title", "First. Second.")
    assert Passage(0, document, 6, 12).text == "First."
    assert Passage(1, document, 0, len(document.text)).text == "Title\nFirst. Second."


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
