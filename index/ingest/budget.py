"""The memory budget of a build, with a plan that is corrected as the corpus is read."""

from collections.abc import Callable, Iterable

from bioqa.index.cpus import processors
from bioqa.index.errors import BudgetError
from bioqa.index.store import planner


class Budget:
    """Plans memory before a build and at each commit; reports the plan when its layout changes."""

    def __init__(self, limit: int | None, dimensions: int, talk: Callable[[str], None]):
        """`limit` is in bytes, None for no limit; `dimensions` is 0 without vectors."""
        self._limit, self._dimensions, self._talk = limit, dimensions, talk
        self._layout = ""
        self._needed = 0
        self._indexed = self._read = 0

    def begin(self, indexed: int, files: Iterable[tuple[str, int]]) -> None:
        """Plan for the indexed passages and the estimated passages of `files` (names and bytes).

        Raises BudgetError if the limit is too low.
        """
        self._indexed = indexed
        self._plan(indexed + sum(planner.estimate_passages(name, size) for name, size in files))

    def correct(self, indexed: int, read: int, total: int) -> None:
        """Correct the plan after a commit: `indexed` passages, `read` of `total` bytes.

        The rest is assumed to have as many passages per byte as the input since the last correction. Raises
        BudgetError.
        """
        ahead = (indexed - self._indexed) * (total - read) / max(1, read - self._read)
        self._indexed, self._read = indexed, read
        try:
            self._plan(indexed + round(ahead))
        except BudgetError as error:
            raise BudgetError(f"{error}; the records read so far are indexed, run the command again with it") from None

    def readers(self) -> int:
        """The number of reading processes: at most one per processor, as far as the memory limit allows."""
        if self._limit is None:
            return processors()
        return max(1, min(processors(), (self._limit - self._needed) // planner.READING))

    def _plan(self, passages: int) -> None:
        if self._limit is None:
            return
        found = planner.plan_memory(passages, self._dimensions, self._limit)
        self._needed = found.build_bytes
        if found.layout != self._layout:
            self._layout = found.layout
            self._talk(planner.format_plan(found))
