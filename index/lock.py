"""The lock of a folder: one writer at a time, and who comes second is told who the first is."""

import contextlib
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bioqa.index.errors import StorageError

LOCK = "writer.lock"


@contextlib.contextmanager
def locked(folder: Path, doing: str) -> Iterator[None]:
    """Holds the lock of `folder`, which is made where it is not there; the lock file says who holds it.

    It is the kernel's (flock): that of a process that has ended, however it ended, is free. Raises StorageError where
    another process holds it, `doing` what it is there for.
    """
    with _opened(folder, doing) as file:
        with contextlib.suppress(OSError):  # a full disk may forbid it, and what is held is held all the same
            file.truncate(0)
            file.write(json.dumps(_holder()))
            file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)


@contextlib.contextmanager
def _opened(folder: Path, doing: str) -> Iterator[TextIO]:
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context((folder / LOCK).open("a+", encoding="utf-8", errors="replace"))
            except FileNotFoundError:  # a writer that committed nothing took the folder away just now
                continue
            _lock(file, f"{folder}: another bioqa is {doing}")
            if _is_there(folder / LOCK, file):
                yield file
                return


def _is_there(path: Path, file: TextIO) -> bool:
    """Whether `file` is still the one at `path`: a writer that committed nothing takes its lock file away."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(file: TextIO, taken: str) -> None:
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


def _described(file: TextIO) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        return f" (process {holder['process']} on {holder['host']} since {holder['since']}: {holder['command']})"
    except (ValueError, TypeError, KeyError):  # it has the lock, but has not written yet who it is
        return ""
