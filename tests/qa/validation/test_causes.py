import pytest

from bioqa.index.records import Document, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.validation.causes import wrong_side

SAID = "Scurvy is caused by lack of vitamin C and leads to bleeding gums."


def item(text: str) -> Evidence:
    start = SAID.index(text)
    return Evidence(Passage(0, Document("1", abstract=SAID), 0, len(SAID)), SAID, start, start + len(text), 1.0)


@pytest.mark.parametrize(
    ("question", "text", "wrong"),
    [
        ("What causes scurvy?", "bleeding gums", True),
        ("What causes scurvy?", "lack of vitamin C", False),
        ("What does scurvy cause?", "lack of vitamin C", True),
        ("What does scurvy cause?", "bleeding gums", False),
        ("cause of scurvy", "bleeding gums", True),
        ("What is scurvy?", "bleeding gums", False),
    ],
)
def test_what_stands_on_the_other_side_of_the_cause(question: str, text: str, wrong: bool) -> None:
    assert wrong_side(question, item(text)) is wrong
