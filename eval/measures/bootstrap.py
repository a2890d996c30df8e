"""Statistical uncertainty: bootstrap intervals, and paired tests of two systems on the same questions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bioqa.eval.measures.base import Measure
from bioqa.index.arrays import Array

RESAMPLES = 2000
_SEED = 20_190  # arbitrary, but fixed: the same files always give the same interval
_CACHED = 500  # questions; up to as many, resamples are drawn once: 8 MB at most
_CELLS = 4_000_000  # of a resampling matrix in memory: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedTest:
    """A difference between two systems, its 95% interval, and its p value under the hypothesis of no difference."""

    difference: float
    interval: Interval
    p_value: float


def interval(measure: Measure) -> Interval:
    """The 95% percentile bootstrap interval of a measure over its questions (Efron 1979)."""
    if not len(measure.per_question):
        return Interval(0.0, 0.0)
    statistics = measure.per_question
    return _central(_resampled(len(statistics), lambda shares: measure.combine(shares @ statistics)))


def paired_test(ours: Measure, theirs: Measure) -> PairedTest:
    """The difference of `ours` and `theirs`, over the same questions in the same order.

    The interval is a paired bootstrap. The p value comes from approximate randomisation (Noreen 1989): in every trial
    the systems swap their answers to each question with probability one half.
    """
    our, their = ours.per_question, theirs.per_question
    n = len(our)
    difference = ours.value - theirs.value
    if not n:
        return PairedTest(0.0, Interval(0.0, 0.0), 1.0)
    spread = _resampled(n, lambda shares: ours.combine(shares @ our) - theirs.combine(shares @ their))

    def swapped(swap: Array) -> Array:
        gap = swap @ (their - our) / n
        return ours.combine(our.mean(axis=0) + gap) - theirs.combine(their.mean(axis=0) - gap)

    by_chance = _in_blocks(n, lambda generator, count: swapped(generator.integers(0, 2, (count, n)).astype(float)))
    as_large = int((np.abs(by_chance) >= abs(difference) - 1e-12).sum())
    return PairedTest(difference, _central(spread), (1 + as_large) / (1 + RESAMPLES))


def _resampled(n: int, figure: Callable[[Array], Array]) -> Array:
    """`figure` of the share of each question in a resample, for every resample: shape (RESAMPLES,)."""
    if n <= _CACHED:
        return figure(_cached_shares(n))
    return _in_blocks(n, lambda generator, count: figure(_shares(generator, n, count)))


def _shares(generator: np.random.Generator, n: int, count: int) -> Array:
    return generator.multinomial(n, np.full(n, 1 / n), count) / n


@lru_cache(maxsize=8)
def _cached_shares(n: int) -> Array:
    """The resamples of few questions; all measures over as many questions share them."""
    return _shares(np.random.default_rng(_SEED), n, RESAMPLES)


def _in_blocks(n: int, draw: Callable[[np.random.Generator, int], Array]) -> Array:
    generator = np.random.default_rng(_SEED)
    step = max(1, _CELLS // n)
    return np.concatenate([draw(generator, min(step, RESAMPLES - done)) for done in range(0, RESAMPLES, step)])


def _central(figures: Array) -> Interval:
    """The interval that holds the central 95%."""
    low, high = np.quantile(figures, (0.025, 0.975))
    return Interval(float(low), float(high))
