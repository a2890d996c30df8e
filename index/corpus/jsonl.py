"""Reader of JSON lines: one object per line with `pmid` or `id`, `title`, `abstract` or `text`, and other fields."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from bioqa.index.corpus import lines
from bioqa.index.corpus.values import characters, field_names, journals, statuses, years
from bioqa.index.records import STATUSES, BadRecord, Document, Record

MOST_VALUES = 1_000_000  # per record, which take 100 MB
DEEPEST = 100  # nesting levels of lists and objects
_MOST_VERSIONS = 10**9
_ENDLESS = (math.inf, -math.inf)  # parsed from a number that is too large, such as 1e999
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # exports of tables write NaN for a missing value
_FIELDS = ("id", "title", "abstract", "year", "journal", "authors", "mesh", "publication_types", "language", "version")
_LONG = 100  # characters of a text that may be an abstract


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`. An unusable line becomes a BadRecord, and so does a text field that nobody reads."""
    unread = UnreadText()
    for line in lines.read(stream):
        if line.fault:
            yield line.as_bad_record(source)
        elif line.text.strip():
            try:
                yield unread.watch(parse_document(parse_line(line.text)))
            except ValueError as error:
                yield line.as_bad_record(source, str(error))
    yield from unread.report(source)


class UnreadText:
    """Notices a field of long texts that is not read though every record has it and none has an abstract."""

    def __init__(self) -> None:
        self._names: set[str] | None = None  # of such fields so far, None before the first record

    def watch(self, document: Document) -> Document:
        """Look at a document, and return it."""
        if self._names != set():
            found = (
                set()
                if document.abstract
                else {name for name, value in document.extra.items() if isinstance(value, str) and len(value) >= _LONG}
            )
            self._names = found if self._names is None else self._names & found
        return document

    def report(self, source: str) -> Iterator[BadRecord]:
        """A BadRecord that names the field, at the end of a file."""
        if self._names:
            name = min(self._names)
            yield BadRecord(source, f"field {name!r}", "long texts that are not read; rename the field to 'abstract'")


def parse_line(line: str) -> Any:
    """The value of a line of JSON. Raises ValueError with the reason if it is unusable."""
    if len(line) > MOST_VALUES and sum(map(line.count, ",[{")) > MOST_VALUES:
        raise ValueError(f"holds more than {MOST_VALUES:,} values")
    try:
        value = _DECODER.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at column {error.colno}: {error.msg}") from None
    if "\\ud" in line.lower():  # lone surrogates cannot be encoded
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    if line.count("[") + line.count("{") > DEEPEST and depth(value) > DEEPEST:
        raise ValueError("nested too deeply")
    return value


def depth(value: Any) -> int:
    """The number of nesting levels of lists and objects."""
    levels, level = 0, [value]
    while level:
        inside = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [item for items in inside for item in items]
        levels += 1
    return levels


def parse_document(fields: Any) -> Document:
    """The document with these fields. Raises ValueError with the reason if they are unusable."""
    if not isinstance(fields, dict):
        raise ValueError(f"expected an object with pmid, title and abstract, found {type(fields).__name__}")
    given, rest = field_names.take(fields)
    taken = {name: given.get(name) for name in _FIELDS}
    if (
        taken["id"] is None
        or isinstance(taken["id"], bool | list | dict)
        or taken["id"] in _ENDLESS
        or not str(taken["id"]).strip()
    ):
        raise ValueError("no 'pmid' or 'id'")
    title, abstract = _text(taken, "title"), _text(taken, "abstract")
    if not title and not abstract:
        raise ValueError(f"record {taken['id']} has neither title nor abstract")
    types = field_names.texts(taken["publication_types"])
    journal = _text(taken, "journal")
    return Document(
        source="table",
        id=_document_id(taken["id"]),
        title=title,
        abstract=abstract,
        year=_year(taken["year"]),
        journal=journal,
        authors=field_names.texts(taken["authors"]),
        mesh=field_names.texts(taken["mesh"]),
        publication_types=types,
        language=_text(taken, "language"),
        version=_version(taken["version"]),
        status=rest.pop("status") if rest.get("status") in STATUSES else statuses.status_of((), types, title),
        extra=rest | journals.names_among(journal, rest),
    )


def _document_id(value: Any) -> str:
    """An id as text. A number without fraction becomes an integer: tables with missing values write PMID 5 as 5.0."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{name}' of record {fields['id']} is {type(value).__name__}, expected text")
    return characters.fold_lines(value or "")


def _version(value: Any) -> int:
    try:
        version = int(value)
    except (TypeError, ValueError, OverflowError):
        return 1
    return version if abs(version) < _MOST_VERSIONS else 1


def _year(value: Any) -> int | None:
    """The year from a number, or from a text such as "2015", "2015.0" or "2015 Mar"."""
    if isinstance(value, str):
        return years.first_year(value)
    try:
        return None if isinstance(value, bool) else years.plausible_year(int(value))
    except (TypeError, ValueError, OverflowError):
        return None
