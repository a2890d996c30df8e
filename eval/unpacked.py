"""Small input files, plain or gzipped, told by their content."""

import gzip
import zlib
from pathlib import Path

from bioqa.index.errors import InputError


def unpacked(path: Path) -> bytes:
    """The whole content of a file, decompressed where it is gzipped. Raises InputError where that cannot be had."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: compressed data damaged or cut off ({error}); fetch the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
