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
    assert whole(candidate).text == completed
    assert whole(candidate).evidence[0].text == completed
