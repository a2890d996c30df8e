"""The measures of SQuAD, as evaluate-v1.1.py and evaluate-v2.0.py give them: exact match and F1 over words.

The scripts differ on an answer that is nothing but articles and punctuation: two of them have an F1 of 0 in 1.1, and in
2.0 they are no answer. Decided here: a question without a prediction counts as wrong in both, also one that has no
answer (the 2.0 script leaves it out of some figures and cannot work out others).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bioqa.eval import bootstrap
from bioqa.eval.measure import Measure, mean
from bioqa.eval.squad import Predictions, SquadDataset, SquadQuestion
from bioqa.eval.tables import Table

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Best:
    """The best score, from 0 to 1, that taking answers back can give: all whose probability of no answer is above
    `threshold`."""

    score: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SquadScores:
    """The measures, from 0 to 1, under the names that the official script of the version prints.

    `missing` are the questions without a prediction; `best` is empty unless there are probabilities of no answer.
    """

    version: str
    measures: Mapping[str, Measure]
    best: Mapping[str, Best]
    missing: tuple[str, ...]


def normalized(answer: str) -> str:
    """An answer as SQuAD compares it: lower case, without ASCII punctuation, articles and extra white space."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_NO_PUNCTUATION)).split())


def exact(prediction: str, answer: str) -> float:
    """1 where both are the same when normalized, else 0."""
    return float(normalized(prediction) == normalized(answer))


def f1(prediction: str, answer: str, *, unanswerable: bool) -> float:
    """The harmonic mean of precision and recall of words; of two without any, 1 in SQuAD 2.0 and 0 in 1.1."""
    predicted, wanted = normalized(prediction).split(), normalized(answer).split()
    if unanswerable and not (predicted and wanted):
        return float(predicted == wanted)
    shared = (Counter(predicted) & Counter(wanted)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def score(dataset: SquadDataset, predictions: Predictions) -> SquadScores:
    """The scores of predictions; what they hold for other questions is ignored."""
    scored = {
        "exact" if dataset.unanswerable else "exact_match": _scores(dataset, predictions, exact),
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
    """The score of each question: that against the answer which suits the prediction best."""
    return {
        question.id: max(compare(predictions.answers[question.id], answer) for answer in _answers(question, dataset))
        if question.id in predictions.answers
        else 0.0
        for question in dataset.questions
    }


def _answers(question: SquadQuestion, dataset: SquadDataset) -> Sequence[str]:
    if not dataset.unanswerable:
        return question.answers
    return [answer for answer in question.answers if normalized(answer)] or [""]


def _best(
    dataset: SquadDataset, answers: Mapping[str, str], no_answer: Mapping[str, float], scores: Mapping[str, float]
) -> Best:
    """The official search: every answer is taken back at first, then they are given one by one, the surest first."""
    answerable = {question.id: bool(question.answers) for question in dataset.questions}
    gained = best = float(sum(not answerable[identity] for identity in answerable if identity in answers))
    threshold = 0.0
    for identity in sorted(no_answer, key=lambda identity: no_answer[identity]):
        if identity in answers and identity in answerable:
            gained += scores[identity] if answerable[identity] else -bool(answers[identity])
            if gained > best:
                best, threshold = gained, no_answer[identity]
    return Best(best / len(dataset.questions), threshold)


def as_object(scores: SquadScores) -> dict[str, Any]:
    """The scores as `--json` prints them: names and scale (percent) are the official scripts'."""
    measures = {name: 100 * measure.value for name, measure in scores.measures.items()}
    totals = {
        name.removesuffix("f1") + "total": len(measure.rows)
        for name, measure in scores.measures.items()
        if name.endswith("f1")
    }
    best = {
        key: value
        for name, found in scores.best.items()
        for key, value in ((name, 100 * found.score), (f"{name}_thresh", found.threshold))
    }
    bounds = {name: bootstrap.interval(measure) for name, measure in scores.measures.items()}
    return {
        "version": scores.version,
        **measures,
        **totals,
        **best,
        "missing": len(scores.missing),
        "intervals": {name: [100 * found.low, 100 * found.high] for name, found in bounds.items()},
    }


def table(scores: SquadScores) -> Table:
    """The scores in percent, each with its 95% interval, or the threshold that gives the best one."""
    rows = []
    for name, measure in scores.measures.items():
        bounds = bootstrap.interval(measure)
        interval = f"{100 * bounds.low:.2f} to {100 * bounds.high:.2f}"
        rows.append((name, len(measure.rows), f"{100 * measure.value:.2f}", interval))
    total = len(scores.measures["f1"].rows)
    for name, best in scores.best.items():
        rows.append((name, total, f"{100 * best.score:.2f}", f"no answer above {best.threshold:.4g}"))
    return Table(f"SQuAD {scores.version}, percent", ("measure", "questions", "value", "95% interval"), rows)
