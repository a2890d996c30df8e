"""Parallel reading of large corpus files: parsing, passages and terms, in the order of the file."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

from bioqa.index.corpus import files
from bioqa.index.corpus.chunks import UncuttableError
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.records import BadRecord
from bioqa.index.text.prepared import PreparedRecord, prepare

_WORTH = 4 << 20  # bytes; for smaller files, processes take longer to start than they save
_AHEAD = 2  # parts per process that are read ahead
_Part = tuple[Future[list[PreparedRecord] | None], int]  # its records, and the position in the file at which it ends


class WorkerError(BioqaError):
    """A reading process ended unexpectedly."""


class Workers(Protocol):
    """Readers of corpus files for a build, on this machine or on others."""

    def entries(self, file: CorpusFile) -> Iterator[PreparedRecord]:
        """The records of a file, ready to be indexed, in its order. Raises InputError if reading fails."""
        ...


class ReaderPool:
    """Processes that read corpus files. They start with the first large file and end with the `with` block."""

    def __init__(self, size: int):
        """`size` is the number of processes; a pool of one reads in this process."""
        self._size = size
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def entries(self, file: CorpusFile) -> Iterator[PreparedRecord]:
        """The records of a file, ready to be indexed, in its order.

        Anything unusual is left to reading in order, which alone can report its place.

        Raises the errors of `CorpusFile.records`, and WorkerError if a process ended unexpectedly.
        """
        stopped: int | None = 0
        if self._size > 1 and _is_worth_it(file.path):
            stopped = yield from self._side_by_side(file)
        if stopped is not None:
            yield from (prepare(record, str(file.path)) for record in islice(file.records(), stopped, None))

    def _side_by_side(self, file: CorpusFile) -> Generator[PreparedRecord, None, int | None]:
        """The records before the first unusual part; returns their number, or None for the whole file."""
        count = 0
        waiting: deque[_Part] = deque()
        try:
            for part, end in self._read_ahead(file, waiting):
                found = part.result()
                if found is None:
                    return count
                file.bytes_read = end
                yield from found
                count += len(found)
        except (InputError, UncuttableError):
            return count
        except BrokenProcessPool:
            raise WorkerError(
                f"{file.path}: a process that read it was killed, perhaps for lack of memory; "
                "the same command resumes from the last commit"
            ) from None
        finally:
            for part, _ in waiting:
                part.cancel()
        return None

    def _read_ahead(self, file: CorpusFile, waiting: deque[_Part]) -> Iterator[_Part]:
        """All parts in order; `waiting` holds the parts that are read ahead."""
        pool = self._started()
        for part, end in file.parts():
            waiting.append((pool.submit(_read, part, file.format, str(file.path)), end))
            if len(waiting) > _AHEAD * self._size:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork would copy locks but not the threads that hold them
            self._pool = ProcessPoolExecutor(self._size, context, initializer=_begin)
        return self._pool


def _is_worth_it(path: Path) -> bool:
    """Whether a file is large and not a pipe, so that it can be read again from its start."""
    return path.is_file() and path.stat().st_size >= _WORTH


def _begin() -> None:
    """Leave Ctrl-C to the parent process, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(part: bytes, format_name: str, source: str) -> list[PreparedRecord] | None:
    """The records of a part; None if any is bad or unreadable, since only the whole file has line numbers."""
    found: list[PreparedRecord] = []
    try:
        for record in files.FORMATS[format_name](BytesIO(part), source):
            entry = prepare(record, source)
            if isinstance(entry, BadRecord):
                return None
            found.append(entry)
    except InputError:
        return None
    return found
