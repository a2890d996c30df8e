import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.eval.datasets.files import read_bytes, read_json
from bioqa.index.errors import InputError


@pytest.mark.parametrize("content", [b"", b"plain\n", b"\x1f", "β".encode()])
def test_a_file_is_read_plain_or_compressed_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    (tmp_path / "b.json").write_bytes(gzip.compress(content))
    (tmp_path / "c").write_bytes(lzma.compress(content))
    assert read_bytes(tmp_path / "a.gz") == read_bytes(tmp_path / "b.json") == read_bytes(tmp_path / "c") == content


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
        read_bytes(tmp_path / "file")


def test_what_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            read_bytes(path)


def test_json_is_read_plain_or_compressed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(gzip.compress(b'{"a": ["\\ud83d"]}'))
    assert read_json(tmp_path / "file", "a file") == {"a": ["\ud83d"]}
    assert read_json(tmp_path / "file", "a file", legible=True) == {"a": ["?"]}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_json_says_what_was_expected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError, match=r"file: not a file of answers \("):
        read_json(tmp_path / "file", "a file of answers")


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_file_larger_than_memory_should_hold_is_refused(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(compress(bytes(2000)))
    assert read_bytes(path, 2000) == bytes(2000)
    with pytest.raises(InputError, match="not held in memory"):
        read_bytes(path, 1999)
