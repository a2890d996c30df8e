from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.datasets.bioasq import Snippet
from bioqa.eval.measures import snippet_overlap


def piece(begin: int, end: int, document: str = "1", section: str = "abstract") -> Snippet:
    return Snippet(document, section, section, begin, end, "")


ANY = st.builds(piece, st.integers(0, 50), st.integers(51, 90), st.sampled_from("12"), st.sampled_from(["title", "a"]))


def characters(pieces: list[Snippet]) -> set[tuple[str, str, int]]:
    return {(one.document, one.begin_section, at) for one in pieces for at in range(one.begin, one.end + 1)}


def test_both_ends_count_as_inside() -> None:
    assert snippet_overlap.length(piece(10, 10)) == 1
    assert snippet_overlap.overlap(piece(0, 10), piece(10, 20)) == 1
    assert snippet_overlap.overlap(piece(0, 10), piece(11, 20)) == 0
    assert (
        snippet_overlap.overlap(piece(0, 30), piece(10, 20))
        == snippet_overlap.overlap(piece(10, 20), piece(0, 30))
        == 11
    )


def test_only_snippets_of_one_document_and_section_overlap() -> None:
    assert snippet_overlap.overlap(piece(0, 10), piece(0, 10, document="2")) == 0
    assert snippet_overlap.overlap(piece(0, 10), piece(0, 10, section="title")) == 0


def test_a_snippet_that_ends_before_it_begins_takes_away_what_the_evaluator_takes_away() -> None:
    assert snippet_overlap.length(piece(20, 10)) == -9
    assert snippet_overlap.overlap(piece(20, 10), piece(0, 30)) == -9


def test_what_overlaps_is_merged_in_the_place_of_the_first() -> None:
    other = piece(5, 9, document="2")
    assert snippet_overlap.merge([piece(0, 10), other, piece(10, 20), piece(30, 40)]) == [
        piece(0, 20),
        other,
        piece(30, 40),
    ]
    assert snippet_overlap.merge([]) == []


@given(st.lists(ANY, max_size=8))
def test_merging_neither_adds_nor_loses_a_character(given_pieces: list[Snippet]) -> None:
    merged = snippet_overlap.merge(given_pieces)
    assert characters(merged) == characters(given_pieces)
    assert len(merged) <= len(given_pieces)


def test_precision_is_of_characters_and_relevance_of_documents() -> None:
    gold = [piece(0, 9), piece(0, 9, document="3")]
    given_pieces = [piece(0, 19), piece(0, 9, document="2"), piece(100, 109)]
    # first: 10 of 20 characters; second: another document; third: a gold document, overlapping nothing: 10 of 40
    assert snippet_overlap.average_precision(given_pieces, gold) == pytest.approx((10 / 20 + 10 / 40) / 2)


def test_average_precision_is_divided_by_ten_at_most_and_is_none_without_gold() -> None:
    gold = [piece(20 * n, 20 * n + 9) for n in range(12)]
    assert snippet_overlap.average_precision(gold[:1], gold) == pytest.approx(1 / 10)
    assert snippet_overlap.average_precision([], gold) == 0
    assert isnan(snippet_overlap.average_precision(gold, []))
