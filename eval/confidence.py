"""Whether confidence means something: calibration error, Brier score, and what abstention buys."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bioqa.eval.tables import Table
from bioqa.index.runtime import Array

BINS = 10
_THRESHOLDS = [step / 10 for step in range(10)]


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions with a confidence between two bounds: how many, how sure on the mean, how many of them right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Point:
    """What answering only from `threshold` of confidence gives: the share answered, and of those the share right."""

    threshold: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Confidence:
    """The measures of n confidences.

    `risk_coverage` holds (coverage, risk) from the surest question to all of them, and `area` the mean risk over it
    (AURC, Geifman and El-Yaniv 2017); `best_area` is what sorting right before wrong would give with the same accuracy.
    """

    questions: int
    accuracy: float
    expected_calibration_error: float
    brier: float
    area: float
    best_area: float
    bins: tuple[Bin, ...]
    risk_coverage: tuple[tuple[float, float], ...]
    thresholds: tuple[Point, ...]


def measure(confidences: Sequence[float], right: Sequence[bool]) -> Confidence:
    """The measures of confidences (0..1) of answers that were right or not; all zero where there are none."""
    sure, outcome = np.array(confidences, dtype=float), np.array(right, dtype=float)
    if not len(sure):
        return Confidence(0, 0.0, 0.0, 0.0, 0.0, 0.0, (), (), ())
    curve = _risks(sure, outcome)
    return Confidence(
        questions=len(sure),
        accuracy=float(outcome.mean()),
        expected_calibration_error=expected_calibration_error(sure, outcome),
        brier=float(((sure - outcome) ** 2).mean()),
        area=float(curve.mean()),
        best_area=float(_risks(outcome, outcome, ties=False).mean()),
        bins=_bins(sure, outcome),
        risk_coverage=tuple(((i + 1) / len(curve), float(risk)) for i, risk in enumerate(curve)),
        thresholds=tuple(_at(threshold, sure, outcome) for threshold in _THRESHOLDS),
    )


def expected_calibration_error(confidences: Array, right: Array) -> float:
    """The mean gap between confidence and accuracy over ten equally wide bins, weighed by their size (Guo et al. 2017).

    Both arrays have shape (n,).
    """
    found = _bins(np.asarray(confidences, dtype=float), np.asarray(right, dtype=float))
    return sum(one.count * abs(one.confidence - one.accuracy) for one in found) / max(1, len(confidences))


def table(kind: str, measured: Confidence) -> Table:
    """What is right and answered at each threshold of abstention."""
    title = (
        f"Confidence, {kind}: expected calibration error {measured.expected_calibration_error:.3f}, "
        f"Brier score {measured.brier:.3f}, "
        f"area under risk-coverage {measured.area:.3f} (best {measured.best_area:.3f})"
    )
    rows = [(f"{point.threshold:.1f}", point.coverage, point.accuracy) for point in measured.thresholds]
    return Table(title, ("least confidence", "answered", "right of these"), rows)


def _bins(sure: Array, outcome: Array) -> tuple[Bin, ...]:
    home = np.minimum((sure * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(b / BINS, (b + 1) / BINS, int(mine.sum()), float(sure[mine].mean()), float(outcome[mine].mean()))
        for b in range(BINS)
        if (mine := home == b).any()
    )


def _risks(sure: Array, outcome: Array, *, ties: bool = True) -> Array:
    """The share wrong among the k surest, for k from 1: shape (n,). Of equally sure ones, each counts as their mean."""
    order = np.argsort(-sure, kind="stable")
    wrong = 1 - outcome[order]
    if ties:
        _, group = np.unique(-sure[order], return_inverse=True)
        wrong = (np.bincount(group, wrong) / np.bincount(group))[group]
    return wrong.cumsum() / np.arange(1, len(wrong) + 1)


def _at(threshold: float, sure: Array, outcome: Array) -> Point:
    given = sure >= threshold
    return Point(threshold, float(given.mean()), float(outcome[given].mean()) if given.any() else None)
