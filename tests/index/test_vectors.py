import numpy as np
import pytest

from bioqa.index.runtime import Array
from bioqa.index.vectors import VectorIndex

DIMENSIONS = 16
NOTHING = np.empty(0, dtype=np.int64)


def unit_rows(count: int, seed: int) -> Array:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSIONS))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def expected(segments: list[Array], vector: Array, k: int, left_out: Array, allowed: Array | None) -> dict[int, float]:
    """The k best by plain numpy."""
    scores = np.concatenate(segments).astype(np.float64) @ vector.astype(np.float64)
    numbers = [
        number
        for number in np.argsort(-scores, kind="stable").tolist()
        if number not in left_out and (allowed is None or number in allowed)
    ]
    return {number: float(scores[number]) for number in numbers[:k]}


@pytest.mark.parametrize("sizes", [[50], [20, 1, 29], [0, 30, 20]])
@pytest.mark.parametrize("left_out", [NOTHING, np.array([0, 19, 20, 21, 49]), np.arange(20)])
@pytest.mark.parametrize("allowed", [None, np.arange(10, 40), np.array([3, 20, 48]), NOTHING])
@pytest.mark.parametrize("k", [1, 7, 1000])
def test_the_nearest_are_those_numpy_finds(sizes: list[int], left_out: Array, allowed: Array | None, k: int) -> None:
    rows = unit_rows(50, seed=1)
    segments = np.split(rows, np.cumsum(sizes)[:-1])
    query = unit_rows(1, seed=2)[0].astype(np.float32)
    found = VectorIndex(segments, DIMENSIONS, left_out).search(query, k, allowed)
    wanted = expected(segments, query, k, left_out, allowed)
    assert list(found) == list(wanted)
    assert list(found.values()) == pytest.approx(list(wanted.values()), abs=1e-5)


def test_equal_vectors_come_in_order_of_their_numbers() -> None:
    row = unit_rows(1, seed=3)
    found = VectorIndex([np.repeat(row, 6, axis=0)], DIMENSIONS, np.array([2])).search(row[0].astype(np.float32), 10)
    assert list(found) == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("k", [0, -1])
def test_asked_for_nothing_it_finds_nothing(k: int) -> None:
    rows = unit_rows(5, seed=4)
    assert VectorIndex([rows], DIMENSIONS, NOTHING).search(rows[0].astype(np.float32), k) == {}


@pytest.mark.parametrize(
    ("segments", "left_out"), [([], NOTHING), ([unit_rows(0, 5)], NOTHING), ([unit_rows(3, 5)], np.arange(3))]
)
def test_where_nothing_is_or_all_is_removed_nothing_is_found(segments: list[Array], left_out: Array) -> None:
    index = VectorIndex(segments, DIMENSIONS, left_out)
    assert index.search(unit_rows(1, seed=6)[0].astype(np.float32), 5) == {}
    assert index.search(unit_rows(1, seed=6)[0].astype(np.float32), 5, np.arange(9)) == {}


def test_allowing_a_number_that_is_not_there_does_no_harm() -> None:
    rows = unit_rows(5, seed=7)
    found = VectorIndex([rows], DIMENSIONS, NOTHING).search(rows[0].astype(np.float32), 5, np.array([1, 99]))
    assert list(found) == [1]
