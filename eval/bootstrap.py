"""How sure a figure is: bootstrap intervals, and paired tests between two systems on the same questions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bioqa.eval.measure import Measure
from bioqa.index.runtime import Array

RESAMPLES = 2000
_SEED = 20_190  # any number will do, as long as the same files give the same interval every time
_KEPT = 500  # questions up to which resamples are drawn once: 8 MB at most
_CELLS = 4_000_000  # of a resampling matrix held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference between two systems, its 95% interval, and how likely one as large is where there is none."""

    difference: float
    interval: Interval
    p_value: float


def interval(measure: Measure) -> Interval:
    """The 95% percentile bootstrap interval of a measure over its questions (Efron 1979)."""
    if not len(measure.rows):
        return Interval(0.0, 0.0)
    return _middle(_resampled(len(measure.rows), lambda shares: measure.combine(shares @ measure.rows)))


def paired(ours: Measure, theirs: Measure) -> Paired:
    """How far `ours` is from `theirs`, both over the same questions in the same order.

    The interval is a paired bootstrap; p is by approximate randomisation (Noreen 1989): in every trial the systems swap
    their answers to each question with probability one half.
    """
    n = len(ours.rows)
    difference = ours.value - theirs.value
    if not n:
        return Paired(0.0, Interval(0.0, 0.0), 1.0)
    spread = _resampled(n, lambda shares: ours.combine(shares @ ours.rows) - theirs.combine(shares @ theirs.rows))

    def swapped(swap: Array) -> Array:
        gap = swap @ (theirs.rows - ours.rows) / n
        return ours.combine(ours.rows.mean(axis=0) + gap) - theirs.combine(theirs.rows.mean(axis=0) - gap)

    by_chance = _in_parts(n, lambda generator, count: swapped(generator.integers(0, 2, (count, n)).astype(float)))
    as_large = int((np.abs(by_chance) >= abs(difference) - 1e-12).sum())
    return Paired(difference, _middle(spread), (1 + as_large) / (1 + RESAMPLES))


def _resampled(n: int, figure: Callable[[Array], Array]) -> Array:
    """`figure` of the share that each question has in a resample, for every resample: shape (RESAMPLES,)."""
    if n <= _KEPT:
        return figure(_kept_shares(n))
    return _in_parts(n, lambda generator, count: figure(_shares(generator, n, count)))


def _shares(generator: np.random.Generator, n: int, count: int) -> Array:
    return generator.multinomial(n, np.full(n, 1 / n), count) / n


@lru_cache(maxsize=8)
def _kept_shares(n: int) -> Array:
    """The resamples of so few questions, which every measure over as many has in common."""
    return _shares(np.random.default_rng(_SEED), n, RESAMPLES)


def _in_parts(n: int, draw: Callable[[np.random.Generator, int], Array]) -> Array:
    generator = np.random.default_rng(_SEED)
    step = max(1, _CELLS // n)
    return np.concatenate([draw(generator, min(step, RESAMPLES - done)) for done in range(0, RESAMPLES, step)])


def _middle(figures: Array) -> Interval:
    low, high = np.quantile(figures, (0.025, 0.975))
    return Interval(float(low), float(high))
