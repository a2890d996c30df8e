import numpy as np
import pytest

from bioqa.eval.measures import bootstrap
from bioqa.eval.measures.base import Measure, mean


def ratio(rows: np.ndarray) -> Measure:
    return Measure(rows, lambda means: means[..., 0] / means[..., 1])


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(1).normal(0.4, 0.2, 400)
    found = bootstrap.interval(mean(values))
    error = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - error, abs=0.004)
    assert found.high == pytest.approx(values.mean() + error, abs=0.004)


def test_a_figure_over_all_questions_is_resampled_as_one() -> None:
    rows = np.random.default_rng(2).uniform(0.1, 1, (60, 2))
    found = bootstrap.interval(ratio(rows))
    generator = np.random.default_rng(3)
    slow = []
    for _ in range(4000):
        drawn = rows[generator.integers(0, 60, 60)]
        slow.append(drawn[:, 0].sum() / drawn[:, 1].sum())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, (0.025, 0.975))), abs=0.02)


def test_the_same_figures_have_the_same_interval() -> None:
    assert bootstrap.interval(mean([0, 1, 1])) == bootstrap.interval(mean([0, 1, 1]))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        found = bootstrap.interval(mean(generator.random(100) < 0.3))
        covered += found.low <= 0.3 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize("values", [[], [1.0]])
def test_few_questions_do_no_harm(values: list[float]) -> None:
    found = bootstrap.interval(mean(values))
    assert (found.low, found.high) == (sum(values), sum(values))
    assert bootstrap.paired_test(mean(values), mean(values)).p_value == 1.0


def test_a_run_is_not_different_from_itself() -> None:
    ours = mean(np.random.default_rng(5).random(50))
    found = bootstrap.paired_test(ours, ours)
    assert (found.difference, found.interval.low, found.interval.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_difference_on_every_question_is_no_chance() -> None:
    theirs = np.random.default_rng(6).random(80)
    found = bootstrap.paired_test(mean(theirs + 0.1), mean(theirs))
    assert found.difference == pytest.approx(0.1)
    assert found.interval.low == pytest.approx(0.1)
    assert found.p_value < 0.001


def test_the_p_value_is_that_of_all_swaps() -> None:
    ours, theirs = [1, 1, 1, 0, 1, 1, 0, 1], [0, 1, 0, 0, 0, 1, 1, 0]
    gaps = np.array(ours) - np.array(theirs)
    signs = np.array([[1 if mask >> bit & 1 else -1 for bit in range(8)] for mask in range(256)])
    exact = (np.abs((signs * gaps).mean(axis=1)) >= abs(gaps.mean()) - 1e-12).mean()
    assert bootstrap.paired_test(mean(ours), mean(theirs)).p_value == pytest.approx(exact, abs=0.03)


def test_p_values_are_spread_evenly_where_there_is_no_difference() -> None:
    generator = np.random.default_rng(7)
    found = [bootstrap.paired_test(mean(generator.random(30)), mean(generator.random(30))).p_value for _ in range(150)]
    assert 0.35 <= np.mean(found) <= 0.65
    assert np.mean(np.array(found) < 0.1) <= 0.2


def test_a_paired_test_swaps_what_goes_into_a_ratio() -> None:
    rows = np.random.default_rng(8).uniform(0.2, 1, (40, 2))
    better = rows + np.array([0.3, 0.0])
    found = bootstrap.paired_test(ratio(better), ratio(rows))
    assert found.difference == pytest.approx(0.3 / rows[:, 1].mean())
    assert found.p_value < 0.001


def test_many_questions_are_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    values = mean(np.random.default_rng(9).random(500))
    whole = bootstrap.interval(values)
    monkeypatch.setattr(bootstrap, "_CELLS", 500 * 100)
    assert bootstrap.interval(values).low == pytest.approx(whole.low, abs=0.01)
