"""Files that are written whole or not at all."""

import contextlib
import gzip
import os
from collections.abc import Iterable
from pathlib import Path

from bioqa.index.errors import InputError, StorageError


def unfinished(path: Path) -> Path:
    """Where what `path` is to hold stands until it is complete; what a killed process left there is written over."""
    return path.with_name(f"{path.name}.unfinished")


def write(path: Path, content: bytes) -> None:
    """Make `path` hold `content`; what stood there before is replaced at once, or not at all.

    Of a link, what it points to is replaced; a pipe or a device is written to. Raises StorageError where the disk
    refuses.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise _not_written(path, error) from None


def write_inside(path: Path, content: bytes) -> None:
    """`write` of a file in a folder of bioqa's own, which a stranger may have made: no link is followed.

    What stands at `path`, or where it is written first, is replaced and never written through.
    """
    try:
        unfinished(path).unlink(missing_ok=True)
        _replace(path, content, "xb")
    except OSError as error:
        raise _not_written(path, error) from None


def write_text(path: Path, text: str) -> None:
    """`write` of text in UTF-8, gzipped where the name ends in .gz; lone surrogates, which JSON can hold but UTF-8
    cannot, become question marks."""
    content = text.encode("utf-8", "replace")
    write(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def refuse_unwritable(target: Path, *, folder: bool = False) -> None:
    """Say before long work that a file, or a `folder`, cannot be written: raises InputError."""
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.absolute().parent} to write it into")
    if target.is_dir() and not folder:
        raise InputError(f"{target}: is a folder; name the file to write")
    if folder and target.exists() and not target.is_dir():
        raise InputError(f"{target}: is a file; name the folder to write")


def refuse_named_twice(read: Iterable[Path], *targets: Path | None) -> None:
    """Refuse to write over a file that is read, and to write two files into one: raises InputError."""
    taken = {path.resolve() for path in read}
    for target in filter(None, targets):
        if target.resolve() in taken:
            raise InputError(f"{target}: named twice in this call; write into a file of its own")
        if target.is_file() or not target.exists():  # into a pipe or a device may go what will
            taken.add(target.resolve())


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk, where the system can do that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_written(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or error
    return StorageError(f"{path}: {reason}; it was not written, and what stood there before is as it was")


def _replace(path: Path, content: bytes, mode: str = "wb") -> None:
    fresh = unfinished(path)
    try:
        with fresh.open(mode) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
