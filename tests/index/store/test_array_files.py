from pathlib import Path

import numpy as np
import pytest

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError
from bioqa.index.store import array_files


def file_of(path: Path, kind: str, shape: str, body: bytes, order: str = "False", version: bytes = b"\x01\x00") -> Path:
    head = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY" + version + len(head).to_bytes(2, "little") + head + body)
    return path


@pytest.mark.parametrize("array", [np.arange(9), np.zeros((0, 3), np.int32), np.ones((5, 4), np.float16)])
def test_what_numpy_writes_is_mapped_as_it_is(array: Array, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    content, found = array_files.map_array(tmp_path / "a.npy", array.dtype.type, columns=array.ndim == 2)
    assert found.dtype == array.dtype
    assert found.tolist() == array.tolist()
    assert found.shape == array.shape
    assert len(content) == (tmp_path / "a.npy").stat().st_size


@pytest.mark.parametrize(
    ("kind", "shape", "body"),
    [
        ("'<i8'", "(1000000000000,)", bytes(16)),
        ("'<i8'", "(99999999999999999999,)", bytes(16)),
        ("'<i8'", "(-1,)", bytes(16)),
        ("'<i8'", "(2, 1)", bytes(16)),
        ("'<i8'", "(3,)", bytes(16)),
        ("'<i8'", "(1,)", bytes(16)),
        ("'<f8'", "(2,)", bytes(16)),
        ("'>i8'", "(2,)", bytes(16)),
        ("'|O'", "(2,)", bytes(16)),
        ("'<i8'", "__import__('os').getpid()", bytes(16)),
        ("[('a', '<i8')]", "(2,)", bytes(16)),
        ("(" * 9000, "(2,)", bytes(16)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_array_of_another_kind_or_shape_is_named(kind: str, shape: str, body: bytes, tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.npy", kind, shape, body)
    with pytest.raises(IndexFolderError, match=r"a\.npy: damaged .*rebuild with 'bioqa index build'$"):
        array_files.map_array(path, np.int64, columns=False)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x80\x04N.", bytes(4096), b"\xff" * 4096])
def test_what_is_no_array_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(IndexFolderError, match=r"a\.npy: damaged"):
        array_files.map_array(tmp_path / "a.npy", np.int64, columns=False)


def test_another_version_or_order_is_named(tmp_path: Path) -> None:
    for options in ({"version": b"\x03\x00"}, {"order": "True"}):
        path = file_of(tmp_path / "a.npy", "'<i8'", "(2,)", bytes(16), **options)  # type: ignore[arg-type]
        with pytest.raises(IndexFolderError, match="damaged"):
            array_files.map_array(path, np.int64, columns=False)


def test_a_file_that_is_missing_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match=r"a\.npy cannot be read \(No such file"):
        array_files.map_array(tmp_path / "a.npy", np.int64, columns=False)
