import hashlib
import mmap
import os
import random
from pathlib import Path

import numpy as np
import pytest

from bioqa.index.errors import IndexFolderError
from bioqa.index.store import checksums
from bioqa.index.store.checksums import CheckedFile

SIZES = {"a": 100_000, "b": 16_384, "c": 0, "d": 1}


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    """A folder with files of several blocks, of one, of none and of a byte, and their checksums."""
    for name, size in SIZES.items():
        (tmp_path / name).write_bytes(random.Random(name).randbytes(size))
    checksums.write(tmp_path, SIZES)
    return tmp_path


def sizes(segment: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in segment.iterdir()}


def checked(segment: Path, name: str, **options: str) -> CheckedFile:
    with (segment / name).open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    sums = None if options else checksums.read(segment, sizes(segment))[name]
    return CheckedFile(segment / name, content, sums, **options)


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 4]))


def test_every_block_has_a_checksum_and_what_is_whole_can_be_used(segment: Path) -> None:
    found = checksums.read(segment, sizes(segment))
    assert {name: len(sums) for name, sums in found.items()} == {"a": 7, "b": 1, "c": 0, "d": 1}
    for name in ("a", "b", "d"):
        checked(segment, name).verify_all()


@pytest.mark.parametrize("place", [0, 16_383, 16_384, 50_000, 99_999])
def test_a_flipped_byte_is_found_where_it_is_used_and_only_there(place: int, segment: Path) -> None:
    flip(segment / "a", place)
    file, block = checked(segment, "a"), place // 16_384
    with pytest.raises(
        IndexFolderError, match=rf"a: damaged \(a byte or more after byte {block * 16_384:,} has changed"
    ):
        file.verify(place, place + 1)
    with pytest.raises(IndexFolderError):
        file.verify_ranges(np.array([1, place]), 1)
    with pytest.raises(IndexFolderError):
        file.verify_ranges(np.array([0]), 100_000)
    others = np.array([other * 16_384 for other in range(7) if other != block])
    file.verify_ranges(others, 100)
    for other in others.tolist():
        file.verify(other, other + 1)
    with pytest.raises(IndexFolderError):
        file.verify_all()


def test_a_flipped_checksum_is_found_like_a_flipped_byte(segment: Path) -> None:
    flip(segment / checksums.FILE, (segment / checksums.FILE).stat().st_size - 1)
    checked(segment, "a").verify_all()
    with pytest.raises(IndexFolderError, match="damaged"):
        checked(segment, "d").verify_all()


def test_more_or_fewer_checksums_than_blocks_are_named(segment: Path) -> None:
    np.save(segment / checksums.FILE, np.zeros(8, np.uint32))
    with pytest.raises(
        IndexFolderError, match=r"checksums\.npy: damaged \(it holds 8 checksums, the files have 9 blocks"
    ):
        checksums.read(segment, sizes(segment))


def test_a_segment_without_checksums_has_none(segment: Path) -> None:
    assert checksums.read(segment, SIZES) == {}


def test_a_block_is_checked_once(segment: Path) -> None:
    file = checked(segment, "a")
    file.verify(0, 10)
    flip(segment / "a", 5)
    file.verify(0, 10)


def test_a_file_that_is_cut_while_it_is_mapped_is_named_before_it_is_read(segment: Path) -> None:
    file = checked(segment, "a")
    file.verify_all()
    os.truncate(segment / "a", 50_000)
    for use in (lambda: file.verify(0, 1), lambda: file.verify_ranges(np.array([0]), 1), file.verify_all):
        with pytest.raises(IndexFolderError, match=r"a: damaged .*truncated while it was read"):
            use()


def test_without_checksums_the_digest_of_the_whole_decides_once(segment: Path) -> None:
    digest = hashlib.sha256((segment / "a").read_bytes()).hexdigest()
    file = checked(segment, "a", digest=digest)
    flip(segment / "a", 99_999)
    with pytest.raises(IndexFolderError, match="has changed since it was written"):
        file.verify(0, 1)
    flip(segment / "a", 99_999)
    file.verify(0, 1)
    flip(segment / "a", 99_999)
    file.verify_ranges(np.array([0]), 1)
