from collections.abc import Callable
from dataclasses import replace

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer
from bioqa.qa.engine import Engine
from bioqa.qa.forms import uncertain
from bioqa.qa.forms.form import form_of
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

SAID = "Gout is treated with colchicine."
OTHER = "Allopurinol lowers urate."
QUESTION = "Which drug is gout treated with?"
Revised = Callable[..., Response]


@pytest.fixture
def revised(engine: Engine) -> Revised:
    """What becomes of a short answer with this confidence, from passages that hold these sentences."""

    def call(question: str, text: str, confidence: float, *sentences: str, kind: str | None = "drug") -> Response:
        passages = [
            Passage(place, Document(str(place), abstract=sentence), 0, len(sentence))
            for place, sentence in enumerate(sentences)
        ]
        place = next(place for place, sentence in enumerate(sentences) if text in sentence)
        start = sentences[place].index(text)
        evidence = Evidence(passages[place], sentences[place], start, start + len(text), 1.0)
        given = replace(
            engine.ask("what gene causes cystic fibrosis?"),
            type=QuestionType.FACTOID,
            answer_type=kind,
            answers=(Answer(text, confidence, {}, (evidence,)),),
            guesses=(),
            sentences=(),
            hits=tuple(Hit(passage, 1.0) for passage in passages),
        )
        return uncertain.in_sentences(form_of(question), question, QuestionTerms(question, engine.index), given)

    return call


def test_a_likely_answer_stands(revised: Revised) -> None:
    assert revised(QUESTION, "colchicine", uncertain.SURE, SAID).answers


def test_in_place_of_an_unlikely_answer_the_closest_sentence_is_shown(revised: Revised) -> None:
    response = revised(QUESTION, "Allopurinol", 0.15, OTHER, SAID)
    assert response.type is QuestionType.SUMMARY
    assert not response.answers
    assert response.ideal_answer == SAID
    assert "No short answer is certain enough" in response.notice


def test_an_unlikely_answer_from_the_closest_sentence_stands_a_little_longer(revised: Revised) -> None:
    assert revised(QUESTION, "colchicine", uncertain.LIKELY, SAID).answers
    assert not revised(QUESTION, "colchicine", uncertain.LIKELY - 0.01, SAID).answers


def test_an_unlikely_answer_is_silenced_where_no_sentence_is_about_the_question(revised: Revised) -> None:
    response = revised("Which drug cures leprosy in armadillos?", "Allopurinol", 0.15, OTHER)
    assert response.abstained
    assert not response.ideal_answer


def test_a_count_out_of_several_numbers_does_not_stand_alone(revised: Revised) -> None:
    said = "Twenty amino acids build proteins, and nine amino acids are essential."
    response = revised("How many essential amino acids are in the human diet?", "Twenty", 0.6, said, kind="number")
    assert not response.answers
