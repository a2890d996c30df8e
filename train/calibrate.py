"""Fitting the confidence that ships with a reader: logistic models over BioASQ questions asked of an index."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from bioqa.eval.bioasq import GoldQuestion
from bioqa.index.progress import Progress, Silent
from bioqa.index.records import Hit
from bioqa.index.runtime import Array
from bioqa.qa.calibration import FILE, Logistic
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine, Response
from bioqa.qa.normalize import normalize
from bioqa.qa.questions import QuestionType
from bioqa.train import export

_HELD_BACK = 0.05  # share of right answers that abstention may cost
_RIDGE = 1e-4  # penalty on the weights of standardised features: keeps them finite where classes separate


@dataclass(slots=True)
class Sample:
    """Features and outcomes of one model: right or not, and whether gold passages had been left in."""

    features: list[dict[str, float]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    question: list[int] = field(default_factory=list)
    gold_left_in: list[bool] = field(default_factory=list)

    def first_of_each_question(self) -> "Sample":
        """The rows of the answers that came first."""
        first = Sample()
        for row in zip(self.features, self.right, self.question, self.gold_left_in, strict=True):
            if row[0]["place"] == 0:
                first.add(*row)
        return first

    def add(self, features: dict[str, float], right: bool, question: int, gold_left_in: bool) -> None:
        """Add one row."""
        self.features.append(features)
        self.right.append(right)
        self.question.append(question)
        self.gold_left_in.append(gold_left_in)


def collect(gold: Sequence[GoldQuestion], engine: Engine, progress: Progress | None = None) -> dict[str, Sample]:
    """Ask every question twice, once with the gold documents among what can be found and once with them taken away.

    The second time stands for a question that the index cannot answer.
    """
    samples = {name: Sample() for name in ("factoid", "list", "yesno", "found")}
    config = AskConfig(min_confidence=0.0)
    for place, question in enumerate(gold):
        asked = engine.understand(question.body, config, question.type)
        hits = engine.index.search(asked.query, config.passages + 40)
        others = [hit for hit in hits if hit.passage.document.id not in question.documents]
        for left_in, kept in ((True, hits), (False, others)):
            response = engine.answer(asked, kept[: config.passages], config)
            _add_rows(samples, question, place, response, left_in=left_in)
        (progress or Silent()).update((place + 1) / len(gold), place + 1)
    return samples


def _add_rows(samples: dict[str, Sample], gold: GoldQuestion, place: int, response: Response, *, left_in: bool) -> None:
    samples["found"].add(dict(response.found_features), _found(gold, response.hits), place, left_in)
    if gold.type is QuestionType.SUMMARY:
        return
    if gold.type is QuestionType.YESNO and not left_in:
        return  # without evidence there is nothing to learn about what evidence says
    synonyms = {normalize(text) for item in gold.exact for text in item}
    for answer in response.answers:
        right = gold.exact[0][0] == "yes" if gold.type is QuestionType.YESNO else normalize(answer.text) in synonyms
        samples[gold.type].add(dict(answer.features), right, place, left_in)


def _found(gold: GoldQuestion, hits: Sequence[Hit]) -> bool:
    return any(hit.passage.document.id in gold.documents for hit in hits)


def fit(sample: Sample) -> Logistic:
    """The logistic model of a sample by Newton's method, with a small ridge penalty; its threshold is still 0."""
    names = sorted(sample.features[0])
    raw = np.array([[row[name] for name in names] for row in sample.features])
    mean, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    design = np.column_stack([(raw - mean) / spread, np.ones(len(raw))])
    outcome = np.array(sample.right, dtype=float)
    penalty = np.diag([_RIDGE * len(raw)] * len(names) + [0.0])
    weights: Array = np.zeros(design.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (outcome - predicted) - penalty @ weights
        curvature = (design * (predicted * (1 - predicted))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    scaled = weights[:-1] / spread
    return Logistic(dict(zip(names, scaled.tolist(), strict=True)), float(weights[-1] - scaled @ mean), 0.0)


def probabilities(model: Logistic, sample: Sample) -> Array:
    """The model's probability for each row of a sample: float64, shape (n,)."""
    return np.array([model.probability(row) for row in sample.features])


def fit_all(samples: Mapping[str, Sample], gold: Sequence[GoldQuestion]) -> dict[str, Logistic]:
    """All models that a reader ships with, each with its threshold."""
    models = {name: fit(sample) for name, sample in samples.items()}
    thresholds = {
        "factoid": keeping_threshold(models["factoid"], samples["factoid"].first_of_each_question()),
        "list": list_threshold(models["list"], samples["list"], gold),
        "yesno": 0.5,
        "found": keeping_threshold(models["found"], samples["found"]),
    }
    return {name: replace(fitted, threshold=round(thresholds[name], 3)) for name, fitted in models.items()}


def keeping_threshold(model: Logistic, sample: Sample) -> float:
    """The highest threshold under which at most one in twenty of the rows that are right would be held back.

    A wrong "I don't know" costs a user more than an answer that is shown to be unsure.
    """
    predicted, right = probabilities(model, sample), np.array(sample.right)
    return float(np.quantile(predicted[right], _HELD_BACK))


def list_threshold(model: Logistic, sample: Sample, gold: Sequence[GoldQuestion]) -> float:
    """The threshold with the best mean F-measure over list questions whose gold documents were left in."""
    predicted = probabilities(model, sample)
    right, place, left_in = (np.array(column) for column in (sample.right, sample.question, sample.gold_left_in))
    best = (-1.0, 0.0)
    for threshold in np.arange(0.02, 0.8, 0.02):
        scores = []
        for number in np.unique(place[left_in]):
            given = left_in & (place == number) & (predicted >= threshold)
            scores.append(2 * (right & given).sum() / max(1, given.sum() + len(gold[number].exact)))
        best = max(best, (float(np.mean(scores)), float(threshold)))
    return best[1]


def errors(models: Mapping[str, Logistic], samples: Mapping[str, Sample]) -> dict[str, float]:
    """The expected calibration error of each model on samples of others; of factoids, for the first answer."""
    checked = dict(samples) | {"factoid": samples["factoid"].first_of_each_question()}
    return {
        name: expected_calibration_error(probabilities(models[name], sample), np.array(sample.right))
        for name, sample in checked.items()
    }


def expected_calibration_error(predicted: Array, right: Array, bins: int = 10) -> float:
    """The mean gap between confidence and accuracy over equally wide bins of confidence, weighed by their size."""
    home = np.minimum((predicted * bins).astype(int), bins - 1)
    return float(
        sum(
            (home == b).mean() * abs(predicted[home == b].mean() - right[home == b].mean())
            for b in range(bins)
            if (home == b).any()
        )
    )


def save(models: Mapping[str, Logistic], folder: Path) -> None:
    """Write the fitted models into a reader's folder and enter their digest in its card."""
    content = json.dumps({name: asdict(fitted) for name, fitted in models.items()}, indent=1) + "\n"
    export.add_file(folder, "reader", FILE, content.encode())
