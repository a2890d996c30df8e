from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.search import ties
from bioqa.index.search.fusion import Scores

SCORES = st.dictionaries(st.integers(0, 30), st.integers(-4, 4).map(lambda n: n / 4), max_size=20)


def backwards(number: int) -> tuple[str, int]:
    """A place that orders the passages by falling number."""
    return f"{99 - number}", 0


def searching(scores: Scores, sizes: list[int]) -> Callable[[int], Scores]:
    """A search that gives the n best, equal ones by number, and notes how many it was asked for."""

    def search(n: int) -> Scores:
        sizes.append(n)
        return dict(sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:n])

    return search


@given(SCORES, st.integers(1, 25))
def test_equal_scores_come_in_the_order_of_their_places(scores: Scores, k: int) -> None:
    wanted = sorted(scores, key=lambda number: (-scores[number], backwards(number)))[:k]
    assert ties.rank_with_ties(scores, k, backwards) == {number: scores[number] for number in wanted}
    assert list(ties.rank_with_ties(scores, k, backwards)) == wanted


@given(SCORES, st.integers(1, 25))
def test_all_that_score_like_the_last_of_the_best_come_along(scores: Scores, k: int) -> None:
    best = sorted(scores.values(), reverse=True)[:k]
    wanted = {number: score for number, score in scores.items() if score >= best[-1]} if best else {}
    assert ties.top_k_with_ties(scores, k) == wanted
    assert ties.search_with_ties(searching(scores, []), k) == wanted


def test_a_search_is_repeated_only_where_there_are_ties_at_the_cut() -> None:
    sizes: list[int] = []
    ties.search_with_ties(searching({1: 1.0, 2: 1.0, 3: 0.5, 4: 0.2}, sizes), 2)
    assert sizes == [3]
    ties.search_with_ties(searching(dict.fromkeys(range(9), 1.0), sizes), 2)
    assert sizes == [3, 3, 6, 12]
    sizes.clear()
    ties.search_with_ties(searching({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.2}, sizes), 2, spare=1)
    assert sizes == [4]


@pytest.mark.parametrize(("second", "tied"), [(3.0, True), (2.9999999, True), (2.9999, False), (-3.0, False)])
def test_what_differs_by_rounding_alone_is_equal(second: float, tied: bool) -> None:
    found = ties.rank_with_ties({1: 3.0, 2: second}, 2, backwards)
    assert list(found.items()) == ([(2, 3.0), (1, 3.0)] if tied else [(1, 3.0), (2, second)])


def test_the_place_of_what_is_alone_with_its_score_is_not_looked_up() -> None:
    def never(number: int) -> tuple[str, int]:
        raise AssertionError(number)

    assert list(ties.rank_with_ties({1: 0.5, 2: 0.7, 3: 0.6}, 3, never)) == [2, 3, 1]
    assert ties.rank_with_ties({1: 0.5, 2: 0.5, 3: 0.6}, 1, never) == {3: 0.6}
