"""A reader of numbered text lines of bounded length."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from bioqa.index.corpus.limits import LARGEST
from bioqa.index.records import BadRecord

_BLANK = 100  # consecutive blank lines that are returned


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, starting at 1. If it cannot be decoded, `fault` gives the reason."""

    number: int
    text: str
    fault: str = ""

    def as_bad_record(self, source: str, reason: str = "") -> BadRecord:
        """A BadRecord for this line."""
        return BadRecord(source, f"line {self.number}", reason or self.fault)


def read(stream: BinaryIO) -> Iterator[Line]:
    """The lines of UTF-8 text, including line ends, without a byte order mark.

    Only the first of many consecutive blank lines are returned. Reading stops at a line without line end, because a
    terminal would be read again after its end.
    """
    number = blank = 0
    readline = partial(stream.readline, LARGEST)
    while data := readline():
        while data == b"\n" and blank >= _BLANK:  # a short loop, because there can be a hundred million
            number += 1
            data = readline()
        if not data:
            return
        number += 1
        blank = blank + 1 if data.isspace() and data.endswith(b"\n") else 0
        if blank > _BLANK:
            continue
        if len(data) < LARGEST or data.endswith(b"\n"):
            yield _decode_line(number, data)
        else:
            while data and not data.endswith(b"\n"):
                data = stream.readline(LARGEST)
            yield Line(number, "", f"longer than {LARGEST >> 20} MB")
        if not data.endswith(b"\n"):
            return


def _decode_line(number: int, data: bytes) -> Line:
    try:
        return Line(number, data.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return Line(number, "", f"not UTF-8 at byte {error.start + 1}")
