import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.squad import (
    Predictions,
    SquadDataset,
    SquadQuestion,
    read_predictions,
    read_squad,
    write_predictions,
)
from bioqa.index.errors import InputError, StorageError

Run = Callable[..., Any]
Write = Callable[..., Path]

CFTR = "Cystic fibrosis is caused by mutations in the CFTR gene. It was cloned in 1989 by Tsui and others."
INSULIN = "Insulin lowers blood sugar. It is made by beta cells of the pancreas."
ENTRIES = [
    ("q1", CFTR, "Which gene is mutated in cystic fibrosis?", ["CFTR", "the CFTR gene"]),
    ("q2", CFTR, "When was it cloned?", ["1989"]),
    ("q3", INSULIN, "Which hormone lowers blood sugar?", ["Insulin"]),
    ("q4", INSULIN, "Which organ makes insulin?", ["the pancreas", "pancreas"]),
]


def squad_object(entries: Sequence[tuple[str, str, str, list[str]]], **fields: Any) -> dict[str, Any]:
    def paragraph(identity: str, context: str, question: str, answers: list[str]) -> dict[str, Any]:
        found = [{"text": answer, "answer_start": max(0, context.find(answer))} for answer in answers]
        return {"context": context, "qas": [{"id": identity, "question": question, "answers": found, **fields}]}

    return {"version": "any", "data": [{"title": "t", "paragraphs": [paragraph(*entry) for entry in entries]}]}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return to


def test_a_file_is_read_with_its_texts_and_answers(write: Write) -> None:
    found = read_squad(write("dev.json", squad_object(ENTRIES)))
    assert found == SquadDataset(
        tuple(SquadQuestion(i, q, c, tuple(a), tuple(map(c.index, a))) for i, c, q, a in ENTRIES), unanswerable=False
    )


def test_a_gzipped_file_is_read_alike(write: Write) -> None:
    content = json.dumps(squad_object(ENTRIES)).encode()
    assert read_squad(write("dev.json.gz", gzip.compress(content))) == read_squad(write("dev.json", content))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(squad_object(ENTRIES, is_impossible=False), id="a field of 2.0"),
        pytest.param(squad_object([*ENTRIES, ("q5", INSULIN, "Who sings?", [])]), id="a question without answers"),
    ],
)
def test_it_is_squad_2_when_a_question_may_have_no_answer(write: Write, content: Any) -> None:
    assert read_squad(write("dev.json", content)).unanswerable


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    content = squad_object(ENTRIES)
    change(content["data"][0]["paragraphs"][1])
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a SQuAD file: expected JSON with 'data'"),
        (json.dumps(squad_object(ENTRIES)).encode()[:-20], "not a SQuAD file"),
        (gzip.compress(b'{"data": []}', mtime=0)[:-5], "compressed data damaged or cut off"),
        (b"\xff\xfe\x00", "not a SQuAD file"),
        ([], "not a SQuAD file: expected an object with a list called 'data'"),
        ({"questions": []}, "not a SQuAD file"),
        ({"data": []}, "the file has no questions"),
        ({"data": ["x"]}, "article 1: expected an object with a list called 'paragraphs'"),
        (
            {"data": [{"paragraphs": [{"qas": []}]}]},
            "article 1, paragraph 1: expected an object with a string 'context'",
        ),
        (squad_object([*ENTRIES, ENTRIES[0]]), "question q1 occurs twice"),
        (broken(lambda p: p.update(qas=5)), "article 1, paragraph 2: 'qas' is 5; expected a list"),
        (broken(lambda p: p.update(qas=["x"])), "article 1, paragraph 2: a question is 'x'; expected an object"),
        (broken(lambda p: p["qas"][0].update(id=7)), "article 1, paragraph 2: a question is"),
        (broken(lambda p: p["qas"][0].pop("question")), "question q2: expected 'question' as text; found missing"),
        (broken(lambda p: p["qas"][0].pop("answers")), "question q2: expected a list called 'answers'; found missing"),
        (
            broken(lambda p: p["qas"][0].update(answers=["1989"])),
            "question q2: 'answers' is ['1989']; expected objects",
        ),
        (broken(lambda p: p["qas"][0].update(answers=[{"text": 1989}])), "question q2: 'answers' is"),
    ],
)
def test_a_file_that_is_not_squad_is_named_with_the_question(write: Write, content: Any, message: str) -> None:
    path = write("bad.json", content)
    with pytest.raises(InputError) as error:
        read_squad(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_offsets_do_not_matter_to_the_measures(write: Write) -> None:
    content = squad_object(ENTRIES)
    content["data"][0]["paragraphs"][0]["qas"][0]["answers"] = [{"text": "CFTR", "answer_start": -7}, {"text": "x"}]
    assert read_squad(write("dev.json", content)).questions[0].answers == ("CFTR", "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not a file of predictions: expected a JSON object from question ids to strings"),
        (["a"], "not a file of predictions"),
        ({"q1": None}, "question q1: found missing; expected strings"),
        ({"q1": ["CFTR"]}, "question q1: found ['CFTR']; expected strings"),
    ],
)
def test_predictions_that_are_none_are_named(write: Write, content: Any, message: str) -> None:
    path = write("bad.json", content)
    with pytest.raises(InputError) as error:
        read_predictions(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"q1": NaN}', "question q1: found nan; expected numbers"),
        ({"q1": True}, "question q1: found True; expected numbers"),
        ({"q1": "0.5"}, "question q1: found '0.5'; expected numbers"),
        ({"q2": 0.5}, "no probability for question q1"),
    ],
)
def test_probabilities_that_are_none_are_named(write: Write, content: Any, message: str) -> None:
    path = write("bad.json", content)
    with pytest.raises(InputError) as error:
        read_predictions(write("answers.json", {"q1": "CFTR"}), path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    predictions = Predictions({"q1": "β-cells \ud800", "q2": ""})
    write_predictions(tmp_path / "answers.json", predictions)
    assert read_predictions(tmp_path / "answers.json") == predictions


def test_a_folder_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Is a directory"):
        write_predictions(tmp_path, Predictions({}))


def test_predictions_are_scored_and_printed_as_data(run: Run, write: Write) -> None:
    gold = write("dev.json.gz", gzip.compress(json.dumps(squad_object(ENTRIES)).encode()))
    answers = write("answers.json", {"q1": "cftr!", "q2": "in 1989", "q3": "glucagon", "q4": "Pancreas"})
    outcome = run("eval", "squad", gold, answers, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert (found["exact_match"], found["total"], found["missing"]) == (50.0, 4, 0)
    assert found["f1"] == pytest.approx(100 * (1 + 2 / 3 + 0 + 1) / 4)


def test_missing_predictions_are_told_about(run: Run, write: Write) -> None:
    gold, answers = write("dev.json", squad_object(ENTRIES)), write("answers.json", {"q1": "CFTR", "other": "x"})
    outcome = run("eval", "squad", gold, answers)
    assert outcome.status == 0
    assert outcome.err == "warning: 3 of 4 questions have no prediction and count as wrong: q2 ...\n"
    assert "exact_match          4  25.00" in outcome.out


def test_the_reader_is_scored_and_saved(run: Run, write: Write, tmp_path: Path) -> None:
    gold, saved = write("dev.json", squad_object(ENTRIES)), tmp_path / "answers.json"
    read = run("eval", "squad", gold, "--limit", "2", "--save", saved, "--json")
    assert (read.status, read.err) == (0, "")
    assert json.loads(read.out)["total"] == 2
    assert list(json.loads(saved.read_text())) == ["q1", "q2"]
    assert run("eval", "squad", gold, saved, "--limit", "2", "--json").out == read.out


def test_probabilities_give_the_best_scores(run: Run, write: Write) -> None:
    gold = write("dev.json", squad_object([*ENTRIES, ("q5", INSULIN, "Who sings?", [])], is_impossible=False))
    answers = write("answers.json", {"q1": "CFTR", "q2": "1989", "q3": "Insulin", "q4": "pancreas", "q5": "beta"})
    chances = write("chances.json", {"q1": 0.1, "q2": 0.2, "q3": 0.3, "q4": 0.4, "q5": 0.9})
    found = json.loads(run("eval", "squad", gold, answers, "--na-probs", chances, "--json").out)
    assert (found["exact"], found["best_exact"], found["best_exact_thresh"]) == (80.0, 100.0, 0.4)


def test_calls_that_make_no_sense_are_refused(run: Run, write: Write, tmp_path: Path) -> None:
    gold, answers = write("dev.json", squad_object(ENTRIES)), write("answers.json", {"q1": "CFTR"})
    strange, chances = write("strange.json", {"x": "y"}), write("chances.json", {"q1": 0.5})
    for arguments, message in [
        ((gold, answers, "--save", tmp_path / "x.json"), "leave out PREDICTIONS"),
        ((gold, answers, "--reader", tmp_path), "leave out PREDICTIONS"),
        ((gold, "--na-probs", chances), "--na-probs needs PREDICTIONS"),
        ((gold, answers, "--na-probs", chances), "SQuAD 1.1"),
        ((gold, "--save", tmp_path / "none" / "x.json"), "there is no folder"),
        ((gold, "--reader", tmp_path / "none"), "no model there"),
        ((gold, strange), "answers no question of"),
        ((tmp_path / "none.json", answers), "none.json: No such file"),
        ((gold, tmp_path / "none.json"), "none.json: No such file"),
    ]:
        outcome = run("eval", "squad", *arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert message in outcome.err
