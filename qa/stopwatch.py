"""Wall-clock times of the steps of an answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Wall-clock times of named steps."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time the `with` block as this step."""
        began = time.perf_counter()
        yield
        self._seconds[step] = time.perf_counter() - began

    def milliseconds(self) -> dict[str, float]:
        """Milliseconds per step, and in total."""
        self._seconds["total"] = time.perf_counter() - self._began
        return {step: round(seconds * 1000, 1) for step, seconds in self._seconds.items()}
