"""The writer lock of a folder, which records its holder."""

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
_NOT_A_FILE = {errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EISDIR}  # a link, a pipe, a socket or a folder
_LONGEST = 1 << 16  # bytes of a lock file that are read


@contextlib.contextmanager
def locked(folder: Path, doing: str) -> Iterator[None]:
    """Hold the lock of `folder`, which is created if necessary. The lock file describes the holder.

    The kernel (flock) releases the lock when the process ends for any reason. Raises StorageError if another process
    holds the lock (`doing` describes its work), and if the lock file is not one of bioqa, which is never written to.
    """
    with _open_lock(folder, doing) as file:
        with contextlib.suppress(OSError):  # a full disk may prevent this, but the lock is held anyway
            file.truncate(0)
            file.write(json.dumps(_holder()).encode())
            file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)


@contextlib.contextmanager
def _open_lock(folder: Path, doing: str) -> Iterator[BinaryIO]:
    path = folder / LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open_plain(path, "a+b"))
            except FileNotFoundError:  # a writer that committed nothing has just deleted the folder
                continue
            except OSError as error:
                if error.errno not in _NOT_A_FILE:
                    raise
                raise StorageError(f"{path}: {error.strerror}; delete it, or choose another folder") from None
            _acquire(file, f"{folder}: another bioqa is {doing}")
            if not _is_there(path, file):
                continue
            if not _is_ours(file):
                raise StorageError(f"{path}: is not a lock file of bioqa; move it away, or choose another folder")
            if os.fstat(file.fileno()).st_nlink > 1:  # a hard link: writing would change another file as well
                path.unlink()
                continue
            yield file
            return


def _is_there(path: Path, file: BinaryIO) -> bool:
    """Whether `file` is still the file at `path`: a writer that committed nothing deletes its lock file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_ours(file: BinaryIO) -> bool:
    """Whether the file is empty or begins with the description of a holder, possibly incomplete."""
    file.seek(0)
    content = file.read(len(_BEGINNING))
    return content == _BEGINNING[: len(content)]


def _acquire(file: BinaryIO, taken: str) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: tantivy's own lock still stops a second writer
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(f"{taken}{_describe_holder(file)}; wait for it to end") from None


def _holder() -> dict[str, str | int]:
    name, *arguments = sys.orig_argv if sys.argv[:1] in ([], ["-c"]) else sys.argv
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "since": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "command": shlex.join([Path(name).name, *arguments]),
    }


def _describe_holder(file: BinaryIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read(_LONGEST))
        return f" (process {holder['process']} on {holder['host']} since {holder['since']}: {holder['command']})"
    except (ValueError, TypeError, KeyError, RecursionError):  # the holder has not yet written its description
        return ""
