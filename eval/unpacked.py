"""Input files that are held in memory whole, plain or compressed, told by their content."""

from pathlib import Path

from bioqa.index.compressed import DAMAGED, decompressed
from bioqa.index.errors import InputError

LARGEST = 256 << 20  # bytes of what is inside


def unpacked(path: Path, most: int = LARGEST) -> bytes:
    """The whole content of a file, decompressed where it is compressed. Raises InputError where it cannot be read, or
    is more than `most` bytes."""
    try:
        with path.open("rb") as raw:
            content = decompressed(raw, str(path)).read(most + 1)
    except DAMAGED as error:
        raise InputError(f"{path}: compressed data damaged or cut off ({error}); fetch the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if len(content) > most:
        raise InputError(f"{path}: holds more than {most >> 20} MB, which are not held in memory; split the file")
    return content
