import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.qa.spans import Span, best_spans, tagged_spans, trim_range

TEXT = st.text(alphabet="abZ0 .,-()αé", max_size=40)


def words_cut(text: str, position: int) -> bool:
    return any(match.start() < position < match.end() for match in re.finditer(r"(?:[^\W_]|(?<=\d)[.,](?=\d))+", text))


def every_legal_span(
    text: str, offsets: list[tuple[int, int]], segments: list[tuple[int, int]], max_tokens: int
) -> list[tuple[int, int]]:
    """Token pairs (first, last), by trying all of them."""
    return [
        (i, j)
        for i in range(len(offsets))
        for j in range(len(offsets))
        if j >= i
        and j - i + 1 <= max_tokens
        and not words_cut(text, offsets[i][0])
        and not words_cut(text, offsets[j][1])
        and any(a <= offsets[i][0] and offsets[j][1] <= b for a, b in segments)
    ]


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]], list[float], list[float], int]:
    """A text cut into word pieces of 1-3 characters, sentences over a part of it, logits, and a longest span."""
    text = draw(TEXT)
    offsets = []
    for match in re.finditer(r"[^\W_]+|[^\w\s]", text):
        at = match.start()
        while at < match.end():
            end = min(match.end(), at + draw(st.integers(1, 3)))
            offsets.append((at, end))
            at = end
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    segments = list(zip(cuts[::2], cuts[1::2], strict=False))
    numbers = draw(st.permutations(range(2 * len(offsets))))
    scale = [2.0**-20 * number**2 + number for number in numbers]
    return text, offsets, segments, scale[: len(offsets)], scale[len(offsets) :], draw(st.integers(1, 6))


def halves(text: str) -> int:
    """How many brackets are left once those that belong together are gone."""
    while (less := re.sub(r"\([^()]*\)", "", text)) != text:
        text = less
    return len(re.findall(r"[()]", text))


@settings(max_examples=300, deadline=None)
@given(windows(), st.integers(1, 12), st.floats(-20, 20))
def test_the_best_legal_spans_are_those_that_a_search_through_all_finds(
    window: tuple[str, list[tuple[int, int]], list[tuple[int, int]], list[float], list[float], int],
    count: int,
    null: float,
) -> None:
    text, offsets, segments, starts, ends, max_tokens = window
    found = best_spans(
        np.array(starts),
        np.array(ends),
        np.array(offsets).reshape(-1, 2),
        text,
        segments,
        null=null,
        max_tokens=max_tokens,
        count=count,
    )
    legal = every_legal_span(text, offsets, segments, max_tokens)
    scores = {pair: starts[pair[0]] + ends[pair[1]] - null for pair in legal}
    floor = sorted(scores.values(), reverse=True)[:count][-1] if scores else 0.0

    assert [span.score for span in found] == sorted((span.score for span in found), reverse=True)
    assert len({(span.start, span.end) for span in found}) == len(found) <= count
    expected: dict[tuple[int, int], float] = {}
    for (i, j), score in scores.items():
        start, end = trim_range(text, offsets[i][0], offsets[j][1])
        whole = halves(text[start:end]) == 0 and not re.match(r"\([^()]*\) ", text[start:end])
        if start < end and score >= floor and whole:
            expected[start, end] = max(score, expected.get((start, end), -np.inf))
    assert {(span.start, span.end) for span in found} == set(expected)
    for span in found:
        assert span.score == pytest.approx(expected[span.start, span.end])
        assert not words_cut(text, span.start)
        assert not words_cut(text, span.end)
        assert any(a <= span.start < span.end <= b for a, b in segments)


def test_a_span_never_crosses_a_sentence_even_where_the_logits_wish_it() -> None:
    text = "One gene. Two drugs."
    offsets = np.array([(0, 3), (4, 8), (8, 9), (10, 13), (14, 19), (19, 20)])
    starts, ends = np.array([9.0, 0, 0, 0, 0, 0]), np.array([0.0, 0, 0, 0, 9.0, 0])
    spans = best_spans(starts, ends, offsets, text, [(0, 9), (10, 20)], null=0.0, max_tokens=10, count=30)
    assert {text[span.start : span.end] for span in spans} == {"One", "One gene", "gene", "Two", "Two drugs", "drugs"}
    assert all(not (span.start < 9 < span.end) for span in spans)


def test_a_span_takes_whole_words_only() -> None:
    text = "hypoglycemia kills"
    offsets = np.array([(0, 4), (4, 12), (13, 18)])
    spans = best_spans(
        np.array([0.0, 9.0, 0.0]), np.array([9.0, 1.0, 0.0]), offsets, text, [(0, 18)], null=0.0, max_tokens=5, count=9
    )
    assert {text[span.start : span.end] for span in spans} == {"hypoglycemia", "hypoglycemia kills", "kills"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("has 16,569 pairs", "16,569"),
        ("has 16.5 kb", "16.5"),
        ("on 22q11.2", "22q11.2"),
        ("is <5% here", "<5%"),
        ("is > 5%", "> 5%"),
        ("is −5 here", "−5"),
        ("a bond ->4", "4"),
    ],
)
def test_a_span_never_cuts_a_number_nor_its_sign_of_comparison_from_it(text: str, number: str) -> None:
    offsets = np.array([match.span() for match in re.finditer(r"\w+|[^\w\s]", text)])
    logits = np.zeros(len(offsets))
    found = best_spans(logits, logits, offsets, text, [(0, len(text))], null=0.0, max_tokens=9, count=99)
    shown = {text[span.start : span.end] for span in found}
    assert number in shown
    assert all(number.strip("%") in span or not re.search(r"\d", span) for span in shown)


@pytest.mark.parametrize("number", ["16,569", "<569", "> 569", "1.569"])
def test_what_tags_mark_of_a_number_is_the_number(number: str) -> None:
    text = f"It has {number} pairs."
    offsets = np.array([match.span() for match in re.finditer(r"\w+|[^\w\s]", text)])
    tags = np.array([[-5.0, 5.0, -5.0] if text[start:end] == "569" else [5.0, -5.0, -5.0] for start, end in offsets])
    (span,) = tagged_spans(tags, offsets, text, [(0, len(text))])
    assert text[span.start : span.end] == number


@pytest.mark.parametrize("mark", ["'", "’"])
def test_a_span_does_not_begin_with_what_makes_a_name_possessive(mark: str) -> None:
    text = f"Kaposi{mark}s sarcoma"
    offsets = np.array([(0, 6), (6, 7), (7, 8), (9, 16)])
    logits = np.zeros(4)
    found = best_spans(logits, logits, offsets, text, [(0, 16)], null=0.0, max_tokens=9, count=99)
    assert {text[span.start : span.end] for span in found} == {"Kaposi", f"Kaposi{mark}s", text, "sarcoma"}
    tags = np.array([[5.0, -5.0, -5.0], [5.0, -5.0, -5.0], [-5.0, 5.0, -5.0], [-5.0, -5.0, 5.0]])
    (item,) = tagged_spans(tags, offsets, text, [(0, 16)])
    assert text[item.start : item.end] == text


def test_a_span_with_one_bracket_of_two_is_none() -> None:
    text = "CFTR (ABCC7) binds ATP) and (ADP"
    offsets = np.array([(0, 4), (5, 6), (6, 11), (11, 12), (13, 18), (19, 22), (22, 23), (24, 27), (28, 29), (29, 32)])
    found = best_spans(np.zeros(10), np.zeros(10), offsets, text, [(0, len(text))], null=0.0, max_tokens=10, count=1000)
    shown = {text[span.start : span.end] for span in found}
    assert {"CFTR (ABCC7)", "ABCC7", "CFTR (ABCC7) binds ATP", "ADP"} <= shown
    assert not {"CFTR (ABCC7", "ABCC7) binds", "ATP) and", "and (ADP", "ATP) and (ADP"} & shown


def test_a_span_may_begin_with_a_bracket_and_holds_no_half_of_a_square_one() -> None:
    text = "Steroids [(R)-x, y]"
    offsets = np.array([match.span() for match in re.finditer(r"\w+|[^\w\s]", text)])
    logits = np.zeros(len(offsets))
    found = best_spans(logits, logits, offsets, text, [(0, len(text))], null=0.0, max_tokens=20, count=1000)
    shown = {text[span.start : span.end] for span in found}
    assert {"(R)-x", "(R)-x, y", "Steroids [(R)-x, y]", "R"} <= shown
    assert not any(span.count("[") != span.count("]") or span.startswith(("R)", "+)")) for span in shown)


def test_a_span_does_not_begin_with_the_short_name_in_brackets_of_what_stands_before() -> None:
    text = "The factor (TNF) inhibitors"
    offsets = np.array([(0, 3), (4, 10), (11, 12), (12, 15), (15, 16), (17, 27)])
    found = best_spans(np.zeros(6), np.zeros(6), offsets, text, [(0, 27)], null=0.0, max_tokens=9, count=99)
    shown = {text[span.start : span.end] for span in found}
    assert {"factor (TNF) inhibitors", "TNF", "inhibitors"} <= shown
    assert "(TNF) inhibitors" not in shown


def test_a_span_that_ends_amid_a_tagged_phrase_is_less_likely_than_the_phrase() -> None:
    text = "causes castration resistant cancer here"
    offsets = np.array([match.span() for match in re.finditer(r"\w+", text)])
    logits = np.array([0.0, 1.0, 1.0, 1.1, 0.0])
    tags = np.array([[3.0, 0, 0], [-3, 3, 0], [-3, 0, 3], [-3, 0, 3], [3, 0, 0]])
    options = {"null": 0.0, "max_tokens": 9, "count": 1}
    (untagged,) = best_spans(logits, logits, offsets, text, [(0, len(text))], **options)
    (tagged,) = best_spans(logits, logits, offsets, text, [(0, len(text))], tag_logits=tags, **options)
    assert text[untagged.start : untagged.end] == "cancer"
    assert text[tagged.start : tagged.end] == "castration resistant cancer"


@pytest.mark.parametrize("segments", [[], [(0, 0)], [(5, 5)]])
def test_without_tokens_or_sentences_there_is_no_span(segments: list[tuple[int, int]]) -> None:
    options = {"null": 0.0, "max_tokens": 5, "count": 5}
    assert best_spans(np.empty(0), np.empty(0), np.empty((0, 2), dtype=int), "", segments, **options) == []
    assert best_spans(np.ones(1), np.ones(1), np.array([(0, 3)]), "abc", segments, **options) == []


def test_the_null_answer_lowers_every_score_alike() -> None:
    arrays = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([(0, 1), (2, 3)])
    options = {"text": "a b", "segments": [(0, 3)], "max_tokens": 2, "count": 3}
    without, with_null = (best_spans(*arrays, null=null, **options) for null in (0.0, 5.0))
    assert [span.score - 5.0 for span in without] == [span.score for span in with_null]


@pytest.mark.parametrize(
    ("score", "probability"), [(0.0, 0.5), (2.0, 0.880797), (-2.0, 0.119203), (1e9, 1.0), (-1e9, 0.0)]
)
def test_the_probability_of_a_span_is_the_logistic_of_its_score(score: float, probability: float) -> None:
    assert Span(0, 1, score).probability == pytest.approx(probability, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" CFTR, ", "CFTR"),
        ("(CFTR)", "CFTR"),
        ("interleukin 6 (IL-6)", "interleukin 6 (IL-6)"),
        ("IL-6)", "IL-6"),
        ("'BRCA1'.", "BRCA1"),
        ("“BRCA1”, ‘", "BRCA1"),
        ("CD4+", "CD4+"),
        ("5%", "5%"),
        ("(+)-catechin", "(+)-catechin"),
        ("(R)-ketamine.", "(R)-ketamine"),
        ("((R)-ketamine)", "(R)-ketamine"),
        ("(R)-ketamine and (S)", "(R)-ketamine and (S)"),
        ("prednisone]", "prednisone"),
        ("[prednisone]", "prednisone"),
        ("[3H]ouabain", "[3H]ouabain"),
        ("R)-ketamine", "R)-ketamine"),
        (")CFTR(", "CFTR"),
        ("()", ""),
        (" ., ", ""),
        ("", ""),
    ],
)
def test_punctuation_around_an_answer_is_no_part_of_it(text: str, kept: str) -> None:
    start, end = trim_range(f"ab{text}cd", 2, 2 + len(text))
    assert f"ab{text}cd"[start:end] == kept


@pytest.mark.parametrize(
    ("before", "text", "kept"),
    [
        ("kept at ", "-80 °C,", "-80 °C"),
        ("kept ", "(-80 °C)", "-80 °C"),
        ("a p of ", ".05.", ".05"),
        ("p=", "-.5", "-.5"),
        ("serum IL", "-6", "6"),
        ("", "- 5 mg", "5 mg"),
        ("1", ".5", "5"),
        ("", "--5", "5"),
    ],
)
def test_a_number_keeps_its_sign_but_a_hyphen_is_none(before: str, text: str, kept: str) -> None:
    start, end = trim_range(before + text, len(before), len(before + text))
    assert (before + text)[start:end] == kept


@settings(deadline=None)
@given(TEXT, st.integers(0, 40), st.integers(0, 40))
def test_trimming_stays_inside_and_loses_no_letter(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    first, last = trim_range(text, start, end)
    assert start <= first <= last <= end or first == last
    assert re.findall(r"\w", text[first:last]) == re.findall(r"\w", text[start:end])


@pytest.mark.parametrize(
    ("text", "kept"), [("IL-6 )", "IL-6"), ("IL-6))", "IL-6"), ("IL-6.)", "IL-6"), ("x (y), )", "x (y)")]
)
def test_what_an_unbalanced_bracket_leaves_behind_is_trimmed_too(text: str, kept: str) -> None:
    start, end = trim_range(text, 0, len(text))
    assert text[start:end] == kept


def test_tags_become_spans_of_whole_words() -> None:
    text = "Imatinib, nilotinib and BCR-ABL1"
    offsets = np.array([(0, 4), (4, 8), (8, 9), (10, 19), (20, 23), (24, 27), (27, 28), (28, 32)])
    tags = np.full((8, 3), -5.0)
    for token, tag in enumerate([1, 0, 0, 1, 0, 1, 2, 2]):  # the second half of "Imatinib" is tagged as outside
        tags[token, tag] = 5.0
    found = tagged_spans(tags, offsets, text, [(0, len(text))])
    assert [text[span.start : span.end] for span in found] == ["Imatinib", "nilotinib", "BCR-ABL1"]
    assert all(span.probability > 0.99 for span in found)


def test_two_items_side_by_side_stay_apart_and_no_token_gives_no_span() -> None:
    offsets = np.array([(0, 1), (2, 3)])
    begins = np.array([[-5.0, 5.0, -5.0], [-5.0, 5.0, -5.0]])
    assert len(tagged_spans(begins, offsets, "a b", [(0, 3)])) == 2
    outside = np.array([[5.0, -5.0, -5.0], [5.0, -5.0, -5.0]])
    assert tagged_spans(outside, offsets, "a b", [(0, 3)]) == []
    assert tagged_spans(np.zeros((0, 3)), np.zeros((0, 2), dtype=int), "", []) == []


def test_a_span_that_tags_hardly_mark_has_a_low_probability() -> None:
    tags = np.log(np.array([[0.65, 0.3, 0.05]]))
    (span,) = tagged_spans(tags, np.array([(0, 3)]), "abc", [(0, 3)])
    assert span.probability == pytest.approx(0.35, abs=1e-6)


def test_an_item_ends_with_its_sentence_even_where_the_tags_go_on() -> None:
    text = "It is everolimus. Rapamycin too"
    offsets = np.array([(0, 2), (3, 5), (6, 16), (16, 17), (18, 27), (28, 31)])
    tags = np.full((6, 3), -5.0)
    for token, tag in enumerate([0, 0, 1, 2, 2, 0]):
        tags[token, tag] = 5.0
    found = tagged_spans(tags, offsets, text, [(0, 17), (18, 31)])
    assert [text[span.start : span.end] for span in found] == ["everolimus", "Rapamycin"]
