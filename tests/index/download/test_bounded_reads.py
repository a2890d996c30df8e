import io

import pytest

from bioqa.index.download import bounded_reads
from bioqa.index.download.bounded_reads import MalformedResponse, PacedStream


class Dripping(io.RawIOBase):
    """Gives so many bytes at a time, each of which takes so long by the clock of the test."""

    def __init__(self, count: int, seconds: float, monkeypatch: pytest.MonkeyPatch):
        self.count, self.seconds, self.now, self.reads = count, seconds, 0.0, 0
        monkeypatch.setattr(bounded_reads.time, "monotonic", lambda: self.now)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.now += self.seconds
        self.reads += 1
        return min(self.count, len(buffer))


def test_headers_that_drip_are_waited_for_no_longer_than_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Dripping(1, 1.0, monkeypatch)
    with pytest.raises(TimeoutError, match="its headers were not complete after 60 s"):
        io.BufferedReader(PacedStream(raw, 60)).readline()
    assert raw.reads == 60


def test_headers_without_end_are_no_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Dripping(8192, 0.0, monkeypatch)
    with pytest.raises(MalformedResponse, match="exceed 262,144 bytes"):
        io.BufferedReader(PacedStream(raw, 60)).read(1 << 30)
    assert raw.reads < 40


@pytest.mark.parametrize(("count", "ends"), [(999, True), (1000, False)])
def test_a_body_has_to_keep_the_least_rate(count: int, ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Dripping(count, 1.0, monkeypatch)
    paced = PacedStream(raw, 60)
    paced.body()
    stream = io.BufferedReader(paced)
    if ends:
        with pytest.raises(TimeoutError, match="fewer than 1,000 bytes a second came for 60 s"):
            stream.read(1 << 20)
        assert raw.reads == 60
    else:
        assert len(stream.read(1 << 20)) == 1 << 20


def test_only_waiting_counts_and_not_what_the_reader_does_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Dripping(100, 0.01, monkeypatch)
    paced = PacedStream(raw, 60)
    paced.body()
    for _ in range(100):
        assert paced.read(100)
        raw.now += 100


def test_the_connection_is_closed_with_it() -> None:
    raw = io.BytesIO()
    PacedStream(raw, 1).close()  # type: ignore[arg-type]
    assert raw.closed
