import gzip
import json
import string
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.squad import (
    Predictions,
    Squad,
    SquadQuestion,
    predict,
    read_predictions,
    read_squad,
    write_predictions,
)
from bioqa.eval.squad_scores import as_object, exact, f1, normalized, score, table
from bioqa.eval.tables import text as shown
from bioqa.index import model
from bioqa.index.errors import InputError, StorageError
from bioqa.index.progress import Silent
from bioqa.qa.reader import Reader

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
    assert found == Squad(
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
        ({"data": []}, "there are no questions in it"),
        ({"data": ["x"]}, "article 1: expected an object with a list called 'paragraphs'"),
        (
            {"data": [{"paragraphs": [{"qas": []}]}]},
            "article 1, paragraph 1: expected an object with a string 'context'",
        ),
        (squad_object([*ENTRIES, ENTRIES[0]]), "question q1 is there twice"),
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
        ({"q2": 0.5}, "nothing for question q1"),
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


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The  CFTR\tgene.", "cftr gene"),
        ("an A, the THE", ""),
        ("theatre of a banana", "theatre of banana"),
        ("TNF-α", "tnfα"),
        ("“a–b” the’s", "“ –b” ’s"),
        ("a.b.c.", "abc"),
    ],
)
def test_normalization_takes_ascii_punctuation_and_articles(answer: str, expected: str) -> None:
    assert normalized(answer) == expected


@pytest.mark.parametrize("unanswerable", [False, True])
def test_f1_is_that_worked_out_by_hand(unanswerable: bool) -> None:
    assert f1("the beta cells of Langerhans", "beta cells", unanswerable=unanswerable) == pytest.approx(
        2 * (2 / 4) * 1 / (2 / 4 + 1)
    )
    assert f1("a a cells cells", "cells", unanswerable=unanswerable) == pytest.approx(2 / 3)
    assert f1("insulin", "glucagon", unanswerable=unanswerable) == 0


def test_two_answers_without_words_agree_in_2_only() -> None:
    assert (f1("the", "A.", unanswerable=False), f1("the", "A.", unanswerable=True)) == (0, 1)
    assert exact("the", "A.") == 1


# What follows works the measures out once more, from the rules alone.

WORDS = [
    "the",
    "a",
    "An",
    "CFTR",
    "cftr",
    "gene,",
    "gene",
    "β-cells",
    "“b”",
    "naïve",
    ".",
    "a–b",
    "IL 6",
    "\u00a0",
    "İ",
]
ANSWERS = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


def slow_words(answer: str) -> list[str]:
    kept = [character for character in answer.lower() if character not in string.punctuation]
    words, inside = [""], False
    for character in kept:
        if character.isalnum() is not inside:
            words.append("")
            inside = not inside
        words[-1] += character
    return "".join(" " if word in ("a", "an", "the") else word for word in words).split()


def slow_scores(prediction: str, golds: Sequence[str], unanswerable: bool) -> tuple[float, float]:
    if unanswerable:
        golds = [gold for gold in golds if slow_words(gold)] or [""]
    matches, overlaps = [], []
    given_words = slow_words(prediction)
    for gold in golds:
        wanted = slow_words(gold)
        matches.append(float(" ".join(given_words) == " ".join(wanted)))
        left, hits = list(wanted), 0
        for word in given_words:
            if word in left:
                left.remove(word)
                hits += 1
        if unanswerable and (not wanted or not given_words):
            overlaps.append(float(wanted == given_words))
        else:
            overlaps.append(2 / (len(given_words) / hits + len(wanted) / hits) if hits else 0.0)
    return max(matches), max(overlaps)


def slow_best(
    squad: Squad, answers: Mapping[str, str], no_answer: Mapping[str, float], raw: Mapping[str, float]
) -> float:
    """Every threshold is tried: what is above it counts as no answer."""

    def total(threshold: float) -> float:
        kept = [question for question in squad.questions if no_answer[question.id] <= threshold]
        right = sum(raw[q.id] if q.answers else float(answers[q.id] == "") for q in kept)
        return right + sum(not q.answers for q in squad.questions if q not in kept)

    return max(total(threshold) for threshold in [-1.0, *no_answer.values()])


@given(ANSWERS)
def test_normalization_is_that_of_the_rules(answer: str) -> None:
    assert normalized(answer).split() == slow_words(answer)


@given(st.lists(st.tuples(ANSWERS, st.lists(ANSWERS, min_size=1, max_size=3)), min_size=1, max_size=5))
def test_the_measures_of_1_are_those_of_the_rules(cases: list[tuple[str, list[str]]]) -> None:
    questions = tuple(SquadQuestion(str(i), "?", "", tuple(golds)) for i, (_, golds) in enumerate(cases))
    found = score(Squad(questions, unanswerable=False), Predictions({str(i): p for i, (p, _) in enumerate(cases)}))
    slow = [slow_scores(prediction, golds, unanswerable=False) for prediction, golds in cases]
    assert found.version == "1.1"
    assert list(found.measures) == ["exact_match", "f1"]
    assert found.measures["exact_match"].value == pytest.approx(sum(m for m, _ in slow) / len(slow))
    assert found.measures["f1"].value == pytest.approx(sum(o for _, o in slow) / len(slow))


@given(
    st.lists(st.tuples(ANSWERS, st.lists(ANSWERS, max_size=3)), min_size=1, max_size=6),
    st.permutations(range(6)),
)
def test_the_measures_of_2_are_those_of_the_rules(cases: list[tuple[str, list[str]]], order: list[int]) -> None:
    squad = Squad(tuple(SquadQuestion(str(i), "?", "", tuple(g)) for i, (_, g) in enumerate(cases)), unanswerable=True)
    answers = {str(i): prediction for i, (prediction, _) in enumerate(cases)}
    no_answer = {str(i): order[i] / 6 for i in range(len(cases))}
    found = score(squad, Predictions(answers, no_answer))
    slow = [slow_scores(prediction, golds, unanswerable=True) for prediction, golds in cases]
    for place, name in enumerate(("exact", "f1")):
        for prefix, members in (
            ("", slow),
            ("HasAns_", [s for s, (_, golds) in zip(slow, cases, strict=True) if golds]),
            ("NoAns_", [s for s, (_, golds) in zip(slow, cases, strict=True) if not golds]),
        ):
            assert (prefix + name in found.measures) is bool(members)
            if members:
                expected = sum(member[place] for member in members) / len(members)
                assert found.measures[prefix + name].value == pytest.approx(expected)
        raw = {str(i): scores[place] for i, scores in enumerate(slow)}
        best = found.best[f"best_{name}"]
        assert best.score == pytest.approx(slow_best(squad, answers, no_answer, raw) / len(cases))
        assert best.threshold in (0.0, *no_answer.values())


def test_a_perturbed_file_scores_less_the_more_it_is_perturbed() -> None:
    squad = Squad(tuple(SquadQuestion(i, q, c, tuple(a)) for i, c, q, a in ENTRIES), unanswerable=False)
    right = {question.id: question.answers[0] for question in squad.questions}
    steps = [right, right | {"q1": "The CFTR, gene!"}, right | {"q1": "gene"}, right | {"q1": "gene", "q2": ""}, {}]
    values = [score(squad, Predictions(step)).measures["f1"].value for step in steps]
    assert values[:2] == [1, 1]
    assert all(more > less for more, less in pairwise(values[1:]))


def test_a_question_without_prediction_is_wrong_even_if_it_has_no_answer() -> None:
    entries = (SquadQuestion("1", "?", "", ("a b",)), SquadQuestion("2", "?", "", ()), SquadQuestion("3", "?", "", ()))
    found = score(Squad(entries, unanswerable=True), Predictions({"3": ""}, {"3": 0.9}))
    assert found.missing == ("1", "2")
    assert (found.measures["exact"].value, found.measures["NoAns_f1"].value) == (1 / 3, 1 / 2)
    assert found.best["best_exact"].score == 1 / 3


def test_the_object_has_the_official_names_and_percent() -> None:
    entries = (SquadQuestion("1", "?", "", ("CFTR gene",)), SquadQuestion("2", "?", "", ()))
    squad = Squad(entries, unanswerable=True)
    found = score(squad, Predictions({"1": "CFTR", "2": "x", "unknown": "y"}, {"1": 0.2, "2": 0.7, "unknown": 0.1}))
    assert as_object(found) == {
        "version": "2.0",
        "exact": 0.0,
        "f1": pytest.approx(100 / 3),
        "total": 2,
        "HasAns_exact": 0.0,
        "HasAns_f1": pytest.approx(200 / 3),
        "HasAns_total": 1,
        "NoAns_exact": 0.0,
        "NoAns_f1": 0.0,
        "NoAns_total": 1,
        "best_exact": 50.0,
        "best_exact_thresh": 0.0,
        "best_f1": pytest.approx(250 / 3),
        "best_f1_thresh": 0.2,
        "missing": 0,
        "intervals": {name: [pytest.approx(low), pytest.approx(high)] for name, (low, high) in INTERVALS.items()},
    }
    assert "83.33  no answer above 0.2" in shown(table(found))


INTERVALS = {
    "exact": (0, 0),
    "f1": (0, 200 / 3),
    "HasAns_exact": (0, 0),
    "HasAns_f1": (200 / 3, 200 / 3),
    "NoAns_exact": (0, 0),
    "NoAns_f1": (0, 0),
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(model.shipped("reader"))


def test_the_reader_answers_from_each_text(reader: Reader) -> None:
    squad = Squad(tuple(SquadQuestion(i, q, c, tuple(a)) for i, c, q, a in ENTRIES), unanswerable=False)
    found = predict(squad, reader, Silent())
    assert list(found.answers) == ["q1", "q2", "q3", "q4"]
    assert found.no_answer is None
    assert score(squad, found).measures["f1"].value > 0.7


def test_the_reader_reads_what_json_can_hold(reader: Reader) -> None:
    question = SquadQuestion("1", "Which \ud800 gene causes cystic fibrosis?", f"\udfff {CFTR}", ("CFTR",))
    assert "CFTR" in predict(Squad((question,), unanswerable=False), reader, Silent()).answers["1"]


def test_the_reader_says_nothing_where_no_answer_is_likelier(reader: Reader) -> None:
    entries = [SquadQuestion(i, q, c, tuple(a)) for i, c, q, a in ENTRIES]
    squad = Squad((*entries, SquadQuestion("q5", "Who sings?", "", ()), SquadQuestion("q6", "", " \n", ())), True)
    found = predict(squad, reader, Silent())
    assert found.no_answer is not None
    assert (found.answers["q5"], found.answers["q6"]) == ("", "")
    assert (found.no_answer["q5"], found.no_answer["q6"]) == (1, 1)
    assert all((answer == "") is (found.no_answer[identity] > 0.5) for identity, answer in found.answers.items())


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
        ((gold, answers, "--save", tmp_path / "x.json"), "leave PREDICTIONS out"),
        ((gold, answers, "--reader", tmp_path), "leave PREDICTIONS out"),
        ((gold, "--na-probs", chances), "--na-probs goes with PREDICTIONS"),
        ((gold, answers, "--na-probs", chances), "SQuAD 1.1"),
        ((gold, "--save", tmp_path / "none" / "x.json"), "there is no folder"),
        ((gold, "--reader", tmp_path / "none"), "no model there"),
        ((gold, strange), "there is no prediction for any question of"),
        ((tmp_path / "none.json", answers), "none.json: No such file"),
        ((gold, tmp_path / "none.json"), "none.json: No such file"),
    ]:
        outcome = run("eval", "squad", *arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert message in outcome.err
