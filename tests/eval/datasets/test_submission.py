import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.datasets.submission import SubmittedAnswer, read_submission, truncate, write_submission
from bioqa.index.errors import InputError
from bioqa.qa.question_types import QuestionType

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY
QUESTIONS = [GoldQuestion(kind.value, kind, f"what {kind}?", (), ()) for kind in (FACTOID, LIST, YESNO, SUMMARY)]
Write = Callable[..., Path]


@pytest.fixture
def system_file(tmp_path: Path) -> Write:
    def write(**changes: dict[str, Any]) -> Path:
        entries = [{"id": question.id} | changes.get(question.id, {}) for question in QUESTIONS]
        path = tmp_path / "system.json"
        path.write_text(json.dumps({"questions": entries}))
        return path

    return write


def test_an_entry_with_its_id_alone_answers_nothing(system_file: Write) -> None:
    assert read_submission(system_file(), QUESTIONS) == [SubmittedAnswer(question.id) for question in QUESTIONS]


@pytest.mark.parametrize(
    ("kind", "exact", "expected"),
    [
        ("factoid", [["a", "synonym"], ["b"]], ("a", "b")),
        ("factoid", ["a", "b"], ("a", "b")),
        ("factoid", "a", ("a",)),
        ("factoid", [[], ["b"]], ("", "b")),
        ("list", [["a"], ["b"]], ("a", "b")),
        ("list", ["a", "b"], ("a", "b")),
        ("list", None, ()),
        ("yesno", "Yes.", ("yes",)),
        ("yesno", ["no"], ("no",)),
        ("yesno", "", ()),
        ("summary", "anything", ()),
    ],
)
def test_answers_are_read_in_every_shape(system_file: Write, kind: str, exact: Any, expected: tuple[str, ...]) -> None:
    found = {answer.id: answer for answer in read_submission(system_file(**{kind: {"exact_answer": exact}}), QUESTIONS)}
    assert found[kind].exact == expected


def test_a_question_without_an_entry_is_an_error(system_file: Write) -> None:
    more = [*QUESTIONS, GoldQuestion("missing-one", FACTOID, "?", (), ())]
    with pytest.raises(InputError, match="1 of 5 questions have no entry, the first is missing-one"):
        read_submission(system_file(), more)


def test_answers_to_other_questions_are_passed_over(system_file: Write) -> None:
    assert [answer.id for answer in read_submission(system_file(), QUESTIONS[1:2])] == ["list"]


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("factoid", {"type": "list"}, "question factoid: type is list; the gold file has factoid"),
        ("factoid", {"exact_answer": [[5]]}, "question factoid: exact_answer is"),
        ("yesno", {"exact_answer": "maybe"}, "question yesno: exact_answer of a yes/no question is 'maybe'"),
        ("summary", {"ideal_answer": {"a": 1}}, "question summary: ideal_answer is"),
        ("list", {"documents": 5}, "question list: 'documents' is 5"),
    ],
)
def test_a_bad_answer_is_named(system_file: Write, kind: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        read_submission(system_file(**{kind: change}), QUESTIONS)
    assert message in str(error.value)


def test_only_what_bioasq_counts_is_kept() -> None:
    snippet = Snippet("1", "abstract", "abstract", 0, 5, "")
    long = SubmittedAnswer("1", tuple("abcdefg"), "", tuple(map(str, range(20))), (snippet,) * 20)
    shortened = truncate(long, FACTOID)
    assert (len(shortened.exact), len(shortened.documents), len(shortened.snippets)) == (5, 10, 10)
    assert truncate(long, LIST).exact == long.exact


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    snippet = Snippet("123", "abstract", "abstract", 3, 8, "CFTR.")
    answers = [
        SubmittedAnswer("factoid", ("a", "b"), "A.", ("123", "note:1"), (snippet,)),
        SubmittedAnswer("list", ("a", "β")),
        SubmittedAnswer("yesno", ("no",)),
        SubmittedAnswer("summary", (), "It is."),
    ]
    path = tmp_path / "run.json"
    write_submission(path, QUESTIONS, answers)
    assert read_submission(path, QUESTIONS) == answers
    written = {entry["id"]: entry for entry in json.loads(path.read_text())["questions"]}
    assert written["factoid"]["exact_answer"] == [["a"], ["b"]]
    assert written["factoid"]["documents"] == ["http://www.ncbi.nlm.nih.gov/pubmed/123", "note:1"]
    assert written["factoid"]["snippets"][0]["document"] == "http://www.ncbi.nlm.nih.gov/pubmed/123"
    assert (written["yesno"]["exact_answer"], "exact_answer" in written["summary"]) == ("no", False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]
