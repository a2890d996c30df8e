from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bioqa.index.arrays import Array
from bioqa.index.search import dense, ivf
from bioqa.index.search.dense import VectorIndex
from bioqa.index.search.flat import VectorRows
from bioqa.index.search.ivf import InvertedLists
from bioqa.index.store.manifest import InvertedListsInfo
from bioqa.index.store.planner import IvfDesign

DIMENSIONS = 16
NOTHING = np.empty(0, dtype=np.int64)
MakeRows = Callable[[int, int], Array]
RowsOf = Callable[[Sequence[Array]], VectorRows]


def expected(every: Array, vector: Array, k: int, left_out: Array, allowed: Array | None) -> dict[int, float]:
    """The k best by plain numpy."""
    scores = every.astype(np.float64) @ vector.astype(np.float64)
    numbers = [
        number
        for number in np.argsort(-scores, kind="stable").tolist()
        if number not in left_out and (allowed is None or number in allowed)
    ]
    return {number: float(scores[number]) for number in numbers[:k]}


def assert_same(found: dict[int, float], wanted: dict[int, float]) -> None:
    assert list(found) == list(wanted)
    assert list(found.values()) == pytest.approx(list(wanted.values()), abs=1e-5)


@pytest.mark.parametrize("sizes", [[50], [20, 1, 29], [0, 30, 20]])
@pytest.mark.parametrize("left_out", [NOTHING, np.array([0, 19, 20, 21, 49]), np.arange(20)])
@pytest.mark.parametrize("allowed", [None, np.arange(10, 40), np.array([3, 20, 48]), NOTHING])
@pytest.mark.parametrize("k", [1, 7, 1000])
@pytest.mark.parametrize("few", [0, 2000])
def test_the_nearest_are_those_numpy_finds(
    sizes: list[int],
    left_out: Array,
    allowed: Array | None,
    k: int,
    few: int,
    unit_rows: MakeRows,
    rows_of: RowsOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dense, "_FEW_ROWS", few)
    every = unit_rows(50, 1)
    query = unit_rows(1, 2)[0].astype(np.float32)
    index = VectorIndex(rows_of(np.split(every, np.cumsum(sizes)[:-1])), left_out)
    assert_same(index.search(query, k, allowed), expected(every, query, k, left_out, allowed))


def test_equal_vectors_come_in_order_of_their_numbers(unit_rows: MakeRows, rows_of: RowsOf) -> None:
    row = unit_rows(1, 3)
    index = VectorIndex(rows_of([np.repeat(row, 6, axis=0)]), np.array([2]))
    assert list(index.search(row[0].astype(np.float32), 10)) == [0, 1, 3, 4, 5]


@pytest.mark.parametrize("k", [0, -1])
def test_asked_for_nothing_it_finds_nothing(k: int, unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(5, 4)
    assert VectorIndex(rows_of([every]), NOTHING).search(every[0].astype(np.float32), k) == {}


@pytest.mark.parametrize(("sizes", "left_out"), [([], NOTHING), ([0], NOTHING), ([3], np.arange(3))])
def test_where_nothing_is_or_all_is_removed_nothing_is_found(
    sizes: list[int], left_out: Array, unit_rows: MakeRows, rows_of: RowsOf
) -> None:
    index = VectorIndex(rows_of([unit_rows(size, 5) for size in sizes]), left_out)
    vector = unit_rows(1, 6)[0].astype(np.float32)
    assert index.search(vector, 5) == {}
    assert index.search(vector, 5, np.arange(9)) == {}


def test_allowing_a_number_that_is_not_there_does_no_harm(unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(5, 7)
    found = VectorIndex(rows_of([every]), NOTHING).search(every[0].astype(np.float32), 5, np.array([-1, 1, 99]))
    assert list(found) == [1]


# With inverted lists


def inverted(folder: Path, rows: VectorRows, left_out: Array, design: IvfDesign) -> InvertedLists:
    """Lists over these rows."""
    size = ivf.write(folder / "lists.faiss", rows, design, left_out)
    info = InvertedListsInfo(
        "lists.faiss", size, design.codes, design.lists, design.probes, design.refine, len(rows), len(left_out)
    )
    return InvertedLists(folder, info)


@settings(max_examples=25)
@given(
    codes=st.sampled_from(["sq4", "rabitq"]),
    covered=st.integers(1, 150),
    after=st.integers(0, 40),
    k=st.integers(1, 60),
    share=st.floats(0, 1),
    removed_share=st.floats(0, 0.6),
    exact_up_to=st.sampled_from([0, 50, 100_000]),
    seed=st.integers(0, 2**16),
)
def test_filters_and_removals_hold_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    unit_rows: MakeRows,
    rows_of: RowsOf,
    codes: str,
    covered: int,
    after: int,
    k: int,
    share: float,
    removed_share: float,
    exact_up_to: int,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    every = unit_rows(covered + after, seed)
    removed_then = np.flatnonzero(random.random(covered) < removed_share / 2)
    removed = np.union1d(removed_then, np.flatnonzero(random.random(len(every)) < removed_share / 2))
    # Every candidate is scored again, but few lists are read at first: all that is asked for must still be found.
    living = covered - len(removed_then)
    assume(living > 0)
    design = IvfDesign(codes, lists=min(9, living), probes=1, refine=100, sample=covered)
    lists = inverted(tmp_path_factory.mktemp("lists"), rows_of([every[:covered]]), removed_then, design)
    index = VectorIndex(rows_of([every[:covered], every[covered:]]), removed, lists)
    vector = unit_rows(1, seed + 1)[0].astype(np.float32)
    allowed = np.flatnonzero(random.random(len(every)) < share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "_FEW_ROWS", 0)
        patch.setattr(dense, "_EXACT", exact_up_to)
        filtered, unfiltered = index.search(vector, k, allowed), index.search(vector, k)
    wanted = expected(every, vector, k, removed, allowed)
    if len(np.setdiff1d(allowed, removed)) <= exact_up_to:
        assert_same(filtered, wanted)
    assert len(filtered) == len(wanted)
    assert not np.isin(list(filtered), removed).any()
    assert np.isin(list(filtered), allowed).all()
    assert len(unfiltered) == min(k, len(every) - len(removed))
    assert not np.isin(list(unfiltered), removed).any()
    exact = every.astype(np.float64) @ vector.astype(np.float64)
    for found in (filtered, unfiltered):
        assert list(found.values()) == pytest.approx(exact[list(found)], abs=1e-5)
        assert list(found.values()) == sorted(found.values(), reverse=True)


@pytest.mark.parametrize("codes", ["sq4", "rabitq"])
def test_read_to_the_last_list_the_search_is_exact(
    codes: str, tmp_path: Path, unit_rows: MakeRows, rows_of: RowsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "_FEW_ROWS", 0)
    every = unit_rows(400, 11)
    removed = np.array([3, 77])
    lists = inverted(tmp_path, rows_of([every[:300]]), removed, IvfDesign(codes, 12, 12, 5, 300))
    index = VectorIndex(rows_of([every[:300], every[300:]]), removed, lists)
    for seed in range(20):
        vector = unit_rows(1, 100 + seed)[0].astype(np.float32)
        assert_same(index.search(vector, 20), expected(every, vector, 20, removed, None))


def test_what_came_after_the_lists_is_found(tmp_path: Path, unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(3000, 12)
    lists = inverted(tmp_path, rows_of([every[:2900]]), NOTHING, IvfDesign("sq4", 20, 4, 4, 1000))
    index = VectorIndex(rows_of([every[:2900], every[2900:]]), NOTHING, lists)
    for number in (2900, 2950, 2999):
        assert next(iter(index.search(every[number].astype(np.float32), 3))) == number
