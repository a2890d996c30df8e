"""Confidence: from what was found and read to a probability, by small fitted models that ship with the reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from bioqa.index.errors import ModelError
from bioqa.index.models.model import Model, open_model, shipped
from bioqa.index.records import Hit
from bioqa.qa.aggregate import AnswerCandidate, is_enumeration, support_margin
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.reader import Reading
from bioqa.qa.yesno import UNFITTED

FILE = "calibration.json"
_NO_VECTORS = 0.55  # taken for a cosine: on BioASQ years 9 and 10 it holds back 3 in 100 of what is to the point
_MOST = 1e6  # of a number that is fitted: features are of the order of 10
_OF_ANSWERS = frozenset(
    {"support", "margin", "documents", "coverage", "similarity", "relevance", "marked", "place", "words", "enumerates"}
)
_FEATURES = {  # that each model may weigh: those worked out below and, of yes and no, in yesno.py
    "factoid": _OF_ANSWERS,
    "list": _OF_ANSWERS,
    "yesno": frozenset({"verdict", "negated", "claim", "passage", "sentences", "contradicted"}),
    "found": frozenset({"title", "coverage", "similarity", "relevance"}),
}
GIVEN = "given"  # the models for passages that were given; the others are for passages that were searched
HELD_OUT = "held_out"  # what a least confidence bought on questions that nothing was fitted on, for the help of `ask`


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model over named features; under `threshold` bioqa abstains.

    A list has the items with at least `share` (0..1) of the probability of the best one; where that is 0, those that
    reach the threshold.
    """

    weights: Mapping[str, float]
    bias: float
    threshold: float
    share: float = 0.0

    def probability(self, features: Mapping[str, float]) -> float:
        """The probability (0..1) for these features; a feature without a weight plays no part."""
        return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, self.log_odds(features)))))

    def log_odds(self, features: Mapping[str, float]) -> float:
        """The log-odds of that probability."""
        return self.bias + sum(weight * features[name] for name, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class Calibration:
    """The probability that a factoid or list answer is right, that yes is, that what was found is to the point."""

    factoid: Logistic
    list: Logistic
    yesno: Logistic
    found: Logistic


@dataclass(frozen=True, slots=True)
class Calibrations:
    """The calibrations of a reader for both ways of asking: passages are searched in an index, or given.

    `own` is False where they are those of the reader that ships.
    """

    searched: Calibration
    given: Calibration
    own: bool = True


def load(model: Model) -> Calibrations:
    """The calibrations of a reader; those of the reader that ships where it has none, as when it is fresh from export.

    Raises ModelError where it is damaged or incomplete.
    """
    own = is_own(model)
    if not own:
        model = open_model(shipped("reader"), "reader")
    content = model.read_json(FILE)
    try:
        searched = {name: _logistic(name, content[name]) for name in Calibration.__slots__}
        given = {name: _logistic(name, fields) for name, fields in _object(GIVEN, content.get(GIVEN, {})).items()}
        return Calibrations(Calibration(**searched), Calibration(**{**searched, **given}), own)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{model.folder / FILE}: not a calibration ({error}); fit it again") from None


def is_own(model: Model) -> bool:
    """Whether a reader has a calibration of its own."""
    return FILE in model.card.digests


def _logistic(name: str, fields: dict[str, Any]) -> Logistic:
    weights = _object(f"the weights of {name}", fields["weights"])
    weights = {feature: _number(feature, weight) for feature, weight in weights.items()}
    if unknown := weights.keys() - _FEATURES[name]:
        raise ValueError(f"{name} weighs {min(unknown)!r:.100}, of {', '.join(sorted(_FEATURES[name]))}")
    threshold = _number("threshold", fields["threshold"])
    share = _number("share", fields.get("share", 0.0))
    for what, value in (("threshold", threshold), ("share", share)):
        if not 0 <= value <= 1:
            raise ValueError(f"the {what} of {name} is {value}, not from 0 to 1")
    if name == "yesno":  # one fitted before sentences were judged has no weights for them
        weights = {**UNFITTED, **weights}
    return Logistic(weights, _number("bias", fields["bias"]), threshold, share)


def _object(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{name} is {value!r:.100}, not an object")
    return value


def _number(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_MOST <= value <= _MOST:
        raise ValueError(f"{name!r:.100} is {value!r:.100}, not a number up to {_MOST:g}")
    return float(value)


def answer_features(
    candidates: Sequence[AnswerCandidate],
    place: int,
    terms: QuestionTerms,
    similarities: Mapping[int, float],
    relevances: Mapping[int, float],
) -> dict[str, float]:
    """What tells whether `candidates[place]` is right.

    support: log of its support; margin: log of its support over that of its rival, which is the best answer, or for the
    best answer the next one that stands on other words;
    documents: log of how many say so; coverage: share of the question's terms in its best passage; similarity: cosine
    of question and best passage; relevance: log-odds that the reader gives to its best passage being to the point;
    marked: log of how often the reader marks it as an item of a list; place: log of its place, from 1;
    words: log of how many it has; enumerates: whether it is several things.
    """
    candidate = candidates[place]
    rival = candidates[0].support if place else candidate.support - support_margin(candidates)
    best = candidate.evidence[0].passage
    return {
        "support": log(candidate.support + 1e-4),
        "margin": log((candidate.support + 1e-2) / (rival + 1e-2)),
        "documents": log(len(candidate.evidence)),
        "coverage": terms.coverage_of(best),
        "similarity": similarities.get(best.number, 0.0),
        "relevance": log_odds(relevances.get(best.number, 0.5)),
        "marked": log(sum(item.item_probability for item in candidate.evidence) + 0.05),
        "place": log(place + 1),
        "words": log(len(candidate.text.split()) + 1),
        "enumerates": float(is_enumeration(candidate.text)),
    }


def found_features(hits: Sequence[Hit], terms: QuestionTerms, readings: Sequence[Reading]) -> dict[str, float]:
    """What tells whether the passages found are to the point.

    coverage: the largest share of the question's terms in one passage; title: in one title; similarity: the largest
    cosine; relevance: the largest log-odds that the reader gives to a passage being to the point.
    """
    return {
        "title": max((terms.coverage(hit.passage.document.title) for hit in hits), default=0.0),
        "coverage": max((terms.coverage_of(hit.passage) for hit in hits), default=0.0),
        "similarity": max(map(similarity, hits), default=0.0),
        "relevance": log_odds(max(relevances(readings).values(), default=0.5)),
    }


def similarity(hit: Hit) -> float:
    """The cosine of question and passage; where there are no vectors, one that says little for or against it."""
    return _NO_VECTORS if hit.dense_score is None else hit.dense_score


def relevances(readings: Sequence[Reading]) -> dict[int, float]:
    """The probability that each passage is to the point, by its number; none of a reader that does not tell."""
    return {reading.context.passage.number: reading.relevance for reading in readings if reading.relevance is not None}


def log_odds(probability: float) -> float:
    """The log-odds of a probability (0..1), finite at both ends."""
    return log((probability + 1e-3) / (1 - probability + 1e-3))
