"""A streaming parser of BioC JSON files, which holds one document in memory."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from bioqa.index.corpus.limits import LARGEST
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord

_BETWEEN = re.compile(r"[\s,\[\]}]*")  # separators between documents and after the last
_KEY = re.compile(r'"(?P<name>documents|PubTator3|passages)"\s*:\s*\[')
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # surrogates for bytes that could not be decoded
_CHUNK = 1 << 16  # least number of bytes per read
_PIECE = 16  # longest truncated number, escape or literal, in characters
_LONGEST_KEY = 1000  # characters, blanks included
_MOST_IN_VAIN = 4 * LARGEST  # characters: every line could begin an object that turns out broken far behind it
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Key:
    """A key and its position in the text."""

    name: str
    start: int
    end: int


class _Text:
    """The text that was read from a stream but not yet parsed."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._ended = False
        self.rest = ""
        self.at = 0  # parsing position in `rest`
        self.key: _Key | None = None  # the next key
        self.without_key = 0  # position in `rest` up to which no key begins
        self.in_vain = 0  # characters that were decoded without yielding a document

    def more(self) -> bool:
        """Read more text; whether there was any. Reads grow with the unparsed text: long documents take linear time."""
        waiting = len(self.rest) - self.at
        if self._ended or waiting >= LARGEST:
            return False
        data = self._stream.read(max(_CHUNK, waiting))
        self._ended = not data
        self.forget()
        self.rest += self._decoder.decode(data, final=self._ended)
        return not self._ended

    def forget(self) -> None:
        """Discard the parsed text, because the decoder counts error positions from the beginning of the text."""
        self.rest = self.rest[self.at :]
        self.without_key = max(0, self.without_key - self.at)
        if self.key is not None:
            self.key = _Key(self.key.name, self.key.start - self.at, self.key.end - self.at)
        self.at = 0

    def next_key(self) -> "_Key | None":
        """The next key that distinguishes a document from the head of a collection."""
        while self.key is None or self.key.start < self.at:
            match = _KEY.search(self.rest, max(self.at, self.without_key))
            self.key = _Key(match["name"], match.start(), match.end()) if match else None
            if match is None:
                self.without_key = len(self.rest) - _LONGEST_KEY
                if not self.more():
                    break
        return self.key


def iter_documents(stream: BinaryIO, source: str) -> Iterator[dict[str, Any] | BadRecord]:
    """The document objects: in the arrays of collections, or concatenated.

    A broken document among concatenated ones becomes a BadRecord, and reading continues at the next line. Raises
    InputError, with the number of the document, if a collection is broken or truncated.
    """
    text = _Text(stream)
    count = depth = 0
    while text.at < len(text.rest) or text.more():
        between = cast(re.Match[str], _BETWEEN.match(text.rest, text.at)).group()
        key = text.next_key() if not between else None
        if between:
            depth += _nesting_change(between)
            text.at += len(between)
        elif key and key.name != "passages":
            depth += _nesting_change(text.rest[text.at : key.end])
            text.at = key.end
        else:
            count += 1
            try:
                found = _decode_object(text)
                yield BadRecord(source, f"document {count}", "not UTF-8") if found is None else found
            except ValueError as error:
                if depth > 0 or text.in_vain > _MOST_IN_VAIN:
                    raise InputError(f"{source}: document {count:,}: broken or cut off ({error})") from None
                yield BadRecord(source, f"document {count}", str(error))
                _skip_line(text)
    if depth > 0:
        raise InputError(f"{source}: cut off after document {count:,}")


def _nesting_change(text: str) -> int:
    """The number of lists and objects that begin minus those that end."""
    return text.count("[") + text.count("{") - text.count("]") - text.count("}")


def _decode_object(text: _Text) -> dict[str, Any] | None:
    """The next object, None if it is not UTF-8. Raises ValueError with the reason if there is none."""
    while True:
        if text.at > _CHUNK:
            text.forget()
        begin = text.at
        try:
            value, text.at = _DECODER.raw_decode(text.rest, begin)
        except RecursionError:
            text.in_vain += len(text.rest) - begin
            raise ValueError("nested too deeply") from None
        except json.JSONDecodeError as error:
            breaks_off = error.msg.startswith("Unterminated string") or error.pos > len(text.rest) - _PIECE
            if breaks_off and text.more():
                continue
            text.in_vain += error.pos - begin
            raise ValueError(f"not JSON: {error.msg}") from None
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, found {type(value).__name__}")
        return None if _NOT_UTF8.search(text.rest, begin, text.at) else _unwrapped(value)


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """The document inside an object that wraps it, or the object itself."""
    inner = (held for held in value.values() if isinstance(held, dict) and "passages" in held)
    return value if "passages" in value else next(inner, value)


def _skip_line(text: _Text) -> None:
    while (end := text.rest.find("\n", text.at)) < 0:
        text.at = len(text.rest)
        if not text.more():
            return
    text.at = end
