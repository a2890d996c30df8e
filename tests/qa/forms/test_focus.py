import numpy as np
import pytest

from bioqa.index.search.search_index import Query
from bioqa.qa.forms.focus import Focus, focus_of, with_background
from bioqa.qa.question_terms import QuestionTerms

CASE = (
    "A 6-year-old boy is brought to the clinic by his mother because of many bruises and a rash that itches. He has had"
    " seven infections of the middle ear and two pneumonias since he was born."
)
ASKS = "Which gene is mutated in Wiskott-Aldrich syndrome?"


@pytest.mark.parametrize(
    ("text", "question", "background"),
    [
        (f"{CASE} {ASKS}", ASKS, CASE),
        (f"{ASKS} {CASE}", ASKS, CASE),
        (f"{CASE} {ASKS} How is it treated?", f"{ASKS} How is it treated?", CASE),
        (f"{CASE} {ASKS} He is afraid.", ASKS, f"{CASE} He is afraid."),
        (f"{CASE} Please name the mutated gene.", "Please name the mutated gene.", CASE),
        (f"{CASE} So which gene is mutated", "So which gene is mutated", CASE),
        (f"{CASE} {ASKS}".lower(), ASKS.lower(), CASE.lower()),
        (f"{ASKS} {CASE}".lower(), ASKS.lower(), CASE.lower()),
        (f"Case: {CASE} Question: {ASKS}", ASKS, CASE),
        (
            f"In a boy with bruises, eczema, {'many more infections, ' * 14} which gene is mutated?",
            "which gene is mutated?",
            "In a boy with bruises, eczema, " + "many more infections, " * 13 + "many more infections",
        ),
    ],
)
def test_what_asks_in_a_long_question_is_found_wherever_it_stands(text: str, question: str, background: str) -> None:
    found = focus_of(text)
    assert found.question == question
    assert " ".join(found.background.split()) == background


@pytest.mark.parametrize(
    "text",
    [
        ASKS,
        f"He has eczema. {ASKS}",  # short enough to be read as a whole
        CASE,  # nothing asks
        "Is warfarin, which prolongs bleeding, " + "used with many drugs, " * 12 + "which are known, of use?",
        "Which gene is mutated in a boy with " + "very many infections, " * 20 + "and eczema?",
    ],
)
def test_a_question_that_is_short_or_only_asks_or_only_tells_is_taken_as_it_is(text: str) -> None:
    assert focus_of(text) == Focus(text)


class Frequencies:
    passages = 1000

    def document_frequency(self, term: str) -> int:
        return {"wiskott": 2, "aldrich": 2, "platelet": 20, "diagnosi": 400}.get(term, 100)


@pytest.mark.parametrize(
    ("question", "specific"),
    [(ASKS, True), ("What is the diagnosis?", False), ("Does the boy have Wiskott-Aldrich syndrome?", False)],
)
def test_the_background_has_the_larger_part_in_the_search_where_the_question_is_general_or_refers_to_it(
    question: str, specific: bool
) -> None:
    told = "His platelets are small and few. " * 3
    index = Frequencies()
    queries = [Query(question, np.array([1.0, 0.0], np.float32)), Query(told, np.array([0.0, 1.0], np.float32))]
    asked, background = (QuestionTerms(query.text, index) for query in queries)  # type: ignore[arg-type]
    mixed = with_background(*queries, asked, background)
    assert mixed.vector is not None
    assert np.linalg.norm(mixed.vector) == pytest.approx(1)
    assert bool(mixed.vector[0] > mixed.vector[1]) is specific
    assert told in mixed.text
    assert (mixed.text.count(question) * len(question.split()) > len(told.split())) is specific
