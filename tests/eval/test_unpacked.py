import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.eval.unpacked import unpacked
from bioqa.index.errors import InputError


@pytest.mark.parametrize("content", [b"", b"plain\n", b"\x1f", "β".encode()])
def test_a_file_is_read_plain_or_compressed_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    (tmp_path / "b.json").write_bytes(gzip.compress(content))
    (tmp_path / "c").write_bytes(lzma.compress(content))
    assert unpacked(tmp_path / "a.gz") == unpacked(tmp_path / "b.json") == unpacked(tmp_path / "c") == content


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8bnothing",
        gzip.compress(b"text" * 99)[:-9],
        gzip.compress(b"")[:5],
        b"\xfd7zXZ\x00nothing",
        lzma.compress(b"text" * 99)[:-9],
    ],
)
def test_a_damaged_one_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=r"file: compressed data damaged or cut off .*; fetch the file again"):
        unpacked(tmp_path / "file")


def test_what_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            unpacked(path)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_file_larger_than_memory_should_hold_is_refused(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(compress(bytes(2000)))
    assert unpacked(path, 2000) == bytes(2000)
    with pytest.raises(InputError, match="not held in memory"):
        unpacked(path, 1999)
