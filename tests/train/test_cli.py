import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.everyday import table
from bioqa.eval.everyday.table import EverydayQuestion, EverydayTable, MinimalPair
from bioqa.index.models import model
from bioqa.qa.engine import Engine
from bioqa.train.calibration import observations

QUESTIONS = [
    {
        "id": "1",
        "type": "factoid",
        "body": "what gene causes cystic fibrosis?",
        "documents": ["101", "102"],
        "exact_answer": ["CFTR"],
    },
    {
        "id": "2",
        "type": "list",
        "body": "list the symptoms of pheochromocytoma",
        "documents": ["105"],
        "exact_answer": [["headache"], ["sweating"]],
    },
    {
        "id": "3",
        "type": "yesno",
        "body": "is Huntington disease dominant?",
        "documents": ["103"],
        "exact_answer": "yes",
    },
    {
        "id": "4",
        "type": "yesno",
        "body": "does metformin cause hypoglycemia?",
        "documents": ["104"],
        "exact_answer": "no",
    },
]
OTHERS = [question | {"id": f"other {question['id']}"} for question in QUESTIONS]
Run = Callable[..., Any]


@pytest.fixture
def gold(tmp_path: Path) -> Callable[..., Path]:
    def write(questions: Sequence[Any] = QUESTIONS, name: str = "gold") -> Path:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"questions": questions}))
        return path

    return write


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model.shipped("reader"), tmp_path / "reader"))


def test_a_calibration_is_fitted_reported_and_used_from_then_on(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path
) -> None:
    before = (reader / "calibration.json").read_bytes()
    check = gold(OTHERS, "check")
    outcome = run("train", "calibration", gold(), "--index", small_index, "--to", reader, "--check", check)
    assert (outcome.status, outcome.err) == (0, "")
    for name in ("factoid", "list", "yesno", "found"):
        assert f"{name}: " in outcome.out
        assert f"{name}: expected calibration error 0." in outcome.out
    assert "given passages: factoid: too few questions with snippets to fit" in outcome.out
    assert (reader / "calibration.json").read_bytes() != before
    assert json.loads((reader / "calibration.json").read_text(encoding="utf-8"))["held_out"]["questions"] == 1
    asked = run("ask", "what gene causes cystic fibrosis?", "--index", small_index, "--reader", reader, "--json")
    assert asked.status == 0
    assert json.loads(asked.out)["answers"][0]["text"] == "CFTR"


def test_everyday_questions_are_asked_of_the_reader_that_is_calibrated(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Path]] = []
    question = EverydayQuestion(
        "q", "dev", "question", "101", "what gene causes cystic fibrosis?", "answer", (re.compile("CFTR"),)
    )
    pair = MinimalPair("p", "dev", "side", "101", "Is Huntington disease dominant?", "Is Huntington disease recessive?")
    monkeypatch.setattr(
        table, "read_table", lambda _: EverydayTable((question, replace(question, half="test")), (pair,))
    )

    def noted(samples: object, questions: list[tuple[EverydayQuestion, Engine]], progress: object) -> None:
        asked.extend((question.text, engine.reader.model.folder) for question, engine in questions)

    monkeypatch.setattr(observations, "add_everyday", noted)
    outcome = run("train", "calibration", gold(), "--index", small_index, "--everyday", "--to", reader)
    assert (outcome.status, outcome.err) == (0, "")
    assert asked == [(question.text, reader), (pair.true, reader), (pair.false, reader)]


def test_a_reader_fresh_from_export_can_be_calibrated(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path
) -> None:
    card = json.loads((reader / "bioqa.json").read_text())
    del card["digests"]["calibration.json"]
    (reader / "bioqa.json").write_text(json.dumps(card))
    (reader / "calibration.json").unlink()
    outcome = run("train", "calibration", gold(), "--index", small_index, "--to", reader)
    assert (outcome.status, outcome.err) == (0, "")
    assert (reader / "calibration.json").exists()


def test_of_what_a_reader_has_learned_from_another_one_is_asked_but_not_where_it_is_checked(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    opened = Engine.open

    def noted(index: Path, reader: Path) -> Engine:
        asked.append(reader)
        return opened(index, reader)

    monkeypatch.setattr(Engine, "open", noted)
    other, check = model.shipped("reader"), gold(OTHERS, "check")
    outcome = run(
        "train", "calibration", gold(), "--index", small_index, "--reader", other, "--to", reader, "--check", check
    )
    assert (outcome.status, outcome.err) == (0, "")
    assert asked == [other, reader]


@pytest.mark.parametrize(
    "questions",
    [
        pytest.param(QUESTIONS[:1]),
        pytest.param([]),
        pytest.param(
            [
                question | {"exact_answer": ["nobody says that"]} if question["type"] != "yesno" else question
                for question in QUESTIONS
            ],
        ),
    ],
)
def test_questions_that_cannot_be_fitted_on_are_refused_in_one_line(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, questions: list[Any]
) -> None:
    before = (reader / "calibration.json").read_bytes()
    outcome = run("train", "calibration", gold(questions), "--index", small_index, "--to", reader)
    assert outcome.status == 2
    assert outcome.err.startswith("error: ")
    assert (reader / "calibration.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["GOLD"], "Missing option"),
        (["--index", "INDEX", "--to", "READER"], "Missing argument"),
        (["GOLD", "--to", "READER"], "Missing option '--index'"),
        (["nowhere.json", "--index", "INDEX", "--to", "READER"], "nowhere.json: No such file"),
        (["GOLD", "--index", "nowhere", "--to", "READER"], "nowhere: no index there"),
        (["GOLD", "--index", "INDEX", "--to", "READER", "--check", "nowhere.json"], "nowhere.json: No such file"),
        (
            ["GOLD", "--index", "INDEX", "--to", "READER", "--check", "GOLD"],
            "check on questions that are not fitted on",
        ),
        (["GOLD", "--index", "INDEX", "--reader", "nowhere", "--to", "READER"], "nowhere: no model there"),
        (["GOLD", "--index", "INDEX", "--to", "nowhere"], "nowhere: no model there"),
    ],
)
def test_a_wrong_call_of_calibration_is_told_in_a_message(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, arguments: list[str], message: str
) -> None:
    named = {"GOLD": gold(), "INDEX": small_index, "READER": reader}
    outcome = run("train", "calibration", *(named.get(argument, argument) for argument in arguments))
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_exporting_without_the_extra_says_how_to_install_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    outcome = run("export", "some-model", "--to", tmp_path / "out", "--task", "reader")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == ("error: this needs the extra 'train' (torch is missing): pip install 'bioqa[train]'\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--task", "reader"],
        ["--to", "OUT"],
        ["--to", "OUT", "--task", "tagger"],
        ["--to", "OUT", "--task", "reader", "--max-tokens", "8"],
        ["--to", "OUT", "--task", "reader", "--max-tokens", "513"],
    ],
)
def test_a_wrong_call_of_export_is_a_wrong_call(run: Run, tmp_path: Path, options: list[str]) -> None:
    outcome = run("export", "some-model", *(str(tmp_path / "out") if word == "OUT" else word for word in options))
    assert (outcome.status, outcome.out) == (2, "")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("kept", "fault"),
    [
        ("234", "no factoid question with an exact answer"),
        ("134", "no list question with an exact answer"),
        ("123", "no yes/no question whose answer is no"),
        ("12", "no yes/no question whose answer is yes, no yes/no question whose answer is no"),
    ],
)
def test_questions_that_nothing_can_be_fitted_on_are_refused_before_they_are_asked(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, kept: str, fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(observations, "collect", lambda *_: pytest.fail("questions were asked"))
    file = gold([question for question in QUESTIONS if question["id"] in kept])
    outcome = run("train", "calibration", file, "--index", small_index, "--to", reader)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == f"error: too few questions to fit: {fault}; give more gold files\n"


def test_an_index_without_gold_documents_is_refused_before_questions_are_asked(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "collect", lambda *_: pytest.fail("questions were asked"))
    file = gold([question | {"documents": ["999"]} for question in QUESTIONS])
    outcome = run("train", "calibration", file, "--index", small_index, "--to", reader)
    assert outcome.status == 2
    assert f"{small_index}: holds none of the gold documents" in outcome.err


def test_a_trial_calibration_keeps_nothing_and_a_real_one_ends_with_what_comes_next(
    run: Run, small_index: Path, gold: Callable[..., Path], reader: Path
) -> None:
    before = {path.name: path.read_bytes() for path in reader.iterdir()}
    call = ("train", "calibration", gold(), "--index", small_index, "--to", reader)
    outcome = run(*call, "--smoke")
    assert outcome.status == 0, outcome.err
    assert outcome.out.endswith("smoke: all steps were done on a few examples; nothing is kept\n")
    assert {path.name: path.read_bytes() for path in reader.iterdir()} == before
    last = run(*call).out.splitlines()[-1]
    assert last == f'next: bioqa ask "what gene causes cystic fibrosis?" --reader {reader}'
