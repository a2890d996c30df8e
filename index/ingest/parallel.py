"""Reading large files in several processes: parsing, cutting into passages, making terms; all in the file's order."""

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
from typing import Self

from bioqa.index.corpus import files
from bioqa.index.corpus.chunks import UncuttableError
from bioqa.index.corpus.files import CorpusFile
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.records import BadRecord
from bioqa.index.text.prepared import PreparedRecord, prepare

_WORTH = 4 << 20  # bytes of a file from which on processes are worth their start, which takes them a second
_AHEAD = 2  # parts a process that are read before they are asked for
_Part = tuple[Future[list[PreparedRecord] | None], int]  # what it holds, and where in the file it ends


class WorkerError(BioqaError):
    """A process that reads came to a sudden end."""


class Crew:
    """Processes that read files, started when the first large one comes, and ended with the `with` block."""

    def __init__(self, size: int):
        """`size` processes; a crew of one reads in this process."""
        self._size = size
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def entries(self, file: CorpusFile) -> Iterator[PreparedRecord]:
        """The records of a file, made ready to be indexed, in its order.

        Whatever is unusual about a file is left to reading it in order: it alone can say where and what.

        Raises what `CorpusFile.records` does, and WorkerError where a process came to a sudden end.
        """
        stopped: int | None = 0
        if self._size > 1 and _is_worth_it(file.path):
            stopped = yield from self._side_by_side(file)
        if stopped is not None:
            yield from (prepare(record, str(file.path)) for record in islice(file.records(), stopped, None))

    def _side_by_side(self, file: CorpusFile) -> Generator[PreparedRecord, None, int | None]:
        """The records up to what is unusual; returns how many they were then, None where nothing was."""
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
                f"{file.path}: a process that read it was ended from outside, for want of memory perhaps; "
                "the same command goes on from the last commit"
            ) from None
        finally:
            for part, _ in waiting:
                part.cancel()
        return None

    def _read_ahead(self, file: CorpusFile, waiting: deque[_Part]) -> Iterator[_Part]:
        """All parts in order; `waiting` are those that are read before they are asked for."""
        pool = self._started()
        for part, end in file.parts():
            waiting.append((pool.submit(_read, part, file.format, str(file.path)), end))
            if len(waiting) > _AHEAD * self._size:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks, but no threads
            self._pool = ProcessPoolExecutor(self._size, context, initializer=_begin)
        return self._pool


def _is_worth_it(path: Path) -> bool:
    """Whether a file is large, and can be read again from its start, as a pipe cannot."""
    return path.is_file() and path.stat().st_size >= _WORTH


def _begin() -> None:
    """Leave Ctrl-C to the parent process, and end with it, whatever ends that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(part: bytes, format_name: str, source: str) -> list[PreparedRecord] | None:
    """The records of a part; None where one is bad or the part cannot be read: a message names the line in the file."""
    try:
        found = [prepare(record, source) for record in files.FORMATS[format_name](BytesIO(part), source)]
    except InputError:
        return None
    return None if any(isinstance(entry, BadRecord) for entry in found) else found
