import contextlib
import threading
import time

import pytest

from bioqa.index.download import threads as workers


@pytest.mark.parametrize("threads", [1, 3, 50])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_every_thing_is_done_once(threads: int, count: int) -> None:
    stop = threading.Event()
    found = [done for done in workers.run_in_threads(lambda n: n * n, range(count), threads, stop) if done is not None]
    assert sorted(found) == [n * n for n in range(count)]
    assert not stop.is_set()


def test_no_more_than_so_many_are_at_work() -> None:
    lock, busy, most = threading.Lock(), 0, 0

    def work(_: int) -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        return 1

    assert sum(done or 0 for done in workers.run_in_threads(work, range(20), 3, threading.Event())) == 20
    assert most <= 3


def test_a_moment_without_a_result_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_TICK", 0.01)
    slow = workers.run_in_threads(lambda n: time.sleep(0.05) or n, [7], 1, threading.Event())
    assert next(slow) is None
    assert list(slow)[-1] == 7


def test_who_breaks_off_is_not_kept_by_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_FAREWELL", 0.05)
    stop, release, begun = threading.Event(), threading.Event(), []

    def work(thing: int) -> int:
        begun.append(thing)
        if thing:
            release.wait(10)
        return thing

    before = time.monotonic()
    with contextlib.closing(workers.run_in_threads(work, range(10), 2, stop)) as results:
        assert next(done for done in results if done is not None) == 0
    assert time.monotonic() - before < 5
    assert stop.is_set()
    release.set()
    assert len(begun) <= 3
