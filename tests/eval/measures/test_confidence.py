import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.measures import confidence
from bioqa.eval.measures.confidence import expected_calibration_error

ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def test_all_is_worked_out_by_hand_for_five_answers() -> None:
    found = confidence.measure([0.95, 0.9, 0.6, 0.6, 0.1], [True, False, True, False, False])
    assert (found.questions, found.accuracy) == (5, 0.4)
    assert found.brier == pytest.approx((0.05**2 + 0.9**2 + 0.4**2 + 0.6**2 + 0.1**2) / 5)
    assert [(one.low, one.count, one.accuracy) for one in found.bins] == [(0.1, 1, 0.0), (0.6, 2, 0.5), (0.9, 2, 0.5)]
    assert found.expected_calibration_error == pytest.approx((1 * 0.1 + 2 * 0.1 + 2 * 0.425) / 5)
    # the two that are equally sure each count as half wrong
    assert [risk for _, risk in found.risk_coverage] == pytest.approx([0, 1 / 2, 1.5 / 3, 2 / 4, 3 / 5])
    assert found.area == pytest.approx((0 + 1 / 2 + 1.5 / 3 + 2 / 4 + 3 / 5) / 5)
    assert found.best_area == pytest.approx((0 + 0 + 1 / 3 + 2 / 4 + 3 / 5) / 5)
    at_half = found.thresholds[5]
    assert (at_half.threshold, at_half.coverage, at_half.accuracy) == (0.5, 0.8, 0.5)
    assert found.thresholds[0].coverage == 1.0


def test_nobody_answering_has_no_accuracy() -> None:
    found = confidence.measure([0.2], [True])
    assert found.thresholds[9].accuracy is None
    assert "-" in [row[2] or "-" for row in confidence.table("factoid", found).rows]


def test_without_answers_all_is_zero() -> None:
    found = confidence.measure([], [])
    assert (found.questions, found.area, found.bins, found.thresholds) == (0, 0.0, (), ())
    assert expected_calibration_error(np.array([]), np.array([])) == 0


def test_certainty_falls_into_the_last_bin() -> None:
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0


@given(ROWS)
def test_no_ordering_beats_right_before_wrong(rows: list[tuple[float, bool]]) -> None:
    found = confidence.measure([sure for sure, _ in rows], [right for _, right in rows])
    assert found.best_area <= found.area + 1e-9
    assert 0 <= found.expected_calibration_error <= 1
    assert found.risk_coverage[-1][1] == pytest.approx(1 - found.accuracy)
    assert sum(one.count for one in found.bins) == len(rows)


@given(ROWS)
def test_the_order_of_the_questions_makes_no_difference(rows: list[tuple[float, bool]]) -> None:
    one, other = (
        confidence.measure([sure for sure, _ in some], [right for _, right in some]) for some in (rows, rows[::-1])
    )
    assert one.area == pytest.approx(other.area)
    assert one.brier == pytest.approx(other.brier)


def test_the_table_names_its_figures() -> None:
    table = confidence.table("factoid", confidence.measure([0.9, 0.2], [True, False]))
    assert table.title.startswith("Confidence, factoid: expected calibration error 0.150")
    assert len(table.rows) == 10
