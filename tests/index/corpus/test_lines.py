import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import lines
from bioqa.index.corpus.lines import Line
from bioqa.index.records import BadRecord


def read(data: bytes) -> list[Line]:
    return list(lines.read(io.BytesIO(data)))


def test_lines_are_numbered_from_one_and_keep_their_ends() -> None:
    assert read(b"a\r\n\nb") == [Line(1, "a\r\n"), Line(2, "\n"), Line(3, "b")]


def test_after_a_line_without_end_a_terminal_is_not_asked_again() -> None:
    class Terminal(io.BytesIO):
        given = iter([b"a\n", b"b", b"c\n"])

        def readline(self, size: int | None = -1, /) -> bytes:
            return next(self.given)

    assert list(lines.read(Terminal())) == [Line(1, "a\n"), Line(2, "b")]


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    assert read(b"\xef\xbb\xbfa\n\xef\xbb\xbfb") == [Line(1, "a\n"), Line(2, "b")]


def test_a_line_that_is_not_utf_8_says_at_which_byte_and_the_next_is_read() -> None:
    bad, good = read(b"caf\xe9\nb\n")
    assert (bad.text, bad.fault) == ("", "not UTF-8 at byte 4")
    assert good == Line(2, "b\n")


@given(st.lists(st.binary(max_size=12), max_size=8), st.integers(1, 12))
def test_a_line_beyond_the_limit_is_passed_over_whole(contents: list[bytes], largest: int) -> None:
    texts = [bytes(byte % 64 + 32 for byte in content) + b"\n" for content in contents]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LARGEST", largest)
        found = read(b"".join(texts))
    assert [line.number for line in found] == list(range(1, len(texts) + 1))
    for line, text in zip(found, texts, strict=True):
        assert line.fault.startswith("longer than") == (len(text) > largest)
        assert line.text == ("" if line.fault else text.decode())


def test_a_line_becomes_a_bad_record_with_its_fault_or_another_reason() -> None:
    assert Line(3, "", "not UTF-8").as_bad_record("a.tsv") == BadRecord("a.tsv", "line 3", "not UTF-8")
    assert Line(4, "x").as_bad_record("a.tsv", "no id") == BadRecord("a.tsv", "line 4", "no id")


def test_of_blank_lines_without_end_the_first_are_given_out_and_all_are_counted() -> None:
    found = read(b"a\n" + b" \r\n" * 100_000 + b"b")
    assert len(found) == 102
    assert found[-1] == Line(100_002, "b")


def test_each_of_many_blank_lines_costs_one_call() -> None:
    count = 100_000
    data = b"a\n" + b"\n" * count + b"b"
    calls = 0

    def counted(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        found = read(data)
    finally:
        sys.setprofile(None)
    assert found[-1] == Line(count + 2, "b")
    assert calls < count * 1.1


def test_a_terminal_is_not_asked_again_after_many_blank_lines() -> None:
    class Terminal(io.BytesIO):
        given = iter([b"\n"] * 200 + [b""])

        def readline(self, size: int | None = -1, /) -> bytes:
            return next(self.given)

    assert len(list(lines.read(Terminal()))) == 100
