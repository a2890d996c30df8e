"""A measure over questions in the form that resampling needs: rows that are averaged, and what is made of that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bioqa.index.runtime import Array


def _only(means: Array) -> Array:
    return means[..., 0]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over n questions: `combine` of the mean of `rows`.

    `rows` is float64 of shape (n, k): k numbers a question. `combine` takes means of shape (..., k) and gives figures
    of shape (...): for accuracy the mean itself, for an F1 over all questions the ratio of counts.
    """

    rows: Array
    combine: Callable[[Array], Array] = _only

    @property
    def value(self) -> float:
        """The figure over all questions; 0 where there are none."""
        return float(self.combine(self.rows.mean(axis=0))) if len(self.rows) else 0.0


def mean(values: Sequence[float] | Array) -> Measure:
    """The measure that is the mean of one number a question."""
    return Measure(np.array(values, dtype=float).reshape(-1, 1))
