"""Fitting the confidence that ships with a reader: logistic models over BioASQ questions asked of an index."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from math import floor
from pathlib import Path

import numpy as np

from bioqa.eval.bioasq import is_correct
from bioqa.eval.confidence import expected_calibration_error
from bioqa.eval.gold import GoldQuestion
from bioqa.index import analyzer
from bioqa.index.errors import InputError
from bioqa.index.hybrid import DEPTH
from bioqa.index.progress import Progress, Silent
from bioqa.index.runtime import Array
from bioqa.qa.calibration import FILE, HELD_OUT, Logistic
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.response import Response
from bioqa.train import export

_HELD_BACK = 0.03  # share of right answers that abstention may cost
# Items of a list are cut out of enumerations and of any length: on years 9 and 10 these told nothing of them.
_NOT_OF_LISTS = ("enumerates", "words")
_RIDGE = 1e-4  # penalty on the weights of standardised features: keeps them finite where classes separate


class SearchSetting(StrEnum):
    """What a question was allowed to find, and so how answerable it was."""

    WHOLE = "the whole index"
    NO_GOLD = "all but its gold documents"
    UNKNOWN = "nothing that holds its rarest term: a subject that the index has never heard of"


_WEIGHT = {
    SearchSetting.WHOLE: 1.0,
    SearchSetting.NO_GOLD: 0.2,
    SearchSetting.UNKNOWN: 0.2,
}  # most questions are asked where they can be answered


@dataclass(slots=True)
class Observations:
    """The rows that one model is fitted on: features, whether it was right, which question, and in which view."""

    features: list[dict[str, float]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    question: list[int] = field(default_factory=list)
    view: list[SearchSetting] = field(default_factory=list)

    def add(self, features: dict[str, float], right: bool, question: int, view: SearchSetting) -> None:
        """Add one row."""
        self.features.append(features)
        self.right.append(right)
        self.question.append(question)
        self.view.append(view)

    def where(self, keep: Callable[[dict[str, float], SearchSetting], bool]) -> "Observations":
        """The rows for whose features and view `keep` holds."""
        kept = Observations()
        for row in zip(self.features, self.right, self.question, self.view, strict=True):
            if keep(row[0], row[3]):
                kept.add(*row)
        return kept


def collect(gold: Sequence[GoldQuestion], engine: Engine, progress: Progress | None = None) -> dict[str, Observations]:
    """Ask every question in every view, and note the features of what comes back and whether it is right."""
    samples = {name: Observations() for name in ("factoid", "list", "yesno", "found")}
    config = AskConfig(min_confidence=0.0, top=sys.maxsize)
    for place, question in enumerate(gold):
        asked = engine.analyze(question.body, config, question.type)
        hits = engine.index.search(asked.query, DEPTH)
        rarest = max(asked.terms.known, key=asked.terms.weights.__getitem__, default="")
        views = {
            SearchSetting.WHOLE: hits,
            SearchSetting.NO_GOLD: [hit for hit in hits if hit.passage.document.id not in question.documents],
            SearchSetting.UNKNOWN: [hit for hit in hits if rarest not in analyzer.terms(hit.passage.document.text)],
        }
        for view, seen in views.items():
            response = engine.answer(asked, seen[: config.passages], config)
            _add_rows(samples, question, place, response, view)
        (progress or Silent()).update((place + 1) / len(gold), place + 1)
    return samples


def _add_rows(
    samples: dict[str, Observations], gold: GoldQuestion, place: int, response: Response, view: SearchSetting
) -> None:
    samples["found"].add(dict(response.relevance_features), _found(gold, response.readings), place, view)
    if gold.type is QuestionType.SUMMARY:
        return
    if not gold.exact or (gold.type is QuestionType.YESNO and view is not SearchSetting.WHOLE):
        return  # without evidence there is nothing to learn about what evidence says
    synonyms = [text for item in gold.exact for text in item]
    for answer in response.answers:
        right = gold.exact[0][0] == "yes" if gold.type is QuestionType.YESNO else is_correct(answer.text, synonyms)
        samples[gold.type].add(dict(answer.features), right, place, view)


def _found(gold: GoldQuestion, readings: Sequence[Reading]) -> bool:
    return any(reading.context.passage.document.id in gold.documents for reading in readings)


def fit(sample: Observations, without: Sequence[str] = ()) -> Logistic:
    """The logistic model of a sample by Newton's method, with a small ridge penalty; its threshold is still 0. The
    features in `without` get no weight.

    Raises InputError where the sample does not hold both outcomes.
    """
    if len(set(sample.right)) < 2:
        raise InputError("nothing to fit on: every type needs questions that come out right and others that do not")
    names = sorted(set(sample.features[0]) - set(without))
    raw = np.array([[row[name] for name in names] for row in sample.features])
    mean, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    design = np.column_stack([(raw - mean) / spread, np.ones(len(raw))])
    outcome = np.array(sample.right, dtype=float)
    counts = np.array([_WEIGHT[view] for view in sample.view])
    penalty = np.diag([_RIDGE * len(raw)] * len(names) + [0.0])
    weights: Array = np.zeros(design.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (counts * (outcome - predicted)) - penalty @ weights
        curvature = (design * (counts * predicted * (1 - predicted))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    scaled = weights[:-1] / spread
    return Logistic(dict(zip(names, scaled.tolist(), strict=True)), float(weights[-1] - scaled @ mean), 0.0)


def probabilities(model: Logistic, sample: Observations) -> Array:
    """The model's probability for each row of a sample: float64, shape (n,)."""
    return np.array([model.probability(row) for row in sample.features])


def fit_all(samples: Mapping[str, Observations], gold: Sequence[GoldQuestion]) -> dict[str, Logistic]:
    """All models that a reader ships with, each with its threshold."""
    models = {name: fit(sample, _NOT_OF_LISTS if name == QuestionType.LIST else ()) for name, sample in samples.items()}
    thresholds = {
        "factoid": answer_threshold(models["factoid"], most_probable(models["factoid"], samples["factoid"])),
        "list": list_threshold(models["list"], samples["list"], gold),
        "yesno": 0.5,
        "found": answer_threshold(models["found"], samples["found"]),
    }
    return {name: replace(fitted, threshold=floor(thresholds[name] * 1000) / 1000) for name, fitted in models.items()}


def answer_threshold(model: Logistic, sample: Observations) -> float:
    """The highest threshold that holds back at most three in a hundred of what is right, the whole index asked.

    A wrong "I don't know" costs a user more than an answer that is shown to be unsure.

    Raises InputError where nothing is right.
    """
    whole = sample.where(_of_the_whole_index)
    if not any(whole.right):
        raise InputError("nothing to fit on: of the whole index, nothing comes out right first; give more questions")
    return float(np.quantile(probabilities(model, whole)[np.array(whole.right)], _HELD_BACK))


def list_threshold(model: Logistic, sample: Observations, gold: Sequence[GoldQuestion]) -> float:
    """The threshold with the best mean F-measure over list questions asked of the whole index."""
    whole = sample.where(_of_the_whole_index)
    predicted, right, place = probabilities(model, whole), np.array(whole.right), np.array(whole.question)
    best = (-1.0, 0.0)
    for threshold in np.arange(0.02, 0.8, 0.02):
        scores = []
        for number in np.unique(place):
            given = (place == number) & (predicted >= threshold)
            scores.append(2 * (right & given).sum() / max(1, given.sum() + len(gold[number].exact)))
        best = max(best, (float(np.mean(scores)), float(threshold)))
    return best[1]


def most_probable(model: Logistic, sample: Observations) -> Observations:
    """The most probable row of each question in each view."""
    best: dict[tuple[int, SearchSetting], int] = {}
    predicted = probabilities(model, sample)
    for row, asked in enumerate(zip(sample.question, sample.view, strict=True)):
        if asked not in best or predicted[row] > predicted[best[asked]]:
            best[asked] = row
    kept = set(best.values())
    rows = zip(sample.features, sample.right, sample.question, sample.view, strict=True)
    found = Observations()
    for row, values in enumerate(rows):
        if row in kept:
            found.add(*values)
    return found


def calibration_errors(models: Mapping[str, Logistic], samples: Mapping[str, Observations]) -> dict[str, float]:
    """The expected calibration error of each model where the whole index was asked; of the first factoid answers.

    None of a model that nothing was asked of.
    """
    found = {}
    for name, sample in samples.items():
        checked = sample.where(_of_the_whole_index)
        checked = most_probable(models[name], checked) if name == "factoid" else checked
        if not checked.right:
            continue
        found[name] = expected_calibration_error(probabilities(models[name], checked), np.array(checked.right))
    return found


def selective_accuracy(model: Logistic, sample: Observations, least: float) -> dict[str, float]:
    """What it buys to answer factoid questions only from a probability of `least` on: the share (0..1) answered, how
    many of those answers are right, and how many would be if all were answered. Nothing where none was asked."""
    first = most_probable(model, sample.where(_of_the_whole_index))
    if not first.right:
        return {}
    right, answered = np.array(first.right), probabilities(model, first) >= least
    accuracy = float(right[answered].mean()) if answered.any() else 1.0
    shares = {"answered": float(answered.mean()), "accuracy": accuracy, "accuracy_of_all": float(right.mean())}
    return {"least": least, "questions": len(right), **{name: round(share, 3) for name, share in shares.items()}}


def _of_the_whole_index(_: Mapping[str, float], view: SearchSetting) -> bool:
    return view is SearchSetting.WHOLE


def save(models: Mapping[str, Logistic], folder: Path, held_out: Mapping[str, float] | None = None) -> None:
    """Write the fitted models into a reader's folder, with what `bought` found on held-out questions, and enter their
    digest in its card."""
    found: dict[str, object] = {name: asdict(fitted) for name, fitted in models.items()}
    if held_out:
        found[HELD_OUT] = dict(held_out)
    export.add_file(folder, "reader", FILE, (json.dumps(found, indent=1) + "\n").encode())
