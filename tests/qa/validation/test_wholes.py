import pytest

from bioqa.index.records import Document, Passage
from bioqa.qa.aggregate import AnswerCandidate, Evidence
from bioqa.qa.validation.wholes import whole


@pytest.mark.parametrize(
    ("sentence", "text", "completed"),
    [
        ("It results from an extra copy of chromosome 21.", "21", "chromosome 21"),
        ("Patients received 5 mg/kg daily.", "5", "5 mg/kg"),
        ("The half-life is 6-8 hours.", "6-8", "6-8 hours"),
        ("It is found in 30% of patients.", "30", "30%"),
        ("It has 24 exons.", "24", "24"),
        ("CFTR is mutated in 5 families.", "CFTR", "CFTR"),
    ],
)
def test_a_number_comes_with_what_completes_it(sentence: str, text: str, completed: str) -> None:
    start = sentence.index(text)
    passage = Passage(0, Document("1", abstract=sentence), 0, len(sentence))
    candidate = AnswerCandidate(text, 1.0, (Evidence(passage, sentence, start, start + len(text), 1.0),))
    assert whole("What is it?", candidate).text == completed
    assert whole("What is it?", candidate).evidence[0].text == completed


def test_a_noun_of_the_question_is_not_repeated() -> None:
    sentence = "It was a phase III trial."
    passage = Passage(0, Document("1", abstract=sentence), 0, len(sentence))
    candidate = AnswerCandidate("III", 1.0, (Evidence(passage, sentence, 15, 18, 1.0),))
    assert whole("What was the phase of the trial?", candidate).text == "III"
    assert whole("Which trial was it?", candidate).text == "phase III"
