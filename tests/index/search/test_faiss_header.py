import mmap
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from bioqa.index.arrays import Array
from bioqa.index.search import faiss_header, ivf
from bioqa.index.search.flat import VectorRows
from bioqa.index.store.planner import IvfDesign

DIMENSIONS = 16
LISTS = 20


def mapped(content: bytes, folder: Path) -> mmap.mmap:
    (folder / "lists").write_bytes(content)
    with (folder / "lists").open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@pytest.fixture(params=["sq4", "rabitq"])
def codes(request: pytest.FixtureRequest) -> str:
    """Both kinds of codes."""
    return str(request.param)


@pytest.fixture
def written(
    codes: str,
    tmp_path: Path,
    unit_rows: Callable[[int, int], Array],
    rows_of: Callable[[Sequence[Array]], VectorRows],
) -> bytes:
    """A file of lists over 2,000 rows but one."""
    design = IvfDesign(codes, lists=LISTS, probes=5, refine=2, sample=600)
    ivf.write(tmp_path / "made.faiss", rows_of([unit_rows(2000, 1)]), design, np.array([7]))
    return (tmp_path / "made.faiss").read_bytes()


def test_what_was_written_is_sound(codes: str, written: bytes, tmp_path: Path) -> None:
    content = mapped(written, tmp_path)
    assert faiss_header.fault(content, codes, DIMENSIONS, LISTS, 1999) == ""
    assert faiss_header.fault(content, codes, None, LISTS, 1999) == ""


@pytest.mark.parametrize(
    ("dimensions", "lists", "rows"), [(8, LISTS, 1999), (DIMENSIONS, 19, 1999), (DIMENSIONS, LISTS, 2000)]
)
def test_another_size_than_the_manifest_says_is_told(
    dimensions: int, lists: int, rows: int, codes: str, written: bytes, tmp_path: Path
) -> None:
    assert faiss_header.fault(mapped(written, tmp_path), codes, dimensions, lists, rows)
    other = "rabitq" if codes == "sq4" else "sq4"
    assert faiss_header.fault(mapped(written, tmp_path), other, DIMENSIONS, LISTS, 1999)


def test_no_size_in_the_file_can_be_made_larger(codes: str, written: bytes, tmp_path: Path) -> None:
    """FAISS would take memory for what any of them says: 2**40 numbers, say."""
    head = written.index(b"ilar") + 12 + 8 + 4 + 8 * LISTS
    floats = range(98, 98 + 4 * DIMENSIONS * LISTS)
    for place in range(head - 8):
        if place in floats or b"ilar" not in written[place:]:
            continue
        if written[place : place + 8] in {
            struct.pack("<Q", size) for size in (LISTS, DIMENSIONS * LISTS, 32, 8, 10, 1)
        }:
            content = written[:place] + struct.pack("<Q", 1 << 40) + written[place + 8 :]
            assert faiss_header.fault(mapped(content, tmp_path), codes, DIMENSIONS, LISTS, 1999), place


def test_lists_of_other_sizes_and_files_that_end_early_are_told(codes: str, written: bytes, tmp_path: Path) -> None:
    sizes = written.index(b"full") + 12
    for value in (0, 5000, 1 << 63):
        content = written[:sizes] + struct.pack("<Q", value) + written[sizes + 8 :]
        assert "lists" in faiss_header.fault(mapped(content, tmp_path), codes, DIMENSIONS, LISTS, 1999)
    for end in (1, 4, 40, 98, 300, sizes - 9, sizes, sizes + 9, len(written) - 1):
        assert faiss_header.fault(mapped(written[:end], tmp_path), codes, DIMENSIONS, LISTS, 1999)
    assert faiss_header.fault(mapped(b"\xff" * 5000, tmp_path), codes, None, LISTS, 1999)
