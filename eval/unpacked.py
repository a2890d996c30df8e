"""Small input files, plain, gzipped or xz-compressed, told by their content."""

import gzip
import lzma
import zlib
from pathlib import Path

from bioqa.index.errors import InputError

_UNPACK = {b"\x1f\x8b": gzip.decompress, b"\xfd7zXZ\x00": lzma.decompress}  # by how a file begins


def unpacked(path: Path) -> bytes:
    """The whole content of a file, decompressed where it is compressed. Raises InputError where it cannot be had."""
    try:
        content = path.read_bytes()
        unpack = next((unpack for magic, unpack in _UNPACK.items() if content.startswith(magic)), bytes)
        return unpack(content)
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{path}: compressed data damaged or cut off ({error}); fetch the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
