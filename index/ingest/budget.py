"""The memory a build may take, held against what its corpus turns out to be."""

from collections.abc import Callable, Iterable

from bioqa.index.cpus import processors
from bioqa.index.errors import BudgetError
from bioqa.index.store import planner


class Budget:
    """Plans before a build and again at each of its commits; a plan is told when it is of another layout."""

    def __init__(self, limit: int | None, dimensions: int, talk: Callable[[str], None]):
        """`limit` in bytes, None where nothing is to be kept to; `dimensions` is 0 without vectors."""
        self._limit, self._dimensions, self._talk = limit, dimensions, talk
        self._layout = ""
        self._needed = 0
        self._indexed = self._read = 0

    def begin(self, indexed: int, files: Iterable[tuple[str, int]]) -> None:
        """Plan for the passages that are indexed and those that `files` (names and bytes) look to hold.

        Raises BudgetError where the limit is too little.
        """
        self._indexed = indexed
        self._plan(indexed + sum(planner.estimate_passages(name, size) for name, size in files))

    def correct(self, indexed: int, read: int, total: int) -> None:
        """Plan anew: so many passages are committed, and that many bytes of all are read.

        What is left is taken to hold as much a byte as what was read since the last time. Raises BudgetError.
        """
        ahead = (indexed - self._indexed) * (total - read) / max(1, read - self._read)
        self._indexed, self._read = indexed, read
        try:
            self._plan(indexed + round(ahead))
        except BudgetError as error:
            raise BudgetError(f"{error}; what was read is in the index, run the same command with that") from None

    def readers(self) -> int:
        """How many processes may read the corpus: those that the limit has room for besides, one for each processor."""
        if self._limit is None:
            return processors()
        return max(1, min(processors(), (self._limit - self._needed) // planner.READING))

    def _plan(self, passages: int) -> None:
        if self._limit is None:
            return
        found = planner.plan(passages, self._dimensions, self._limit)
        self._needed = found.build_bytes
        if found.layout != self._layout:
            self._layout = found.layout
            self._talk(planner.described(found))
