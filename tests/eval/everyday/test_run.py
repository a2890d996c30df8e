from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bioqa.eval.everyday import run
from bioqa.eval.everyday.scores import Verdict
from bioqa.eval.everyday.table import EverydayTable, read_table
from bioqa.index.errors import IndexFolderError
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType

QUESTIONS = """id\thalf\tform\tsource\tquestion\texpect\taccept\treject\twrong
q1\tdev\tcause\tstarter:cf\twhat gene causes cystic fibrosis?\tanswer\tCFTR\t\t
q2\tdev\tgreeting\t\tgood morning\tabstain\t\t\t
q3\tdev\tcause\t101\twhich gene is mutated in cystic fibrosis?\tanswer\tCFTR\t\t
q4\tdev\tcause\t999999\twhich gene is mutated in nothing?\tanswer\tCFTR\t\t
q5\ttest\tcause\tstarter:hd\twhat gene causes Huntington disease?\tanswer\tHTT\t\t
"""
PAIRS = """id\thalf\tattribute\tsource\ttrue\tfalse
p1\tdev\tinheritance\t103\tIs Huntington disease dominant?\tIs Huntington disease recessive?
"""


class Steps:
    """A progress bar that records its updates."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, int]] = []

    def update(self, fraction: float, count: int) -> None:
        self.seen.append((fraction, count))


@pytest.fixture
def table(tmp_path: Path) -> EverydayTable:
    (tmp_path / "questions.tsv").write_text(QUESTIONS)
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    return read_table(tmp_path)


def test_one_half_is_asked_and_judged(table: EverydayTable, small_index: Path) -> None:
    steps = Steps()
    scores = run.evaluate(table, "dev", small_index, small_index, progress=steps)
    assert [judged.question.id for judged in scores.questions] == ["q1", "q2", "q3"]
    assert scores.questions[0].verdict is Verdict.RIGHT
    assert scores.questions[0].reply.answers[0] == "CFTR"
    assert 0 < scores.questions[0].reply.confidence <= 1
    assert [judged.pair.id for judged in scores.pairs] == ["p1"]
    assert {judged.question.text for judged in (scores.pairs[0].true, scores.pairs[0].false)} == {
        "Is Huntington disease dominant?",
        "Is Huntington disease recessive?",
    }
    assert scores.left_out == {"questions": 1, "pairs": 0}  # no index holds 999999
    assert steps.seen == [(count / 5, count) for count in range(1, 6)]
    assert scores.facts["pubmed"] == str(small_index)


def test_without_an_index_of_abstracts_their_questions_are_left_out(table: EverydayTable, small_index: Path) -> None:
    scores = run.evaluate(table, "all", small_index)
    assert [judged.question.id for judged in scores.questions] == ["q1", "q2", "q5"]
    assert (scores.pairs, scores.left_out) == ([], {"questions": 2, "pairs": 1})
    assert "pubmed" not in scores.facts


def test_a_folder_without_an_index_is_told_before_anything_is_asked(
    table: EverydayTable, small_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "ask", lambda *_: pytest.fail("a question was asked"))
    with pytest.raises(IndexFolderError):
        run.evaluate(table, "dev", small_index, tmp_path / "none")


def response(**fields: Any) -> Any:
    nothing: dict[str, Any] = {
        "type": QuestionType.FACTOID,
        "abstained": False,
        "answers": (),
        "guesses": (),
        "ideal_answer": "",
        "sentences": (),
        "relevance": 0.3,
    }
    return cast(Any, SimpleNamespace(**{**nothing, **fields}))


def answer(text: str, confidence: float) -> Any:
    return SimpleNamespace(text=text, confidence=confidence)


def test_three_answers_are_judged_and_the_confidence_is_that_of_the_first() -> None:
    said = run.reply_of(response(answers=[answer(text, 1 - i / 10) for i, text in enumerate("abcd")]))
    assert (said.answers, said.confidence, said.prose) == (("a", "b", "c"), 1.0, "")


def test_what_is_held_back_is_kept() -> None:
    said = run.reply_of(response(abstained=True, guesses=[answer("a", 0.1)]))
    assert (said.abstained, said.answers, said.confidence) == (True, ("a",), 0.1)


def test_of_a_summary_the_first_part_of_the_prose_is_judged() -> None:
    said = run.reply_of(response(type=QuestionType.SUMMARY, ideal_answer="x" * 1000))
    assert (said.answers, len(said.prose), said.confidence) == ((), 400, 0.3)


def test_a_reply_without_anything_has_no_confidence() -> None:
    assert run.reply_of(response(abstained=True)).confidence == 0.0
