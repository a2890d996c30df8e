"""Atomic file writes: a file is replaced completely or left unchanged."""

import contextlib
import gzip
import os
from collections.abc import Iterable
from pathlib import Path

from bioqa.index.errors import InputError, StorageError


def temporary_path(path: Path) -> Path:
    """The temporary file that is written before it replaces `path`. Leftovers of a killed process are overwritten."""
    return path.with_name(f"{path.name}.unfinished")


def write(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically.

    For a symbolic link, its target is replaced; a pipe or a device is written to directly. Raises StorageError if
    writing fails.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise _write_error(path, error) from None


def write_inside(path: Path, content: bytes) -> None:
    """Write a file in an index or model folder, which may come from an untrusted source, without following links.

    An existing entry at `path` or at its temporary path is replaced, never written through.
    """
    try:
        temporary_path(path).unlink(missing_ok=True)
        _replace(path, content, "xb")
    except OSError as error:
        raise _write_error(path, error) from None


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8, compressed with gzip if the name ends in .gz.

    Lone surrogates, which JSON allows but UTF-8 cannot encode, become question marks.
    """
    content = text.encode("utf-8", "replace")
    write(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def refuse_unwritable(target: Path, *, folder: bool = False) -> None:
    """Check before a long computation that the target file (or `folder`) can be written. Raises InputError."""
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.absolute().parent} to write it into")
    if target.is_dir() and not folder:
        raise InputError(f"{target}: is a folder; name the file to write")
    if folder and target.exists() and not target.is_dir():
        raise InputError(f"{target}: is a file; name the folder to write")


def refuse_named_twice(read: Iterable[Path], *targets: Path | None) -> None:
    """Raise InputError if an output file is also an input, or if two outputs are the same file."""
    taken = {path.resolve() for path in read}
    for target in filter(None, targets):
        if target.resolve() in taken:
            raise InputError(f"{target}: named twice in this call; write into a file of its own")
        if target.is_file() or not target.exists():  # a pipe or a device may receive several outputs
            taken.add(target.resolve())


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, where the operating system supports this."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_error(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or error
    return StorageError(f"{path}: {reason}; it was not written, and any earlier version is unchanged")


def _replace(path: Path, content: bytes, mode: str = "wb") -> None:
    fresh = temporary_path(path)
    try:
        with fresh.open(mode) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
