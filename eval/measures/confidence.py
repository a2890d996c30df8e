"""Measures of confidence: calibration error, Brier score, and accuracy against coverage under abstention."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bioqa.eval.tables import Table
from bioqa.index.arrays import Array

BINS = 10
_THRESHOLDS = [step / 10 for step in range(10)]


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """The questions with a confidence between two bounds: their number, mean confidence and accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The share of questions answered with a confidence of at least `threshold`, and the accuracy of these answers."""

    threshold: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class ConfidenceMeasures:
    """The measures of confidence over some questions.

    `risk_coverage` holds pairs (coverage, risk) from the surest question to all of them. `area` is the mean risk (AURC,
    Geifman and El-Yaniv 2017), and `best_area` is that of a perfect ranking with the same accuracy.
    """

    questions: int
    accuracy: float
    expected_calibration_error: float
    brier: float
    area: float
    best_area: float
    bins: tuple[ConfidenceBin, ...]
    risk_coverage: tuple[tuple[float, float], ...]
    thresholds: tuple[OperatingPoint, ...]


def measure(confidences: Sequence[float], correct: Sequence[bool]) -> ConfidenceMeasures:
    """The measures of confidences (0..1) of correct and wrong answers; all zero without answers."""
    sure, outcome = np.array(confidences, dtype=float), np.array(correct, dtype=float)
    if not len(sure):
        return ConfidenceMeasures(0, 0.0, 0.0, 0.0, 0.0, 0.0, (), (), ())
    curve = _risks(sure, outcome)
    return ConfidenceMeasures(
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


def expected_calibration_error(confidences: Array, correct: Array) -> float:
    """The mean gap between confidence and accuracy over ten bins of equal width, weighted by size (Guo et al. 2017).

    Both arrays have shape (n,).
    """
    bins = _bins(np.asarray(confidences, dtype=float), np.asarray(correct, dtype=float))
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins) / max(1, len(confidences))


def table(kind: str, measured: ConfidenceMeasures) -> Table:
    """Coverage and accuracy at each threshold of abstention."""
    title = (
        f"Confidence, {kind}: expected calibration error {measured.expected_calibration_error:.3f}, "
        f"Brier score {measured.brier:.3f}, "
        f"area under the risk-coverage curve {measured.area:.3f} (best {measured.best_area:.3f})"
    )
    rows = [(f"{point.threshold:.1f}", point.coverage, point.accuracy) for point in measured.thresholds]
    return Table(title, ("minimum confidence", "coverage", "accuracy"), rows)


def _bins(sure: Array, outcome: Array) -> tuple[ConfidenceBin, ...]:
    numbers = np.minimum((sure * BINS).astype(int), BINS - 1)
    return tuple(
        ConfidenceBin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=int(inside.sum()),
            confidence=float(sure[inside].mean()),
            accuracy=float(outcome[inside].mean()),
        )
        for number in range(BINS)
        if (inside := numbers == number).any()
    )


def _risks(sure: Array, outcome: Array, *, ties: bool = True) -> Array:
    """The error rate among the k surest answers, for k from 1: shape (n,). Equally sure answers count as their mean."""
    order = np.argsort(-sure, kind="stable")
    wrong = 1 - outcome[order]
    if ties:
        _, group = np.unique(-sure[order], return_inverse=True)
        wrong = (np.bincount(group, wrong) / np.bincount(group))[group]
    return wrong.cumsum() / np.arange(1, len(wrong) + 1)


def _at(threshold: float, sure: Array, outcome: Array) -> OperatingPoint:
    answered = sure >= threshold
    accuracy = float(outcome[answered].mean()) if answered.any() else None
    return OperatingPoint(threshold, float(answered.mean()), accuracy)
