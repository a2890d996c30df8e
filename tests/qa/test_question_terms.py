import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.records import Document, Passage
from bioqa.qa.engine import Engine
from bioqa.qa.question_terms import QuestionTerms

WORDS = ["gene", "cause", "cystic", "fibrosis", "fever", "the", "of"]


@pytest.fixture(scope="module")
def terms(engine: Engine) -> QuestionTerms:
    return QuestionTerms("the genes that cause cystic fibrosis", engine.index)


def test_stop_words_are_no_terms_and_repeats_count_once(engine: Engine) -> None:
    assert len(QuestionTerms("this is the gene of the genes", engine.index).weights) == 1


@pytest.mark.parametrize("word", ["what", "which", "who", "how", "does", "when"])
def test_question_words_are_no_terms(engine: Engine, word: str) -> None:
    assert len(QuestionTerms(f"{word} gene", engine.index).weights) == 1


def test_a_name_and_the_letter_behind_it_count_as_two_terms_of_a_question_and_a_text(engine: Engine) -> None:
    terms = QuestionTerms("what does vitamin K do?", engine.index)
    assert set(terms.weights) == {"vitamin", "k"}
    assert terms.coverage("Vitamin K is needed.") == pytest.approx(1.0)


def test_a_rare_term_weighs_more_than_a_common_one(engine: Engine) -> None:
    weights = QuestionTerms("gene huntingtin unheard", engine.index).weights
    common, rare, unknown = weights.values()
    assert 0 < common < rare < unknown


def test_a_text_with_every_term_covers_the_question_and_one_with_none_does_not(terms: QuestionTerms) -> None:
    assert terms.coverage("A gene that is the cause of cystic fibrosis.") == pytest.approx(1.0)
    assert terms.coverage("Nothing of the kind.") == 0.0
    assert terms.coverage("") == 0.0


def test_inflection_and_case_make_no_difference_to_coverage(terms: QuestionTerms) -> None:
    assert terms.coverage("GENES CAUSING CYSTIC FIBROSIS") == pytest.approx(
        terms.coverage("gene cause cystic fibrosis")
    )


@pytest.mark.parametrize("question", ["is it the?", "???", ""])
def test_a_question_of_stop_words_alone_is_covered_by_nothing(engine: Engine, question: str) -> None:
    assert QuestionTerms(question, engine.index).coverage("it is the gene") == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS)),
    st.lists(st.sampled_from(WORDS)),
)
def test_coverage_is_a_share_that_more_text_never_lowers(terms: QuestionTerms, one: list[str], more: list[str]) -> None:
    part, whole = terms.coverage(" ".join(one)), terms.coverage(" ".join(one + more))
    assert 0 <= part <= whole <= 1 + 1e-9


def test_the_title_counts_towards_the_coverage_of_a_passage(terms: QuestionTerms) -> None:
    document = Document(id="1", title="Cystic fibrosis", abstract="A gene is the cause.")
    assert terms.coverage_of(Passage(0, document, document.abstract_start, len(document.text))) == pytest.approx(1.0)
