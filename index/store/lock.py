"""The lock of a folder: one writer at a time, and who comes second is told who the first is."""

import contextlib
import errno
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bioqa.index.errors import StorageError
from bioqa.index.plain_files import open_plain

LOCK = "writer.lock"
_BEGINNING = b'{"process": '
_IN_THE_WAY = {errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EISDIR}  # of a link, a pipe, a socket or a folder
_LONGEST = 1 << 16  # bytes of it that are read


@contextlib.contextmanager
def locked(folder: Path, doing: str) -> Iterator[None]:
    """Holds the lock of `folder`, which is made where it is not there; the lock file says who holds it.

    It is the kernel's (flock): that of a process that has ended, however it ended, is free. Raises StorageError where
    another process holds it, `doing` what it is there for, and where something else stands in its place: nothing that
    is not a lock is written to.
    """
    with _opened(folder, doing) as file:
        with contextlib.suppress(OSError):  # a full disk may forbid it, and what is held is held all the same
            file.truncate(0)
            file.write(json.dumps(_holder()).encode())
            file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)


@contextlib.contextmanager
def _opened(folder: Path, doing: str) -> Iterator[BinaryIO]:
    path = folder / LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open_plain(path, "a+b"))
            except FileNotFoundError:  # a writer that committed nothing took the folder away just now
                continue
            except OSError as error:
                if error.errno not in _IN_THE_WAY:
                    raise
                raise StorageError(f"{path}: {error.strerror}; delete it, or choose another folder") from None
            _lock(file, f"{folder}: another bioqa is {doing}")
            if not _is_there(path, file):
                continue
            if not _is_ours(file):
                raise StorageError(f"{path}: is no lock of bioqa; move it away, or choose another folder")
            if os.fstat(file.fileno()).st_nlink > 1:  # what is written into it would stand in another file, too
                path.unlink()
                continue
            yield file
            return


def _is_there(path: Path, file: BinaryIO) -> bool:
    """Whether `file` is still the one at `path`: a writer that committed nothing takes its lock file away."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_ours(file: BinaryIO) -> bool:
    """Whether the file holds nothing, or who held it, which a killed process may have written in part."""
    file.seek(0)
    content = file.read(len(_BEGINNING))
    return content == _BEGINNING[: len(content)]


def _lock(file: BinaryIO, taken: str) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: tantivy's own lock still stops a second writer
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(f"{taken}{_described(file)}; wait for it to end") from None


def _holder() -> dict[str, str | int]:
    name, *arguments = sys.orig_argv if sys.argv[:1] in ([], ["-c"]) else sys.argv
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "since": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "command": shlex.join([Path(name).name, *arguments]),
    }


def _described(file: BinaryIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read(_LONGEST))
        return f" (process {holder['process']} on {holder['host']} since {holder['since']}: {holder['command']})"
    except (ValueError, TypeError, KeyError, RecursionError):  # it has the lock, but has not written yet who it is
        return ""
