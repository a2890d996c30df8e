"""Logistic models of confidence, their thresholds and errors, fitted on observations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from math import floor
from pathlib import Path

import numpy as np

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.measures.confidence import expected_calibration_error
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError
from bioqa.qa.calibration import FILE, GIVEN, HELD_OUT, Logistic
from bioqa.qa.question_types import QuestionType
from bioqa.train.calibration.observations import WEIGHTS, Observations, SearchSetting
from bioqa.train.export import onnx

KINDS = (QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO)
_WITHHELD = 0.03  # share of correct answers that abstention may cost
# List items come from enumerations and vary in length: on years 9 and 10 these features had no value for them.
_UNUSED_FOR_LISTS = ("enumerates", "words")
_LEAST_SLOPE = 0.1  # of a scale, so that it never turns the order of answers round
_RIDGE = 1e-4  # penalty on the weights of standardised features: keeps them finite for separable classes


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
    counts = np.array([WEIGHTS[setting] for setting in sample.setting])
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


def refuse_unusable(gold: Sequence[GoldQuestion], *, everyday: bool) -> None:
    """Raise InputError for questions on which no confidence can be fitted, before they are asked.

    Each type needs questions with an exact answer; yes and no may come from everyday questions instead.
    """
    answers = {
        kind: [question.exact for question in gold if question.type is kind and question.exact] for kind in KINDS
    }
    missing = [f"no {kind} question with an exact answer" for kind in KINDS[:2] if not answers[kind]]
    verdicts = {exact[0][0] for exact in answers[QuestionType.YESNO]}
    if not everyday:
        missing += [f"no yes/no question whose answer is {word}" for word in ("yes", "no") if word not in verdicts]
    if missing:
        raise InputError(f"too few questions to fit: {', '.join(missing)}; give more gold files")


def probabilities(model: Logistic, sample: Observations) -> Array:
    """The model's probability for each row of a sample: float64, shape (n,)."""
    return np.array([model.probability(row) for row in sample.features])


def fittable(samples: Mapping[str, Observations]) -> dict[str, Observations]:
    """The samples from which a model can be fitted: some answers are correct and some are not."""
    return {name: sample for name, sample in samples.items() if len(set(sample.correct)) == 2}


def fit_all(samples: Mapping[str, Observations], gold: Sequence[GoldQuestion]) -> dict[str, Logistic]:
    """A model for each sample, with its threshold and, for lists, the share of the best item's probability that the
    others need."""
    return {name: _fitted(name, sample, gold) for name, sample in samples.items()}


def _fitted(name: str, sample: Observations, gold: Sequence[GoldQuestion]) -> Logistic:
    if name not in (QuestionType.FACTOID, QuestionType.LIST):
        model = fit(sample)
        return replace(model, threshold=0.5 if name == QuestionType.YESNO else answer_threshold(model, sample))
    judged = sample.where(lambda _, setting: setting is not SearchSetting.EVERYDAY)
    model = fit(judged, _UNUSED_FOR_LISTS if name == QuestionType.LIST else ())
    share = item_share(model, sample, gold) if name == QuestionType.LIST else 0.0
    model = scaled(model, most_probable(model, sample))
    return replace(model, threshold=answer_threshold(model, most_probable(model, sample)), share=share)


def scaled(model: Logistic, firsts: Observations) -> Logistic:
    """The model with its log-odds scaled and shifted so that it says how often first answers are accepted (Platt 1999).

    The order of answers stays: it is fitted on what is correct to the letter.
    """
    log_odds = Observations()
    for features, _, question, setting, accepted in firsts.rows():
        log_odds.add({"log_odds": model.log_odds(features)}, accepted, question, setting)
    if len(set(log_odds.correct)) < 2:
        return model
    scale = fit(log_odds)
    slope = max(scale.weights["log_odds"], _LEAST_SLOPE)
    weights = {feature: slope * weight for feature, weight in model.weights.items()}
    return replace(model, weights=weights, bias=slope * model.bias + scale.bias)


def answer_threshold(model: Logistic, sample: Observations) -> float:
    """The highest threshold that withholds at most 3% of the accepted answers to BioASQ's answerable questions.

    A wrong "I don't know" costs a user more than an answer with a low confidence. Raises InputError if no answer is
    correct.
    """
    answerable = sample.where(_is_answerable)
    if not any(answerable.accepted):
        raise InputError("too few questions to fit: no answerable one is answered correctly; give more")
    withheld = np.quantile(probabilities(model, answerable)[np.array(answerable.accepted)], _WITHHELD)
    return floor(float(withheld) * 1000) / 1000


def item_share(model: Logistic, sample: Observations, gold: Sequence[GoldQuestion]) -> float:
    """The share of the best item's probability that gives the best mean F-measure over the answerable list
    questions."""
    kept = sample.where(_is_answerable)
    predicted, correct, place = probabilities(model, kept), np.array(kept.correct), np.array(kept.question)
    best = (-1.0, 0.0)
    for share in np.arange(0.05, 1.0, 0.05):
        scores = []
        for number in np.unique(place):
            ours = place == number
            returned = ours & (predicted >= share * predicted[ours].max())
            scores.append(2 * (correct & returned).sum() / max(1, returned.sum() + len(gold[number].exact)))
        best = max(best, (float(np.mean(scores)), round(float(share), 2)))
    return best[1]


def most_probable(model: Logistic, sample: Observations) -> Observations:
    """The most probable row of each question in each setting."""
    best: dict[tuple[int, SearchSetting], int] = {}
    predicted = probabilities(model, sample)
    for row, case in enumerate(zip(sample.question, sample.setting, strict=True)):
        if case not in best or predicted[row] > predicted[best[case]]:
            best[case] = row
    kept = set(best.values())
    selected = Observations()
    for row, values in enumerate(sample.rows()):
        if row in kept:
            selected.add(*values)
    return selected


def calibration_errors(models: Mapping[str, Logistic], samples: Mapping[str, Observations]) -> dict[str, float]:
    """The expected calibration error of each model on answerable questions; of factoid answers only the most
    probable count.

    Models without rows are left out.
    """
    errors = {}
    for name, model in models.items():
        checked = samples[name].where(_is_answerable)
        checked = most_probable(model, checked) if name == "factoid" else checked
        if checked.correct:
            errors[name] = expected_calibration_error(probabilities(model, checked), np.array(checked.correct))
    return errors


def selective_accuracy(model: Logistic, sample: Observations, least: float) -> dict[str, float]:
    """The effect of answering factoid questions only at a probability of at least `least`.

    Returns the share (0..1) answered, the accuracy of these, and that of all questions; empty without questions.
    """
    first = most_probable(model, sample.where(_is_answerable))
    if not first.correct:
        return {}
    correct, answered = np.array(first.correct), probabilities(model, first) >= least
    accuracy = float(correct[answered].mean()) if answered.any() else 1.0
    shares = {"answered": float(answered.mean()), "accuracy": accuracy, "accuracy_of_all": float(correct.mean())}
    return {"least": least, "questions": len(correct), **{name: round(share, 3) for name, share in shares.items()}}


def _is_answerable(_: Mapping[str, float], setting: SearchSetting) -> bool:
    return setting is SearchSetting.WHOLE


def save(
    models: Mapping[str, Logistic],
    given: Mapping[str, Logistic],
    folder: Path,
    held_out: Mapping[str, float] | None = None,
) -> None:
    """Write the models for searched and for `given` passages into a reader's folder, with `selective_accuracy` if
    `held_out`, and the file's digest into the card."""
    content: dict[str, object] = {name: asdict(fitted) for name, fitted in models.items()}
    content[GIVEN] = {name: asdict(fitted) for name, fitted in given.items()}
    if held_out:
        content[HELD_OUT] = dict(held_out)
    onnx.add_file(folder, "reader", FILE, (json.dumps(content, indent=1) + "\n").encode())
