from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.aggregate import AnswerCandidate, merge, overlap, support_margin
from bioqa.qa.engine import Engine
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading, context_of
from bioqa.qa.spans import Span

Found = tuple[Hit, Reading]
QUESTION = "Which cytokine causes fever?"


def documents(candidate: AnswerCandidate) -> list[str]:
    return [item.passage.document.id for item in candidate.evidence]


def found(
    document: str, text: str, *answers: str, number: int = 0, scores: Sequence[float] = (), relevance: float = 1.0
) -> Found:
    """A passage of a document as search and reader leave it, with a span for each answer, the best first."""
    passage = Passage(number, Document(id=document, abstract=text), 0, len(text))
    starts = [text.index(answer) for answer in answers]
    spans = tuple(
        Span(start, start + len(answer), score)
        for start, answer, score in zip(starts, answers, scores or [5.0 - i for i in range(len(answers))], strict=True)
    )
    return Hit(passage, relevance), Reading(context_of(passage), spans)


@pytest.fixture(scope="session")
def merged(engine: Engine) -> Callable[..., list[AnswerCandidate]]:
    def call(
        *passages: Found,
        question_type: QuestionType = QuestionType.FACTOID,
        answer_type: str | None = None,
        question: str = QUESTION,
    ) -> list[AnswerCandidate]:
        hits, readings = [hit for hit, _ in passages], [reading for _, reading in passages]
        return merge(question, question_type, answer_type, QuestionTerms(question, engine.index), hits, readings)

    return call


Merged = Callable[..., list[AnswerCandidate]]


def test_nothing_found_is_no_answer(merged: Merged) -> None:
    assert merged() == []
    assert merged(found("1", "Nothing to see here.")) == []


def test_spellings_of_one_answer_are_one_candidate_with_a_sentence_of_each_document(merged: Merged) -> None:
    best, *others = merged(
        found("1", "Fever is caused by IL-6 here.", "IL-6", number=0),
        found("2", "The cause of fever is IL 6 again.", "IL 6", number=1, scores=[4.0]),
        found("3", "They say il6 leads to fever.", "il6", number=2, scores=[3.0]),
    )
    assert others == []
    assert best.text == "IL-6"
    assert documents(best) == ["1", "2", "3"]
    assert [item.sentence[item.start : item.end] for item in best.evidence] == ["IL-6", "IL 6", "il6"]


def test_names_with_different_keys_stay_apart_even_where_they_mean_the_same(merged: Merged) -> None:
    candidates = merged(
        found("1", "Fever is caused by IL-6 here.", "IL-6"),
        found("2", "Fever is caused by interleukin 6 here.", "interleukin 6", number=1),
    )
    assert {candidate.text for candidate in candidates} == {"IL-6", "interleukin 6"}


def test_an_abbreviation_is_one_answer_with_what_a_passage_says_that_it_stands_for(merged: Merged) -> None:
    best, *others = merged(
        found("1", "Fever is caused by tumour necrosis factor (TNF) here.", "tumour necrosis factor"),
        found("2", "Fever is caused by TNF again.", "TNF", number=1, scores=[4.0]),
        found("3", "The cause of fever is TNF.", "TNF", number=2, scores=[4.0]),
    )
    assert others == []
    assert best.text == "TNF"  # which two papers write
    assert documents(best) == ["1", "2", "3"]


def test_a_marked_item_counts_for_a_list_alone(merged: Merged) -> None:
    hit, reading = found("1", "Fever is caused by IL-6. TNF does so too.", "IL-6")
    both = hit, replace(reading, items=(Span(25, 28, 2.0),))
    assert [candidate.text for candidate in merged(both)] == ["IL-6"]
    candidates = merged(both, question_type=QuestionType.LIST)
    assert {candidate.text: candidate.evidence[0].item_probability for candidate in candidates} == {
        "IL-6": 0.0,
        "TNF": pytest.approx(0.88, abs=0.01),
    }


def test_a_span_that_is_marked_too_keeps_both(merged: Merged) -> None:
    hit, reading = found("1", "Fever is caused by IL-6.", "IL-6", scores=[9.0])
    (alone,) = merged((hit, reading), question_type=QuestionType.LIST)
    (both,) = merged((hit, replace(reading, items=(Span(19, 23, 0.0),))), question_type=QuestionType.LIST)
    assert both.support == alone.support
    assert (alone.evidence[0].item_probability, both.evidence[0].item_probability) == (0.0, 0.5)


def test_a_paper_that_repeats_itself_is_one_paper(merged: Merged) -> None:
    once = merged(found("1", "Fever is caused by IL-6.", "IL-6"))
    often = merged(
        found("1", "Fever is caused by IL-6.", "IL-6", number=0),
        found("1", "Fever is caused by IL-6 as we said.", "IL-6", number=1, relevance=0.5),
        found("1", "IL-6, IL-6 and again IL-6.", "IL-6", number=2, relevance=0.2),
    )
    assert documents(often[0]) == ["1"]
    assert often[0].support == once[0].support


def test_further_papers_add_their_support(merged: Merged) -> None:
    first, second = found("1", "Fever is caused by IL-6.", "IL-6"), found("2", "Fever comes of IL-6.", "IL-6", number=1)
    both = merged(first, second)[0]
    assert both.support == pytest.approx(merged(first)[0].support + merged(second)[0].support)


def test_two_papers_outweigh_a_slightly_better_single_one(merged: Merged) -> None:
    candidates = merged(
        found("1", "Fever is caused by TNF.", "TNF", relevance=1.0),
        found("2", "Fever is caused by IL-1.", "IL-1", number=1, relevance=0.8),
        found("3", "Fever is caused by IL-1.", "IL-1", number=2, relevance=0.8),
    )
    assert [candidate.text for candidate in candidates] == ["IL-1", "TNF"]


def test_the_best_spelling_is_shown_without_its_article_and_the_word_gene(merged: Merged) -> None:
    text = "It is caused by the CFTR gene on chromosome 7."
    (best,) = merged(found("1", text, "the CFTR gene"))
    assert best.text == "CFTR"
    assert best.evidence[0].sentence[best.evidence[0].start : best.evidence[0].end] == "CFTR"


@pytest.mark.parametrize("repeated", ["catechins", "catechin", "green tea catechins"])
def test_the_noun_of_a_question_does_not_lead_its_list_in_either_number(merged: Merged, repeated: str) -> None:
    first, *_, last = merged(
        found("1", f"Among the {repeated} of it is EGCG.", repeated, "EGCG", scores=[5.0, 4.0]),
        question_type=QuestionType.LIST,
        question="List catechins of green tea.",
    )
    assert (first.text, last.text) == ("EGCG", repeated)


def test_what_repeats_the_question_counts_less_as_a_marked_item_too(merged: Merged) -> None:
    hit, reading = found("1", "Among the catechins of it is EGCG.", "EGCG")
    marked = replace(reading, items=(Span(10, 19, 0.0), Span(29, 33, 0.0)))
    candidates = merged((hit, marked), question_type=QuestionType.LIST, question="List catechins of green tea.")
    assert {candidate.text: candidate.evidence[0].item_probability for candidate in candidates} == {
        "EGCG": 0.5,
        "catechins": pytest.approx(0.1),
    }


@pytest.mark.parametrize(
    ("enumeration", "items"),
    [
        ("headache, sweating and palpitations", ["headache", "sweating", "palpitations"]),
        ("headache, sweating, and palpitations", ["headache", "sweating", "palpitations"]),
        ("the headache, a rash or an itch", ["headache", "rash", "itch"]),
        ("IL-1; IL-6; TNF", ["IL-1", "IL-6", "TNF"]),
        ("IL-1 as well as IL-6", ["IL-1", "IL-6"]),
        ("N,N-dimethyltryptamine and 2,3-BPG", ["N,N-dimethyltryptamine", "2,3-BPG"]),
        ("androgens and orexin", ["androgens", "orexin"]),
        ("esketamine, (R)-ketamine and (S)-norketamine", ["esketamine", "(R)-ketamine", "(S)-norketamine"]),
        ("antivirals (favipiravir, remdesivir) and aspirin", ["antivirals", "favipiravir", "remdesivir", "aspirin"]),
        ("steroids [dexamethasone, prednisone]", ["steroids", "dexamethasone", "prednisone"]),
        ("and, or", []),
        ("headache", ["headache"]),
    ],
)
def test_for_a_list_question_an_enumeration_is_its_items(merged: Merged, enumeration: str, items: list[str]) -> None:
    text = f"Common are {enumeration} in adults."
    candidates = merged(found("1", text, enumeration), question_type=QuestionType.LIST)
    assert {candidate.text for candidate in candidates} - {"and", "or"} == set(items)
    for candidate in candidates:
        for item in candidate.evidence:
            assert item.sentence[item.start : item.end] == candidate.text


def test_for_a_factoid_question_an_enumeration_stays_one_answer(merged: Merged) -> None:
    text = "Common are headache, sweating and palpitations."
    (only,) = merged(found("1", text, "headache, sweating and palpitations"))
    assert only.text == "headache, sweating and palpitations"


def test_an_item_named_twice_in_an_enumeration_is_one_item(merged: Merged) -> None:
    candidates = merged(found("1", "See IL-6, TNF and IL 6.", "IL-6, TNF and IL 6"), question_type=QuestionType.LIST)
    assert sorted(candidate.text for candidate in candidates) == ["IL-6", "TNF"]


def test_what_cannot_be_of_the_kind_asked_for_falls_behind(merged: Merged) -> None:
    passage = found("1", "Humans have many chromosomes, 46 in all.", "many", "46", scores=[5.0, 4.5])
    assert [candidate.text for candidate in merged(passage)] == ["many", "46"]
    assert [candidate.text for candidate in merged(passage, answer_type="number")] == ["46", "many"]


def test_an_answer_that_repeats_the_question_falls_behind(merged: Merged) -> None:
    passage = found("1", "The fever is due to IL-6.", "fever", "IL-6", scores=[5.0, 4.5])
    assert [candidate.text for candidate in merged(passage)] == ["IL-6", "fever"]


def test_a_sentence_that_speaks_of_the_question_weighs_more(merged: Merged) -> None:
    question = "Which gene causes cystic fibrosis?"
    candidates = merged(
        found("1", "Apart from that, HTT was studied.", "HTT"),
        found("2", "Cystic fibrosis is caused by CFTR, a gene.", "CFTR", number=1),
        question=question,
    )
    assert [candidate.text for candidate in candidates] == ["CFTR", "HTT"]


def test_a_passage_that_the_reader_finds_no_answer_in_weighs_next_to_nothing(merged: Merged) -> None:
    candidates = merged(
        found("1", "Fever is caused by TNF.", "TNF", scores=[-8.0]),
        found("2", "Unrelated is IL-1.", "IL-1", number=1, scores=[2.0]),
    )
    assert [candidate.text for candidate in candidates] == ["IL-1", "TNF"]


def test_equal_answers_come_in_a_fixed_order(merged: Merged) -> None:
    one, other = found("1", "Fever by TNF.", "TNF", number=0), found("2", "Fever by IFN.", "IFN", number=1)
    assert [candidate.text for candidate in merged(one, other)] == ["IFN", "TNF"]
    assert merged(one, other) == merged(other, one)


NAMES = ["IL-6", "IL 6", "il6", "TNF", "TNF-α", "headache, TNF", "IL-6 and IL-1", "the TNF gene"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("123"),
            st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
            st.floats(0, 1),
        ),
        max_size=6,
    ),
    st.sampled_from([QuestionType.FACTOID, QuestionType.LIST]),
    st.randoms(),
)
def test_candidates_are_distinct_count_each_document_once_and_quote_exactly(
    merged: Merged, rows: list[tuple[str, list[str], float]], question_type: QuestionType, random: Random
) -> None:
    passages = [
        found(document, f"Fever: {'; '.join(names)}.", *names, number=number, relevance=relevance)
        for number, (document, names, relevance) in enumerate(rows)
    ]
    candidates = merged(*passages, question_type=question_type)
    keys = [normalize_answer(candidate.text) for candidate in candidates]
    assert len(keys) == len(set(keys))
    for candidate in candidates:
        assert len(set(documents(candidate))) == len(candidate.evidence)
        assert candidate.support == pytest.approx(sum(item.score for item in candidate.evidence))
        for item in candidate.evidence:
            assert normalize_answer(item.sentence[item.start : item.end]) == normalize_answer(candidate.text)
            assert 0 <= item.score <= 1
    assert [c.support for c in candidates] == sorted((c.support for c in candidates), reverse=True)
    random.shuffle(passages)
    supports = {
        normalize_answer(candidate.text): candidate.support
        for candidate in merged(*passages, question_type=question_type)
    }
    assert supports == pytest.approx(dict(zip(keys, [candidate.support for candidate in candidates], strict=True)))


def test_answers_overlap_where_they_share_words_of_a_sentence(merged: Merged) -> None:
    text = "Mutations in the CFTR gene on chromosome 7 cause it."
    short, long, other = (
        merged(found("1", text, answer))[0].evidence for answer in ("CFTR", "CFTR gene on chromosome 7", "Mutations")
    )
    assert overlap(short, long)
    assert overlap(long, short)
    assert not overlap(short, other)
    assert not overlap(short, merged(found("2", "CFTR again.", "CFTR"))[0].evidence)
    assert not overlap(short, ())


def test_the_lead_is_over_the_next_answer_on_other_words(merged: Merged) -> None:
    assert support_margin([]) == 0.0
    alone = merged(found("1", "Fever is caused by IL-6 here.", "IL-6"))
    assert support_margin(alone) == alone[0].support
    variants = merged(found("1", "Fever is caused by IL-6 here.", "IL-6", "IL-6 here"))
    assert len(variants) == 2
    assert support_margin(variants) == variants[0].support
    rivals = merged(
        found("1", "Fever is caused by IL-6.", "IL-6"), found("2", "TNF causes it.", "TNF", number=1, relevance=0.5)
    )
    assert support_margin(rivals) == pytest.approx(rivals[0].support - rivals[1].support)
