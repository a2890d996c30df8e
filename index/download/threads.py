"""The same work on many things, several at once."""

import threading
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
_TICK = 0.2  # seconds between two looks at the progress
_FAREWELL = 0.5  # seconds that threads get to come to an end; one that waits for a silent server is left behind


def results(
    work: Callable[[T], R], things: Sequence[T], threads: int, stop: threading.Event
) -> Generator[R | None, None, None]:
    """What `work` returns for each thing, in the order in which it is done; None whenever a moment passes without.

    `work` is to return errors, not to raise them, and to look at `stop`, which is set where the caller breaks off.
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

    crew = [threading.Thread(target=serve, daemon=True) for _ in range(min(threads, len(things)))]
    left = len(things)
    try:
        for thread in crew:
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
        for thread in crew:
            thread.join(_FAREWELL / len(crew))
