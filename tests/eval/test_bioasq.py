import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.eval.bioasq import FactoidScores, GoldQuestion, ListScores, factoid_scores, list_scores, read_gold, same
from bioqa.index.errors import InputError
from bioqa.qa import starter
from bioqa.qa.questions import QuestionType

FACTOID = {
    "id": "5c72b7277c78d69471000073",
    "type": "factoid",
    "body": "Which gene is mutated in cystic fibrosis?",
    "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/101", "https://pubmed.ncbi.nlm.nih.gov/102/", "note:1"],
    "exact_answer": ["CFTR", "CFTR gene"],
}


@pytest.fixture
def gold_file(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        path = tmp_path / "gold.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


Write = Callable[[Any], Path]


def test_a_question_is_read_with_bare_document_ids(gold_file: Write) -> None:
    assert read_gold(gold_file({"questions": [FACTOID]})) == [
        GoldQuestion(
            id="5c72b7277c78d69471000073",
            type=QuestionType.FACTOID,
            body="Which gene is mutated in cystic fibrosis?",
            exact=(("CFTR", "CFTR gene"),),
            documents=("101", "102", "note:1"),
            answerable=True,
        )
    ]


def test_a_gzipped_file_is_read_alike(gold_file: Write) -> None:
    plain = read_gold(gold_file({"questions": [FACTOID]}))
    assert read_gold(gold_file(gzip.compress(json.dumps({"questions": [FACTOID]}).encode()))) == plain


@pytest.mark.parametrize(
    ("kind", "exact", "expected"),
    [
        ("factoid", ["CFTR", "CFTR gene"], (("CFTR", "CFTR gene"),)),
        ("factoid", [["CFTR", "CFTR gene"]], (("CFTR", "CFTR gene"),)),
        ("factoid", "CFTR", (("CFTR",),)),
        ("list", [["IL-1"], ["TNF", "TNF-α"]], (("IL-1",), ("TNF", "TNF-α"))),
        ("list", ["IL-1", "TNF"], (("IL-1",), ("TNF",))),
        ("yesno", "yes", (("yes",),)),
        ("yesno", "No.", (("no",),)),
        ("yesno", ["yes"], (("yes",),)),
        ("summary", "ignored", ()),
        ("factoid", [], ()),
        ("list", None, ()),
    ],
)
def test_exact_answers_are_read_in_every_shape_that_bioasq_has_used(
    gold_file: Write, kind: str, exact: Any, expected: tuple[tuple[str, ...], ...]
) -> None:
    (question,) = read_gold(gold_file({"questions": [FACTOID | {"type": kind, "exact_answer": exact}]}))
    assert question.exact == expected


def test_the_starter_questions_are_read_with_those_that_cannot_be_answered() -> None:
    questions = read_gold(starter.questions_file())
    assert {question.type for question in questions} == set(QuestionType)
    for question in questions:
        has_answer = bool(question.exact) or question.type is QuestionType.SUMMARY
        assert has_answer is question.answerable
        assert bool(question.documents) is question.answerable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"questions"',
        b"\xff\xfe\x00",
        b"\x1f\x8b broken gzip",
        gzip.compress(b'{"questions": []}', mtime=0)[:-5],
        pytest.param(
            gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 20,
        ),
        pytest.param({"questions": None}),
        pytest.param({"questions": 5}),
    ],
)
def test_a_file_that_is_no_gold_file_is_named(gold_file: Write, content: Any) -> None:
    path = gold_file(content)
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(error.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: No such file"):
        read_gold(tmp_path / "none.json")
    with pytest.raises(InputError, match="Is a directory"):
        read_gold(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "essay"},
        {"type": None},
        {"exact_answer": 5},
        {"documents": None},
        *({name: ...} for name in ("type", "body", "id")),
        pytest.param(
            {"type": "yesno", "exact_answer": "perhaps"},
        ),
    ],
)
def test_a_question_that_is_none_is_named(gold_file: Write, change: dict[str, Any]) -> None:
    broken = {name: value for name, value in (FACTOID | change).items() if value is not ...}
    path = gold_file({"questions": [FACTOID, broken]})
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(error.value).startswith(f"{path}: question {broken.get('id', '?')}: expected")


@pytest.mark.parametrize("entry", ["a string", 7, None, ["list"]])
def test_an_entry_that_is_no_question_is_refused(gold_file: Write, entry: Any) -> None:
    with pytest.raises(InputError, match=r"question \?: expected"):
        read_gold(gold_file({"questions": [entry]}))


@pytest.mark.parametrize(
    ("answer", "synonyms", "expected"),
    [
        ("cftr", ["CFTR"], True),
        (" CFTR ", ["x", "cftr "], True),
        ("CFTR gene", ["CFTR"], False),
        ("IL 6", ["IL-6"], False),
        ("", [], False),
    ],
)
def test_answers_are_the_same_only_as_whole_strings_whatever_their_case(
    answer: str, synonyms: list[str], expected: bool
) -> None:
    assert same(answer, synonyms) is expected


def question(kind: QuestionType, *items: tuple[str, ...]) -> GoldQuestion:
    return GoldQuestion("1", kind, "?", items, (), True)


def test_factoid_scores_are_those_worked_out_by_hand() -> None:
    gold = [question(QuestionType.FACTOID, ("a", "A1"))] * 5
    answers = [["A"], ["x", "a1"], ["x", "y", "z", "v", "a"], ["x", "y", "z", "v", "w", "a"], []]
    assert factoid_scores(gold, answers) == FactoidScores(
        strict=pytest.approx(1 / 5),
        lenient=pytest.approx(3 / 5),
        mrr=pytest.approx((1 + 1 / 2 + 1 / 5) / 5),
        questions=5,
    )


def test_list_scores_are_those_worked_out_by_hand() -> None:
    items = (("a", "a1"), ("b",), ("c",), ("d",))
    gold = [question(QuestionType.LIST, *items)] * 4
    answers = [["A1", "b", "x"], ["a", "b", "c", "d"], ["x"], []]
    first, second = 2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4), 1.0
    assert list_scores(gold, answers) == ListScores(
        precision=pytest.approx((2 / 3 + 1) / 4),
        recall=pytest.approx((2 / 4 + 1) / 4),
        f1=pytest.approx((first + second) / 4),
        questions=4,
    )


def test_an_item_given_by_two_of_its_names_is_found_once() -> None:
    gold = [question(QuestionType.LIST, ("a", "a1"), ("b",))]
    scores = list_scores(gold, [["a", "a1"]])
    assert (scores.precision, scores.recall) == (0.5, 0.5)


def test_without_questions_all_is_zero() -> None:
    assert factoid_scores([], []) == FactoidScores(0.0, 0.0, 0.0, 0)
    assert list_scores([], []) == ListScores(0.0, 0.0, 0.0, 0)


def test_a_question_without_gold_answer_can_only_be_missed() -> None:
    assert factoid_scores([question(QuestionType.FACTOID)], [["a"]]).mrr == 0
    assert list_scores([question(QuestionType.LIST)], [["a"]]).f1 == 0


def test_as_many_answers_as_questions_are_needed() -> None:
    with pytest.raises(ValueError, match="zip"):
        factoid_scores([question(QuestionType.FACTOID)], [])


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=7, unique=True)))
def test_strict_is_at_most_mrr_and_that_at_most_lenient(answers: list[list[str]]) -> None:
    scores = factoid_scores([question(QuestionType.FACTOID, ("a",))] * len(answers), answers)
    assert 0 <= scores.strict <= scores.mrr + 1e-12 <= scores.lenient + 2e-12 <= 1 + 3e-12
    assert scores.questions == len(answers)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefg"), max_size=7, unique=True))
def test_the_order_of_a_list_makes_no_difference(answers: list[str]) -> None:
    gold = [question(QuestionType.LIST, ("a",), ("b",), ("c",))]
    assert list_scores(gold, [answers]) == list_scores(gold, [answers[::-1]])
