"""Lines of a text file that may hold anything: numbered, decoded, and never longer than a record may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bioqa.index.corpus.limits import LARGEST
from bioqa.index.records import BadRecord

_BLANK = 100  # lines in a row


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, counted from 1; where it cannot be had as text, `fault` says why."""

    number: int
    text: str
    fault: str = ""

    def bad(self, source: str, reason: str = "") -> BadRecord:
        """The record that this line is, as one that could not be used."""
        return BadRecord(source, f"line {self.number}", reason or self.fault)


def read(stream: BinaryIO) -> Iterator[Line]:
    """The lines of UTF-8 text, with their ends; a byte order mark is no part of a line, and one without end is the
    last: a terminal that has told its end would be asked again. Of many blank ones in a row the first are given out."""
    number = blank = 0
    while data := stream.readline(LARGEST):
        number += 1
        blank = blank + 1 if data.isspace() and data.endswith(b"\n") else 0
        if blank > _BLANK:
            continue
        if len(data) < LARGEST or data.endswith(b"\n"):
            yield _decoded(number, data)
        else:
            while data and not data.endswith(b"\n"):
                data = stream.readline(LARGEST)
            yield Line(number, "", f"longer than {LARGEST >> 20} MB")
        if not data.endswith(b"\n"):
            return


def _decoded(number: int, data: bytes) -> Line:
    try:
        return Line(number, data.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return Line(number, "", f"not UTF-8 at byte {error.start + 1}")
