import mmap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.arrays import Array
from bioqa.index.search.flat import VectorRows
from bioqa.index.store import array_files

MakeRows = Callable[[int, int], Array]
RowsOf = Callable[[Sequence[Array]], VectorRows]


@pytest.mark.parametrize(
    "numbers", [[], [0], [29], [0, 9, 10, 11, 29], [29, 0, 11, 9, 11, 10], list(range(30)), list(range(30))[::-1]]
)
def test_rows_are_read_by_number_across_segments(numbers: list[int], unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(30, 1)
    found = rows_of([every[:10], every[10:10], every[10:11], every[11:]]).read(np.array(numbers, dtype=np.int64))
    assert found.dtype == np.float32
    assert (found == every[numbers].astype(np.float32)).all()


@pytest.mark.parametrize("size", [1, 4, 10, 1000])
def test_blocks_are_all_rows_in_order(size: int, unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(30, 1)
    blocks = list(rows_of([every[:10], every[10:]]).blocks(size))
    assert max(len(block) for _, block in blocks) <= size
    assert (np.concatenate([block for _, block in blocks]) == every.astype(np.float32)).all()
    assert [first for first, _ in blocks] == np.cumsum([0, *(len(block) for _, block in blocks[:-1])]).tolist()


@given(
    dimensions=st.integers(1, 40),
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=5),
    k=st.integers(1, 120),
    first=st.integers(0, 60),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**16),
)
def test_the_nearest_are_those_numpy_finds(
    dimensions: int, sizes: list[int], k: int, first: int, share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    every = random.standard_normal((sum(sizes), dimensions)).astype(np.float16)
    segments = np.split(every, np.cumsum(sizes)[:-1])
    vector = random.standard_normal(dimensions).astype(np.float32)
    eligible = random.random(len(every)) < share
    found, scores = VectorRows(sizes, segments.__getitem__, dimensions, 10**9).nearest(vector, k, eligible, first)
    exact = every.astype(np.float64) @ vector.astype(np.float64)
    wanted = [n for n in np.argsort(-exact, kind="stable").tolist() if n >= first and eligible[n]][:k]
    assert scores == pytest.approx(exact[wanted], abs=1e-4)
    assert exact[found] == pytest.approx(exact[wanted], abs=1e-4), "in another order only where scores are equal"
    assert len(set(found.tolist())) == len(wanted)


def test_one_object_answers_one_query_after_another(unit_rows: MakeRows, rows_of: RowsOf) -> None:
    every = unit_rows(200, 2)
    opened = rows_of([every[:50], every[50:]])
    for number in range(0, 200, 7):
        assert opened.nearest(every[number].astype(np.float32), 1)[0].tolist() == [number]


def test_a_segment_is_mapped_only_when_it_is_read(unit_rows: MakeRows) -> None:
    opened: list[int] = []

    def open_segment(number: int) -> Array:
        opened.append(number)
        return unit_rows(10, number)

    lazy = VectorRows([10, 10, 10], open_segment, 16, 10**9)
    lazy.read(np.array([12, 14]))
    lazy.read(np.array([13]))
    lazy.nearest(np.ones(16, dtype=np.float32), 1, first=20)
    assert opened == [1, 2]


class Mapped(mmap.mmap):
    """A mapped file that counts how often it was given back."""

    given_back = 0

    def madvise(self, *arguments: int) -> None:
        type(self).given_back += 1
        super().madvise(*arguments)


@pytest.mark.parametrize(("kept", "gives_back"), [(1000, True), (10**9, False)])
def test_what_may_not_stay_is_given_back_and_can_be_read_again(
    kept: int, gives_back: bool, tmp_path: Path, unit_rows: MakeRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = unit_rows(4000, 3)
    np.save(tmp_path / "rows.npy", every)
    vector = every[17].astype(np.float32)
    monkeypatch.setattr(mmap, "mmap", Mapped)
    monkeypatch.setattr(Mapped, "given_back", 0)
    mapped = VectorRows(
        [4000], lambda _: array_files.map_array(tmp_path / "rows.npy", np.float16, columns=True)[1], 16, kept
    )
    in_memory = VectorRows([4000], [every].__getitem__, 16, kept)
    for _ in range(3):
        assert mapped.nearest(vector, 9)[0].tolist() == in_memory.nearest(vector, 9)[0].tolist()
        assert (mapped.read(np.arange(0, 4000, 9)) == every[::9].astype(np.float32)).all()
        assert (np.concatenate([block for _, block in mapped.blocks(512)]) == every.astype(np.float32)).all()
    assert (Mapped.given_back > 0) == gives_back


def test_however_large_a_segment_is_no_more_of_it_stays_in_memory_than_may(
    tmp_path: Path, unit_rows: MakeRows, resident_bytes: Callable[[Path], int]
) -> None:
    every = np.tile(unit_rows(1000, 5), (1000, 1))
    np.save(tmp_path / "rows.npy", every)
    kept, scanned = 8_000_000, 1_100_000
    mapped = VectorRows(
        [len(every)], lambda _: array_files.map_array(tmp_path / "rows.npy", np.float16, columns=True)[1], 16, kept
    )
    numbers = np.random.default_rng(1).integers(0, len(every), 3000)
    assert (mapped.read(numbers) == every[numbers].astype(np.float32)).all()
    assert 0 < resident_bytes(tmp_path / "rows.npy") <= kept
    mapped.nearest(every[3].astype(np.float32), 9)
    assert resident_bytes(tmp_path / "rows.npy") < scanned
    for first, block in mapped.blocks(50_000):
        assert (block == every[first : first + 50_000].astype(np.float32)).all()
        assert resident_bytes(tmp_path / "rows.npy") <= kept
    assert resident_bytes(tmp_path / "rows.npy") < scanned


def test_equal_rows_come_in_order_of_their_numbers(unit_rows: MakeRows, rows_of: RowsOf) -> None:
    row = unit_rows(1, 4)
    opened = rows_of([np.repeat(row, 3, axis=0), np.repeat(row, 3, axis=0)])
    assert opened.nearest(row[0].astype(np.float32), 9)[0].tolist() == [0, 1, 2, 3, 4, 5]
