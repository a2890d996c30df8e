from collections.abc import Sequence
from dataclasses import replace

import pytest

from bioqa.index.records import Document, Passage
from bioqa.qa.aggregate import Evidence
from bioqa.qa.answers import Answer, conflicting_answers, select_answers, sources, top_answers
from bioqa.qa.config import AskConfig
from bioqa.qa.question_types import QuestionType

CONFIG = AskConfig()


def answer(text: str, confidence: float, weight: float, documents: Sequence[str]) -> Answer:
    """An answer that is the whole of a sentence of its own in each of the documents, which share its weight."""
    evidence = tuple(
        Evidence(Passage(0, Document(name, abstract=text), 0, len(text)), text, 0, len(text), weight / len(documents))
        for name in documents
    )
    return Answer(text, confidence, {}, evidence)


def test_what_other_papers_say_with_about_the_same_weight_is_another_view() -> None:
    best, near = answer("CFTR", 0.6, 1.0, ["1", "2"]), answer("HTT", 0.3, 0.75, ["3"])
    far = answer("FBN1", 0.3, 0.7, ["4"])
    assert conflicting_answers([best, near, far], QuestionType.FACTOID, 0.2) == (near,)


def test_a_paper_does_not_disagree_with_itself() -> None:
    answers = [answer("CFTR", 0.6, 1.0, ["1", "2"]), answer("HTT", 0.3, 1.0, ["2"])]
    assert conflicting_answers(answers, QuestionType.FACTOID, 0.2) == ()


def test_an_unlikely_answer_is_no_view_but_the_other_of_yes_and_no_is() -> None:
    answers = [answer("yes", 0.9, 1.0, ["1"]), answer("no", 0.1, 0.6, ["2"])]
    assert conflicting_answers(answers, QuestionType.FACTOID, 0.2) == ()
    assert conflicting_answers(answers, QuestionType.YESNO, 0.2) == (answers[1],)


def test_answers_that_share_a_word_do_not_disagree() -> None:
    answers = [answer("30%", 0.6, 1.0, ["1"]), answer("about 30%", 0.5, 1.0, ["2"])]
    assert conflicting_answers(answers, QuestionType.FACTOID, 0.2) == ()


@pytest.mark.parametrize(
    ("documents", "text"),
    [
        (["1"], "1 paper"),
        (["1", "starter:cftr"], "2 papers"),
        (["starter:cftr"], "1 passage of the starter set"),
        (["starter:cftr", "starter:htt"], "2 passages of the starter set"),
        ([], "0 papers"),
    ],
)
def test_what_ships_with_bioqa_is_no_paper(documents: list[str], text: str) -> None:
    assert sources(documents) == text


def test_nothing_disagrees_with_nothing_nor_with_a_list() -> None:
    answers = [answer("a", 0.9, 1.0, ["1"]), answer("b", 0.9, 1.0, ["2"])]
    assert conflicting_answers([], QuestionType.FACTOID, 0.0) == ()
    assert conflicting_answers(answers, QuestionType.LIST, 0.0) == ()


def test_of_yes_and_no_one_is_given() -> None:
    answers = [answer("yes", 0.9, 1.0, ["1"]), answer("no", 0.1, 0.6, ["2"])]
    assert top_answers(answers, QuestionType.YESNO, CONFIG) == (answers[0],)
    assert select_answers(answers, QuestionType.YESNO, 0.7, CONFIG, 0.5) == (answers[0],)
    assert select_answers(answers, QuestionType.YESNO, 0.4, CONFIG, 0.5) == ()


def test_a_yes_or_no_that_nothing_says_is_given_only_where_its_confidence_is_asked_for() -> None:
    answers = [answer("no", 0.6, 1.0, []), answer("yes", 0.4, 1.0, ["1"])]
    assert select_answers(answers, QuestionType.YESNO, 0.9, CONFIG, 0.5) == ()
    asked_for = replace(CONFIG, min_confidence=0.5)
    assert select_answers(answers, QuestionType.YESNO, 0.9, asked_for, 0.5) == (answers[0],)
    assert select_answers(answers, QuestionType.YESNO, 0.9, asked_for, 0.7) == ()


def test_items_of_a_list_need_a_share_of_the_probability_of_the_best() -> None:
    items = [answer("a", 0.8, 1.0, ["1"]), answer("b", 0.4, 1.0, ["2"]), answer("c", 0.3, 1.0, ["3"])]
    assert select_answers(items, QuestionType.LIST, 0.9, CONFIG, 0.1, share=0.5) == tuple(items[:2])
    assert select_answers(items, QuestionType.LIST, 0.9, CONFIG, 0.5, share=0.45) == tuple(items[:2])
    assert select_answers(items, QuestionType.LIST, 0.9, CONFIG, 0.35) == tuple(items[:2])
    assert select_answers(items, QuestionType.LIST, 0.9, CONFIG, 0.9, share=0.1) == ()
    assert select_answers([], QuestionType.LIST, 0.9, CONFIG, 0.5, share=0.1) == ()
