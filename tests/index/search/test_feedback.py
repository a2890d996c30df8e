import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.search import feedback

IDF = {"gene": 1.0, "cftr": 4.0, "lung": 2.0, "mouse": 3.0}
TITLES = [["cftr", "gene"], ["cftr", "lung", "mouse"]]


def test_a_short_question_is_drawn_further_towards_what_it_found() -> None:
    question, passages = np.array([1.0, 0.0]), np.array([[0.0, 1.0], [0.0, 1.0]])
    short, long = (feedback.feedback_vector(question, passages, words) for words in (1, 10))
    assert short == pytest.approx([2**-0.5, 2**-0.5])  # as much as the question itself, never more
    assert long == pytest.approx(np.array([4, 1]) / 17**0.5)  # 2.5 words of ten


def test_terms_of_titles_weigh_by_how_often_they_are_there_and_how_rare() -> None:
    weights = feedback.feedback_weights({"gene": 2.0}, TITLES, IDF)
    assert set(weights) == set(IDF)
    assert weights["cftr"] > weights["mouse"] > weights["lung"]
    assert weights["cftr"] / weights["lung"] == pytest.approx(2 * 4 / 2)
    assert sum(weights.values()) == pytest.approx(2.0 * 1.75)  # what is added weighs three quarters of the only word


def test_only_the_terms_that_say_most_are_taken() -> None:
    titles = [[f"word{number}" for number in range(30)]]
    idf = {f"word{number}": 1.0 + number for number in range(30)}
    weights = feedback.feedback_weights({"gene": 1.0}, titles, idf)
    assert set(weights) == {"gene", *(f"word{number}" for number in range(20, 30))}
    assert weights["gene"] == 1.0


@pytest.mark.parametrize(
    ("question", "titles"), [({}, TITLES), ({"gene": 1.0}, []), ({"gene": 1.0}, [[], []]), ({}, [])]
)
def test_a_question_without_terms_stays_so_and_one_without_titles_as_it_is(
    question: dict[str, float], titles: list[list[str]]
) -> None:
    assert feedback.feedback_weights(question, titles, IDF) == question


@given(st.lists(st.lists(st.sampled_from(sorted(IDF)), max_size=5), max_size=4))
def test_no_term_of_the_question_loses_weight(titles: list[list[str]]) -> None:
    question = {"gene": 1.5, "unheard": 7.0}
    weights = feedback.feedback_weights(question, titles, IDF)
    assert all(weights[term] >= weight for term, weight in question.items())
    assert all(weight > 0 for weight in weights.values())
