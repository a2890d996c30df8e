"""Running a function on many items in several threads."""

import threading
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
_TICK = 0.2  # seconds between two progress updates
_FAREWELL = 0.5  # seconds for threads to end; one that waits for a silent server is abandoned


def run_in_threads(
    work: Callable[[T], R], things: Sequence[T], threads: int, stop: threading.Event
) -> Generator[R | None, None, None]:
    """The results of `work` in order of completion; None at intervals without a result.

    `work` must return errors instead of raising them, and check `stop`, which is set if the caller ends early.
    """
    todo: SimpleQueue[T] = SimpleQueue()
    done: SimpleQueue[list[R]] = SimpleQueue()
    for thing in things:
        todo.put(thing)

    def serve() -> None:
        while not stop.is_set():
            try:
                thing = todo.get_nowait()
            except Empty:
                return
            found: list[R] = []
            try:
                found.append(work(thing))
            finally:
                done.put(found)

    workers = [threading.Thread(target=serve, daemon=True) for _ in range(min(threads, len(things)))]
    left = len(things)
    try:
        for thread in workers:
            thread.start()
        while left:
            try:
                found = done.get(timeout=_TICK)
            except Empty:
                yield None
                continue
            left -= 1
            yield found[0]  # an IndexError here follows the error that `work` raised
    finally:
        if left:
            stop.set()
        for thread in workers:
            thread.join(_FAREWELL / len(workers))
