"""Ranking passages with tied scores, independently of the order in which they were indexed."""

from collections.abc import Callable, Iterator
from itertools import islice

from bioqa.index.search.fusion import Scores

# Relative to the higher score, or to 1 for cosines. Summing the same float32 numbers in another order changes a score
# by less (cosines by 2e-7, BM25 by one part in ten million); different passages differ by more.
TOLERANCE = 1e-6

Place = Callable[[int], tuple[str, int]]
"""Maps a passage number to document id and start offset, which do not depend on the order of indexing."""


def search_with_ties(search: Callable[[int], Scores], k: int, spare: int = 0) -> dict[int, float]:
    """The `k` best results of a search and all ties with the last, best first.

    `search(n)` returns the n best results, or all if there are fewer. It is repeated with larger n until its last
    result is not a tie. `spare` additional results in the first call avoid repetitions if ties are frequent.
    """
    size = k + 1 + spare
    while True:
        found = search(size)
        if len(found) < size or not _is_tie(sorted(found.values(), reverse=True)[k - 1], min(found.values())):
            return top_k_with_ties(found, k)
        size *= 2


def top_k_with_ties(scores: Scores, k: int) -> dict[int, float]:
    """The `k` best scores and all ties with the last, best first."""
    numbers = sorted(scores, key=lambda number: (-scores[number], number))
    return {
        number: scores[number]
        for row, number in enumerate(numbers)
        if row < k or _is_tie(scores[numbers[k - 1]], scores[number])
    }


def rank_with_ties(scores: Scores, k: int, place: Place) -> dict[int, float]:
    """The `k` best scores, best first. Tied passages get the same score and are ordered by `place`."""
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
        if row == len(numbers) or not _is_tie(scores[numbers[first]], scores[numbers[row]]):
            yield scores[numbers[first]], numbers[first:row]
            first = row


def _is_tie(higher: float, lower: float) -> bool:
    return higher - lower <= TOLERANCE * max(1.0, abs(higher))
