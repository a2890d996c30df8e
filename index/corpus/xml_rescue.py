"""Reading on behind a broken record of an XML file: the records after it are parsed one by one."""

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO

from lxml import etree

from bioqa.index.corpus.limits import RecordLimitedStream
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord

_CARRIED = 200  # bytes kept of what was read before, in which a tag may begin
_PIECE = 1 << 16  # bytes read at once
_NAME = rb"(?:[\w.-]{1,50}:)?"


class RescueStream(RecordLimitedStream):
    """A stream that keeps what was read since the end of the last record, so that reading can go on behind it."""

    def __init__(self, stream: BinaryIO, source: str, records: Collection[str]):
        super().__init__(stream, source)
        names = b"|".join(name.encode() for name in records)
        self.opening = re.compile(rb"<%b(?:%b)(?=[\s/>])" % (_NAME, names))
        self.closing = re.compile(rb"</%b(?:%b)\s{0,50}>" % (_NAME, names))
        self._end = re.compile(rb"</%b(?:%b)\s{0,50}>|<%b(?:%b)\s{0,50}/>" % (_NAME, names, _NAME, names))
        self._chunks: list[bytes] = []  # since the end of the last record
        self._before = b""  # the last bytes before the chunks
        self._ended = 0  # records that end in the first chunk
        self._lines = 0  # before the chunks
        self.last = b""  # the last bytes of the stream, when reading behind a broken record has ended

    def read(self, size: int = -1) -> bytes:
        """Like `RecordLimitedStream.read`."""
        data = super().read(size)
        self._chunks.append(data)
        return data

    def end_record(self, skipping: int = 0) -> None:
        """Reset the limit, and forget what lies before the end of the record, which is in the last chunk.

        The parser reports the end of an element as soon as it was given the closing tag.
        """
        super().end_record(skipping)
        if len(self._chunks) > 1:
            *dropped, last = self._chunks
            self._before = (self._before + b"".join(data[-_CARRIED:] for data in dropped))[-_CARRIED:]
            self._lines += sum(data.count(b"\n") for data in dropped)
            self._chunks, self._ended = [last], 0
        self._ended += 1

    def rest(self) -> tuple[bytes, int]:
        """What was read behind the end of the last record, and the number of lines before it."""
        start = len(self._before)
        kept = self._before + b"".join(self._chunks)
        ends = [match.end() for match in self._end.finditer(kept) if match.end() > start]
        if 0 < self._ended <= len(ends):
            start = ends[self._ended - 1]
        return kept[start:], self._lines + kept.count(b"\n", len(self._before), start)


def read_on(
    stream: RescueStream, source: str, prolog: bytes, broken: BadRecord
) -> Iterator[tuple[etree._Element | BadRecord, int]]:
    """The records behind the last that was read, each with the number of lines before it.

    `prolog` is what precedes the first record, with the opening tag of the root. `broken` reports the first fault. The
    records that are broken become BadRecords. Raises InputError if the file ends within a record, or ends before its
    root does and no record follows.
    """
    name = re.search(rb"<(%b[\w-]+)[^<>]*>\s*$" % _NAME, prolog)
    closing = b"</%b>" % name[1] if name else b""
    count = stream.records
    reported = False
    for piece, line in _pieces(stream):
        if piece is None:
            raise InputError(f"{source}: line {line + 1}: broken XML after {count:,} records (the file is cut off)")
        try:
            element = _parsed(prolog, piece, closing)
        except etree.XMLSyntaxError as error:
            fault = broken if not reported else BadRecord(source, f"line {line + 1}", f"broken XML ({_short(error)})")
            yield fault, line
        else:
            if not reported:  # the fault lies between records
                yield broken, line
            yield element, line
        reported = True
        count += 1
    if not reported and closing and closing in stream.last:  # the root ends, so that nothing is cut off
        yield broken, 0
    elif not reported:
        raise InputError(f"{source}: {broken.place}: broken XML after {count:,} records ({_reason(broken)})")


def _reason(broken: BadRecord) -> str:
    return broken.reason.removeprefix("broken XML (").removesuffix(")")


def _short(error: etree.XMLSyntaxError) -> str:
    return re.sub(r", line .*", "", str(error.msg), flags=re.DOTALL)[:200]


def _pieces(stream: RescueStream) -> Iterator[tuple[bytes | None, int]]:
    """The bytes of each record, from its opening tag, and the number of lines before it; None if it is cut off."""
    rest, lines = stream.rest()
    searched = 0  # bytes of `rest` after its opening tag in which no record ends
    while True:
        begin = stream.opening.search(rest)
        end = behind = None
        if begin:
            after = max(begin.end(), searched - _CARRIED)
            end = stream.closing.search(rest, begin.start() if after == begin.end() else after)
            behind = stream.opening.search(rest, after)
        stops = [match.end() if match is end else match.start() for match in (end, behind) if match]
        if begin and stops:
            stop = min(stops)
            lines += rest.count(b"\n", 0, begin.start())
            yield rest[begin.start() : stop], lines
            lines += rest.count(b"\n", begin.start(), stop)
            rest, searched = rest[stop:], 0
            stream.end_record()
            continue
        if begin is None:
            lines += rest.count(b"\n", 0, max(0, len(rest) - _CARRIED))
            rest = rest[-_CARRIED:]
            stream.end_record()
        searched = len(rest)
        if not (data := RecordLimitedStream.read(stream, _PIECE)):
            stream.last = rest
            if begin:
                yield None, lines + rest.count(b"\n", 0, begin.start())
            return
        rest += data


def _parsed(prolog: bytes, piece: bytes, closing: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(b"".join((prolog, piece, closing)), parser)
    return root[-1] if closing else root
