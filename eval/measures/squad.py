"""The measures of SQuAD, equal to those of evaluate-v1.1.py and evaluate-v2.0.py: exact match and F1 over words.

The scripts treat an answer of only articles and punctuation differently: two such answers have an F1 of 0 in 1.1, and
count as no answer in 2.0. In both versions a question without a prediction counts as wrong here, even if it has no
answer. (The 2.0 script omits it from some figures and fails on others.)
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bioqa.eval.datasets.squad import Predictions, SquadDataset, SquadQuestion
from bioqa.eval.measures import bootstrap
from bioqa.eval.measures.base import Measure, mean
from bioqa.eval.tables import Table

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class BestScore:
    """The best score, from 0 to 1, over all thresholds: answers whose probability of no answer exceeds `threshold` are
    withdrawn."""

    score: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SquadScores:
    """The measures, from 0 to 1, under the names of the official script for the version.

    `missing` holds the questions without a prediction. `best` is empty without probabilities of no answer.
    """

    version: str
    measures: Mapping[str, Measure]
    best: Mapping[str, BestScore]
    missing: tuple[str, ...]


def normalize(answer: str) -> str:
    """The form of an answer that SQuAD compares: lower case, no ASCII punctuation, articles or extra white space."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(prediction: str, answer: str) -> float:
    """1 if both are equal after normalisation, else 0."""
    return float(normalize(prediction) == normalize(answer))


def f1(prediction: str, answer: str, *, unanswerable: bool) -> float:
    """The harmonic mean of precision and recall of words. If neither has words: 1 in SQuAD 2.0, 0 in 1.1."""
    predicted, expected = normalize(prediction).split(), normalize(answer).split()
    if unanswerable and not (predicted and expected):
        return float(predicted == expected)
    common = (Counter(predicted) & Counter(expected)).total()
    if not common:
        return 0.0
    precision, recall = common / len(predicted), common / len(expected)
    return 2 * precision * recall / (precision + recall)


def score(dataset: SquadDataset, predictions: Predictions) -> SquadScores:
    """The scores of predictions. Predictions for other questions are ignored."""
    scored = {
        "exact" if dataset.unanswerable else "exact_match": _scores(dataset, predictions, exact_match),
        "f1": _scores(dataset, predictions, partial(f1, unanswerable=dataset.unanswerable)),
    }
    groups = {"": dataset.questions}
    if dataset.unanswerable:
        groups["HasAns_"] = tuple(question for question in dataset.questions if question.answers)
        groups["NoAns_"] = tuple(question for question in dataset.questions if not question.answers)
    return SquadScores(
        version="2.0" if dataset.unanswerable else "1.1",
        measures={
            prefix + name: mean([scores[question.id] for question in questions])
            for prefix, questions in groups.items()
            if questions
            for name, scores in scored.items()
        },
        best={
            f"best_{name}": _best(dataset, predictions.answers, predictions.no_answer, scores)
            for name, scores in scored.items()
            if dataset.unanswerable and predictions.no_answer is not None
        },
        missing=tuple(question.id for question in dataset.questions if question.id not in predictions.answers),
    )


def _scores(dataset: SquadDataset, predictions: Predictions, compare: Callable[[str, str], float]) -> dict[str, float]:
    """The score of each question against its most similar answer."""
    return {
        question.id: max(compare(predictions.answers[question.id], answer) for answer in _answers(question, dataset))
        if question.id in predictions.answers
        else 0.0
        for question in dataset.questions
    }


def _answers(question: SquadQuestion, dataset: SquadDataset) -> Sequence[str]:
    if not dataset.unanswerable:
        return question.answers
    return [answer for answer in question.answers if normalize(answer)] or [""]


def _best(
    dataset: SquadDataset, answers: Mapping[str, str], no_answer: Mapping[str, float], scores: Mapping[str, float]
) -> BestScore:
    """The official search over thresholds: starts with every answer withdrawn, then adds the surest ones one by one."""
    answerable = {question.id: bool(question.answers) for question in dataset.questions}
    gained = best = float(sum(not answerable[identity] for identity in answerable if identity in answers))
    threshold = 0.0
    for identity in sorted(no_answer, key=lambda identity: no_answer[identity]):
        if identity in answers and identity in answerable:
            gained += scores[identity] if answerable[identity] else -bool(answers[identity])
            if gained > best:
                best, threshold = gained, no_answer[identity]
    return BestScore(best / len(dataset.questions), threshold)


def as_object(scores: SquadScores) -> dict[str, Any]:
    """The scores for `--json`, with the names and the scale (percent) of the official scripts."""
    measures = {name: 100 * measure.value for name, measure in scores.measures.items()}
    totals = {
        name.removesuffix("f1") + "total": len(measure.per_question)
        for name, measure in scores.measures.items()
        if name.endswith("f1")
    }
    best = {
        key: value
        for name, best_score in scores.best.items()
        for key, value in ((name, 100 * best_score.score), (f"{name}_thresh", best_score.threshold))
    }
    intervals = {name: bootstrap.interval(measure) for name, measure in scores.measures.items()}
    return {
        "version": scores.version,
        **measures,
        **totals,
        **best,
        "missing": len(scores.missing),
        "intervals": {name: [100 * interval.low, 100 * interval.high] for name, interval in intervals.items()},
    }


def table(scores: SquadScores) -> Table:
    """The scores in percent with their 95% intervals, and the best scores with their thresholds."""
    rows = []
    for name, measure in scores.measures.items():
        interval = bootstrap.interval(measure)
        bounds = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}"
        rows.append((name, len(measure.per_question), f"{100 * measure.value:.2f}", bounds))
    total = len(scores.measures["f1"].per_question)
    for name, best in scores.best.items():
        rows.append((name, total, f"{100 * best.score:.2f}", f"no answer above {best.threshold:.4g}"))
    return Table(f"SQuAD {scores.version}, percent", ("measure", "questions", "value", "95% interval"), rows)
