"""The order of passages that score alike, which must not depend on when they were indexed."""

from collections.abc import Callable, Iterator
from itertools import islice

from bioqa.index.search.fusion import Scores

# Of the higher score, or of 1, which cosines are sums to. Sums of the same float32 numbers in another order differ by
# less (cosines by 2e-7, BM25 by a ten-millionth of it), passages that differ by more.
NEARLY = 1e-6

Place = Callable[[int], tuple[str, int]]
"""Where a passage is found, whatever its number: the id of its document, and where in its text it starts."""


def complete(search: Callable[[int], Scores], k: int, spare: int = 0) -> dict[int, float]:
    """The `k` best of a search and all that score like the last of them, best first.

    `search(n)` gives the n best, or all there are; it is called again until what it gives last scores less, which
    `spare` more in the first call save where ties are frequent.
    """
    size = k + 1 + spare
    while True:
        found = search(size)
        if len(found) < size or not _alike(sorted(found.values(), reverse=True)[k - 1], min(found.values())):
            return reaching(found, k)
        size *= 2


def reaching(scores: Scores, k: int) -> dict[int, float]:
    """The `k` best of these and all that score like the last of them, best first."""
    numbers = sorted(scores, key=lambda number: (-scores[number], number))
    return {
        number: scores[number]
        for row, number in enumerate(numbers)
        if row < k or _alike(scores[numbers[k - 1]], scores[number])
    }


def ordered(scores: Scores, k: int, place: Place) -> dict[int, float]:
    """The `k` best of these, best first; those that score alike get one score, and come in the order of `place`."""
    in_order: dict[int, float] = {}
    for score, numbers in _groups(scores):
        in_order.update(dict.fromkeys(sorted(numbers, key=place) if len(numbers) > 1 else numbers, score))
        if len(in_order) >= k:
            break
    return dict(islice(in_order.items(), k))


def _groups(scores: Scores) -> Iterator[tuple[float, list[int]]]:
    numbers = sorted(scores, key=lambda number: -scores[number])
    first = 0
    for row in range(1, len(numbers) + 1):
        if row == len(numbers) or not _alike(scores[numbers[first]], scores[numbers[row]]):
            yield scores[numbers[first]], numbers[first:row]
            first = row


def _alike(higher: float, lower: float) -> bool:
    return higher - lower <= NEARLY * max(1.0, abs(higher))
