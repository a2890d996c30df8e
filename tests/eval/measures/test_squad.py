import string
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.datasets.squad import Predictions, SquadDataset, SquadQuestion
from bioqa.eval.measures.squad import as_object, exact_match, f1, normalize, score, table
from bioqa.eval.tables import text as shown


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
    assert normalize(answer) == expected


@pytest.mark.parametrize("unanswerable", [False, True])
def test_f1_is_that_worked_out_by_hand(unanswerable: bool) -> None:
    assert f1("the beta cells of Langerhans", "beta cells", unanswerable=unanswerable) == pytest.approx(
        2 * (2 / 4) * 1 / (2 / 4 + 1)
    )
    assert f1("a a cells cells", "cells", unanswerable=unanswerable) == pytest.approx(2 / 3)
    assert f1("insulin", "glucagon", unanswerable=unanswerable) == 0


def test_two_answers_without_words_agree_in_2_only() -> None:
    assert (f1("the", "A.", unanswerable=False), f1("the", "A.", unanswerable=True)) == (0, 1)
    assert exact_match("the", "A.") == 1


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
    dataset: SquadDataset, answers: Mapping[str, str], no_answer: Mapping[str, float], raw: Mapping[str, float]
) -> float:
    """Every threshold is tried: what is above it counts as no answer."""

    def total(threshold: float) -> float:
        kept = [question for question in dataset.questions if no_answer[question.id] <= threshold]
        right = sum(raw[q.id] if q.answers else float(answers[q.id] == "") for q in kept)
        return right + sum(not q.answers for q in dataset.questions if q not in kept)

    return max(total(threshold) for threshold in [-1.0, *no_answer.values()])


@given(ANSWERS)
def test_normalization_is_that_of_the_rules(answer: str) -> None:
    assert normalize(answer).split() == slow_words(answer)


@given(st.lists(st.tuples(ANSWERS, st.lists(ANSWERS, min_size=1, max_size=3)), min_size=1, max_size=5))
def test_the_measures_of_1_are_those_of_the_rules(cases: list[tuple[str, list[str]]]) -> None:
    questions = tuple(SquadQuestion(str(i), "?", "", tuple(golds)) for i, (_, golds) in enumerate(cases))
    found = score(
        SquadDataset(questions, unanswerable=False), Predictions({str(i): p for i, (p, _) in enumerate(cases)})
    )
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
    dataset = SquadDataset(
        tuple(SquadQuestion(str(i), "?", "", tuple(g)) for i, (_, g) in enumerate(cases)), unanswerable=True
    )
    answers = {str(i): prediction for i, (prediction, _) in enumerate(cases)}
    no_answer = {str(i): order[i] / 6 for i in range(len(cases))}
    found = score(dataset, Predictions(answers, no_answer))
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
        assert best.score == pytest.approx(slow_best(dataset, answers, no_answer, raw) / len(cases))
        assert best.threshold in (0.0, *no_answer.values())


def test_a_perturbed_file_scores_less_the_more_it_is_perturbed(squad_questions: tuple[SquadQuestion, ...]) -> None:
    dataset = SquadDataset(squad_questions, unanswerable=False)
    right = {question.id: question.answers[0] for question in dataset.questions}
    steps = [right, right | {"q1": "The CFTR, gene!"}, right | {"q1": "gene"}, right | {"q1": "gene", "q2": ""}, {}]
    values = [score(dataset, Predictions(step)).measures["f1"].value for step in steps]
    assert values[:2] == [1, 1]
    assert all(more > less for more, less in pairwise(values[1:]))


def test_a_question_without_prediction_is_wrong_even_if_it_has_no_answer() -> None:
    entries = (SquadQuestion("1", "?", "", ("a b",)), SquadQuestion("2", "?", "", ()), SquadQuestion("3", "?", "", ()))
    found = score(SquadDataset(entries, unanswerable=True), Predictions({"3": ""}, {"3": 0.9}))
    assert found.missing == ("1", "2")
    assert (found.measures["exact"].value, found.measures["NoAns_f1"].value) == (1 / 3, 1 / 2)
    assert found.best["best_exact"].score == 1 / 3


def test_the_object_has_the_official_names_and_percent() -> None:
    entries = (SquadQuestion("1", "?", "", ("CFTR gene",)), SquadQuestion("2", "?", "", ()))
    dataset = SquadDataset(entries, unanswerable=True)
    found = score(dataset, Predictions({"1": "CFTR", "2": "x", "unknown": "y"}, {"1": 0.2, "2": 0.7, "unknown": 0.1}))
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
