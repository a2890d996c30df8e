"""Calibration of a reader: logistic models of confidence, fitted on BioASQ questions over an index."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from math import floor
from pathlib import Path

import numpy as np

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.measures.bioasq import is_correct
from bioqa.eval.measures.confidence import expected_calibration_error
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError
from bioqa.index.progress import NoProgress, Progress
from bioqa.index.search.hybrid import DEPTH
from bioqa.index.text import analyzer
from bioqa.qa.calibration import FILE, HELD_OUT, Logistic
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.response import Response
from bioqa.train.export import onnx

_WITHHELD = 0.03  # share of correct answers that abstention may cost
# List items come from enumerations and vary in length: on years 9 and 10 these features had no value for them.
_UNUSED_FOR_LISTS = ("enumerates", "words")
_RIDGE = 1e-4  # penalty on the weights of standardised features: keeps them finite for separable classes


class SearchSetting(StrEnum):
    """What a question may retrieve, and so how answerable it is."""

    WHOLE = "the whole index"
    NO_GOLD = "all but its gold documents"
    UNKNOWN = "no document with its rarest term: a subject that the index does not cover"


_WEIGHT = {
    SearchSetting.WHOLE: 1.0,
    SearchSetting.NO_GOLD: 0.2,
    SearchSetting.UNKNOWN: 0.2,
}  # most questions of users are answerable


@dataclass(slots=True)
class Observations:
    """The training data of one logistic model: features, correctness, question and search setting of each row."""

    features: list[dict[str, float]] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)
    question: list[int] = field(default_factory=list)
    setting: list[SearchSetting] = field(default_factory=list)

    def add(self, features: dict[str, float], correct: bool, question: int, setting: SearchSetting) -> None:
        """Add one row."""
        self.features.append(features)
        self.correct.append(correct)
        self.question.append(question)
        self.setting.append(setting)

    def where(self, keep: Callable[[dict[str, float], SearchSetting], bool]) -> "Observations":
        """The rows for which `keep` is true of features and setting."""
        kept = Observations()
        for row in zip(self.features, self.correct, self.question, self.setting, strict=True):
            if keep(row[0], row[3]):
                kept.add(*row)
        return kept


def collect(gold: Sequence[GoldQuestion], engine: Engine, progress: Progress | None = None) -> dict[str, Observations]:
    """The features and correctness of the answers to every question in every search setting."""
    samples = {name: Observations() for name in ("factoid", "list", "yesno", "found")}
    config = AskConfig(min_confidence=0.0, top=sys.maxsize)
    for place, question in enumerate(gold):
        analyzed = engine.analyze(question.body, config, question.type)
        hits = engine.index.search(analyzed.query, DEPTH)
        rarest = max(analyzed.terms.known, key=analyzed.terms.weights.__getitem__, default="")
        hits_by_setting = {
            SearchSetting.WHOLE: hits,
            SearchSetting.NO_GOLD: [hit for hit in hits if hit.passage.document.id not in question.documents],
            SearchSetting.UNKNOWN: [hit for hit in hits if rarest not in analyzer.terms(hit.passage.document.text)],
        }
        for setting, allowed in hits_by_setting.items():
            response = engine.answer(analyzed, allowed[: config.passages], config)
            _add_rows(samples, question, place, response, setting)
        (progress or NoProgress()).update((place + 1) / len(gold), place + 1)
    return samples


def _add_rows(
    samples: dict[str, Observations], gold: GoldQuestion, place: int, response: Response, setting: SearchSetting
) -> None:
    samples["found"].add(dict(response.relevance_features), _has_gold_document(gold, response.readings), place, setting)
    if gold.type is QuestionType.SUMMARY:
        return
    if not gold.exact or (gold.type is QuestionType.YESNO and setting is not SearchSetting.WHOLE):
        return  # without evidence, nothing is learned about how evidence bears on the answer
    synonyms = [text for item in gold.exact for text in item]
    for answer in response.answers:
        correct = gold.exact[0][0] == "yes" if gold.type is QuestionType.YESNO else is_correct(answer.text, synonyms)
        samples[gold.type].add(dict(answer.features), correct, place, setting)


def _has_gold_document(gold: GoldQuestion, readings: Sequence[Reading]) -> bool:
    return any(reading.context.passage.document.id in gold.documents for reading in readings)


def fit(sample: Observations, without: Sequence[str] = ()) -> Logistic:
    """The logistic model of a sample by Newton's method with a small ridge penalty; its threshold is 0.

    The features in `without` get no weight. Raises InputError for a sample with only one outcome.
    """
    if len(set(sample.correct)) < 2:
        raise InputError("too few questions to fit: each type needs some answered correctly and some not; give more")
    names = sorted(set(sample.features[0]) - set(without))
    raw = np.array([[row[name] for name in names] for row in sample.features])
    mean, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    design = np.column_stack([(raw - mean) / spread, np.ones(len(raw))])
    outcome = np.array(sample.correct, dtype=float)
    counts = np.array([_WEIGHT[setting] for setting in sample.setting])
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
    """All models of a calibration with their thresholds."""
    models = {
        name: fit(sample, _UNUSED_FOR_LISTS if name == QuestionType.LIST else ()) for name, sample in samples.items()
    }
    thresholds = {
        "factoid": answer_threshold(models["factoid"], most_probable(models["factoid"], samples["factoid"])),
        "list": list_threshold(models["list"], samples["list"], gold),
        "yesno": 0.5,
        "found": answer_threshold(models["found"], samples["found"]),
    }
    return {name: replace(fitted, threshold=floor(thresholds[name] * 1000) / 1000) for name, fitted in models.items()}


def answer_threshold(model: Logistic, sample: Observations) -> float:
    """The highest threshold that withholds at most 3% of the correct answers over the whole index.

    A wrong "I don't know" costs a user more than an answer with a low confidence. Raises InputError if no answer is
    correct.
    """
    whole = sample.where(_is_whole_index)
    if not any(whole.correct):
        raise InputError("too few questions to fit: none is answered correctly over the whole index; give more")
    return float(np.quantile(probabilities(model, whole)[np.array(whole.correct)], _WITHHELD))


def list_threshold(model: Logistic, sample: Observations, gold: Sequence[GoldQuestion]) -> float:
    """The threshold with the best mean F-measure over list questions on the whole index."""
    whole = sample.where(_is_whole_index)
    predicted, correct, place = probabilities(model, whole), np.array(whole.correct), np.array(whole.question)
    best = (-1.0, 0.0)
    for threshold in np.arange(0.02, 0.8, 0.02):
        scores = []
        for number in np.unique(place):
            returned = (place == number) & (predicted >= threshold)
            scores.append(2 * (correct & returned).sum() / max(1, returned.sum() + len(gold[number].exact)))
        best = max(best, (float(np.mean(scores)), float(threshold)))
    return best[1]


def most_probable(model: Logistic, sample: Observations) -> Observations:
    """The most probable row of each question in each setting."""
    best: dict[tuple[int, SearchSetting], int] = {}
    predicted = probabilities(model, sample)
    for row, case in enumerate(zip(sample.question, sample.setting, strict=True)):
        if case not in best or predicted[row] > predicted[best[case]]:
            best[case] = row
    kept = set(best.values())
    rows = zip(sample.features, sample.correct, sample.question, sample.setting, strict=True)
    selected = Observations()
    for row, values in enumerate(rows):
        if row in kept:
            selected.add(*values)
    return selected


def calibration_errors(models: Mapping[str, Logistic], samples: Mapping[str, Observations]) -> dict[str, float]:
    """The expected calibration error of each model over the whole index; of factoid answers only the most probable
    count.

    Models without rows are left out.
    """
    errors = {}
    for name, sample in samples.items():
        checked = sample.where(_is_whole_index)
        checked = most_probable(models[name], checked) if name == "factoid" else checked
        if not checked.correct:
            continue
        errors[name] = expected_calibration_error(probabilities(models[name], checked), np.array(checked.correct))
    return errors


def selective_accuracy(model: Logistic, sample: Observations, least: float) -> dict[str, float]:
    """The effect of answering factoid questions only at a probability of at least `least`.

    Returns the share (0..1) answered, the accuracy of these, and that of all questions; empty without questions.
    """
    first = most_probable(model, sample.where(_is_whole_index))
    if not first.correct:
        return {}
    correct, answered = np.array(first.correct), probabilities(model, first) >= least
    accuracy = float(correct[answered].mean()) if answered.any() else 1.0
    shares = {"answered": float(answered.mean()), "accuracy": accuracy, "accuracy_of_all": float(correct.mean())}
    return {"least": least, "questions": len(correct), **{name: round(share, 3) for name, share in shares.items()}}


def _is_whole_index(_: Mapping[str, float], setting: SearchSetting) -> bool:
    return setting is SearchSetting.WHOLE


def save(models: Mapping[str, Logistic], folder: Path, held_out: Mapping[str, float] | None = None) -> None:
    """Write the fitted models into a reader's folder and its digest into the card, with `selective_accuracy` if
    given."""
    content: dict[str, object] = {name: asdict(fitted) for name, fitted in models.items()}
    if held_out:
        content[HELD_OUT] = dict(held_out)
    onnx.add_file(folder, "reader", FILE, (json.dumps(content, indent=1) + "\n").encode())
