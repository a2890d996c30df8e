import pytest

from bioqa.qa.engine import Engine
from bioqa.qa.forms import corrections


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("sickel", "sickle", 1), ("diabetis", "diabetes", 1), ("same", "same", 0), ("abc", "xyz", 3), ("a", "abcd", 3)],
)
def test_swaps_of_neighbours_count_once(one: str, other: str, distance: int) -> None:
    assert min(3, corrections.edits(one, other, 3)) == distance


@pytest.mark.parametrize(
    ("question", "suggested"),
    [
        ("Which gene causes Cystic Fibroses?", "Which gene causes Cystic Fibrosis?"),
        ("which gene causes cystic fibrossis?", "which gene causes cystic fibrosis?"),
        ("what is the defintion of fibrosis?", "what is the definition of fibrosis?"),
        ("zzzzzz qqqqqq", ""),
        ("which gene causes cystic fibrosis?", ""),
        ("Which drug is METFROMIN?", ""),
    ],
)
def test_a_word_that_the_index_does_not_know_is_corrected(engine: Engine, question: str, suggested: str) -> None:
    assert corrections.suggestion(question, engine.index) == suggested


def test_a_correction_is_offered_and_never_applied(engine: Engine) -> None:
    response = engine.ask("hutingtin and fibrossis")
    assert response.abstained
    assert "Did you mean:" in response.notice
    assert response.question == "hutingtin and fibrossis"
