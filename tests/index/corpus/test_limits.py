import io

import pytest

from bioqa.index.corpus import limits
from bioqa.index.corpus.limits import RecordLimitedStream
from bioqa.index.errors import InputError


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 10)


def test_what_is_within_the_limit_is_read_as_it_is() -> None:
    stream = RecordLimitedStream(io.BytesIO(b"0123456789"), "file")
    assert [stream.read(4), stream.read(100), stream.read(5), stream.read()] == [b"0123", b"456789", b"", b""]


@pytest.mark.parametrize("size", [-1, 3, 10, 11, 1000])
def test_a_record_beyond_the_limit_is_refused(size: int) -> None:
    stream = RecordLimitedStream(io.BytesIO(b"x" * 11), "file.xml")
    with pytest.raises(InputError, match=r"^file.xml: record 1 is larger than"):
        list(iter(lambda: stream.read(size), b""))


def test_every_record_may_be_as_large_again() -> None:
    stream = RecordLimitedStream(io.BytesIO(b"x" * 25), "file")
    for _ in range(2):
        assert stream.read(10) == b"x" * 10
        stream.end_record()
    assert stream.read() == b"x" * 5


def test_what_is_passed_over_does_not_count() -> None:
    stream = RecordLimitedStream(io.BytesIO(b"x" * 40), "file")
    stream.end_record(skipping=25)
    assert len(stream.read(35)) == 35
    with pytest.raises(InputError, match="record 2 is larger"):
        stream.read(5)


def test_no_more_is_read_than_shows_that_it_is_too_much() -> None:
    source = io.BytesIO(b"x" * 1000)
    with pytest.raises(InputError):
        RecordLimitedStream(source, "file").read()
    assert source.tell() == 11
