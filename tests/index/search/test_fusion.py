import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.search.fusion import FUSIONS, Scores, adaptive, mean, minmax, rrf

SCORES = st.dictionaries(st.integers(0, 20), st.integers(-50, 50).map(lambda n: n / 8), max_size=12)
RANKING = SCORES.map(
    lambda scores: {number: scores[number] for number in order(scores)}
)  # best first, as searches give
RANKINGS = st.lists(RANKING, min_size=1, max_size=3)


def order(scores: Scores) -> list[int]:
    return sorted(scores, key=lambda n: (-scores[n], n))


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS.keys())
@given(rankings=RANKINGS)
def test_what_any_ranking_found_is_in_the_fused_one_and_nothing_else(fusion, rankings: list[Scores]) -> None:  # type: ignore[no-untyped-def]
    assert set(fusion(rankings)) == {number for ranking in rankings for number in ranking}


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS.keys())
@given(rankings=RANKINGS)
def test_the_order_of_the_rankings_does_not_matter(fusion, rankings: list[Scores]) -> None:  # type: ignore[no-untyped-def]
    assert fusion(rankings) == pytest.approx(fusion(rankings[::-1]))


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS.keys())
@given(ranking=RANKING)
def test_one_ranking_keeps_its_order(fusion, ranking: Scores) -> None:  # type: ignore[no-untyped-def]
    assert order(fusion([ranking])) == order(ranking)


def test_rrf_gives_the_sums_worked_out_by_hand() -> None:
    fused = rrf([{1: 9.0, 2: 8.0, 3: 7.0}, {3: 0.9, 1: 0.5}])
    assert fused == pytest.approx({1: 1 / 61 + 1 / 62, 2: 1 / 62, 3: 1 / 63 + 1 / 61})
    assert order(fused) == [1, 3, 2]


@given(RANKINGS, st.integers(1, 9))
def test_rrf_sees_ranks_and_not_the_size_of_scores(rankings: list[Scores], factor: int) -> None:
    stretched = [{number: factor * score**3 for number, score in ranking.items()} for ranking in rankings]
    assert rrf(stretched) == rrf(rankings)


def test_rrf_ranks_equal_scores_as_their_ranking_does() -> None:
    assert order(rrf([{7: 1.0, 3: 1.0, 5: 1.0}])) == [7, 3, 5]


def test_minmax_gives_the_means_worked_out_by_hand() -> None:
    fused = minmax([{1: 10.0, 2: 4.0, 3: 2.0}, {2: 0.9, 4: 0.5}])
    assert fused == pytest.approx({1: 0.5, 2: 0.125 + 0.5, 3: 0.0, 4: 0.0})


@given(RANKINGS, st.integers(1, 9), st.integers(-9, 9))
def test_minmax_does_not_depend_on_the_unit_of_a_score(rankings: list[Scores], factor: int, shift: int) -> None:
    moved = [{number: factor * score + shift for number, score in ranking.items()} for ranking in rankings]
    assert minmax(moved) == pytest.approx(minmax(rankings))


@given(RANKINGS)
def test_minmax_lies_between_nothing_and_one(rankings: list[Scores]) -> None:
    assert all(0.0 <= score <= 1.0 + 1e-12 for score in minmax(rankings).values())


def test_minmax_of_equal_scores_counts_them_all_as_best() -> None:
    assert minmax([{1: 3.0, 2: 3.0}]) == {1: 1.0, 2: 1.0}


def test_adaptive_weighs_a_ranking_by_how_far_its_best_passage_stands_out() -> None:
    clear, unclear = {1: 10.0, 2: 2.0, 3: 0.0}, {2: 1.0, 1: 0.9, 3: 0.0}  # stand out by 0.9 and by 0.55
    fused = adaptive([clear, unclear])
    assert fused == pytest.approx({1: (0.9 + 0.55 * 0.9) / 1.45, 2: (0.9 * 0.2 + 0.55) / 1.45, 3: 0.0})


def test_adaptive_counts_a_ranking_of_equal_scores_for_nothing_beside_one_that_tells() -> None:
    assert adaptive([{1: 3.0, 2: 3.0}, {4: 1.0, 5: 0.0}]) == {1: 0.0, 2: 0.0, 4: 1.0, 5: 0.0}
    assert adaptive([{1: 3.0, 2: 3.0}, {4: 1.0, 5: 1.0}]) == {1: 0.5, 2: 0.5, 4: 0.5, 5: 0.5}


def test_adaptive_looks_at_the_next_passages_only() -> None:
    near = {number: 1.0 - number / 100 for number in range(20)}
    far = dict.fromkeys(range(20, 500), 0.0)
    other = {1: 1.0, 2: 0.0}
    assert adaptive([{**near, **far}, other]) == pytest.approx(adaptive([{**near, 20: 0.0}, other]) | far)


@given(RANKINGS, st.integers(1, 9), st.integers(-9, 9))
def test_adaptive_does_not_depend_on_the_unit_of_a_score(rankings: list[Scores], factor: int, shift: int) -> None:
    moved = [{number: factor * score + shift for number, score in ranking.items()} for ranking in rankings]
    assert adaptive(moved) == pytest.approx(adaptive(rankings))


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS.keys())
def test_no_result_on_either_side_is_no_result(fusion) -> None:  # type: ignore[no-untyped-def]
    assert fusion([]) == {}
    assert fusion([{}, {}]) == {}


def test_the_mean_is_that_worked_out_by_hand_and_an_empty_ranking_has_no_part_in_it() -> None:
    assert mean([{1: 0.5, 2: 0.4}, {2: 0.8}]) == pytest.approx({1: 0.25, 2: 0.6})
    assert mean([{1: 0.5, 2: 0.4}, {}]) == {1: 0.5, 2: 0.4}
