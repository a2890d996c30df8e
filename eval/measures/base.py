"""A measure as statistics per question and a function of their mean, the form that resampling needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bioqa.index.arrays import Array


def _only(means: Array) -> Array:
    return means[..., 0]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over n questions: `combine` of the mean of `per_question`.

    `per_question` is float64 of shape (n, k): k statistics for each question. `combine` maps means of shape (..., k) to
    figures of shape (...): the mean itself for accuracy, a ratio of counts for an F1 over all questions.
    """

    per_question: Array
    combine: Callable[[Array], Array] = _only

    @property
    def value(self) -> float:
        """The figure over all questions; 0 if there are none."""
        return float(self.combine(self.per_question.mean(axis=0))) if len(self.per_question) else 0.0


def mean(values: Sequence[float] | Array) -> Measure:
    """The measure that is the mean of one number for each question."""
    return Measure(np.array(values, dtype=float).reshape(-1, 1))
