"""A lock on a file: one process at a time works in a folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bioqa.index.errors import StorageError


@contextlib.contextmanager
def exclusive(path: Path, taken: str) -> Iterator[None]:
    """Holds the lock file `path`, made where it is not there; it is free again when its process ends in any way.

    Raises StorageError, beginning with `taken`, where another process holds it.
    """
    with path.open("a") as file:
        _lock(file.fileno(), taken)
        yield


def _lock(descriptor: int, taken: str) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: there, tantivy's own lock still stops a second writer of an index
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(f"{taken}; wait for it to end") from None
