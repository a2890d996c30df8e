"""Reader of JSON lines: one object per line with `pmid` or `id`, `title`, `abstract` or `text`, and other fields."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from bioqa.index.corpus import characters, lines, statuses, years
from bioqa.index.records import STATUSES, Document, Record

MOST_VALUES = 1_000_000  # per record, which take 100 MB
DEEPEST = 100  # nesting levels of lists and objects
_MOST_VERSIONS = 10**9
_ENDLESS = (math.inf, -math.inf)  # parsed from a number that is too large, such as 1e999
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # exports of tables write NaN for a missing value
_ALIASES = {  # field of Document: its names in JSON, in order of preference
    "id": ("pmid", "id", "_id", "PMID"),
    "title": ("title",),
    "abstract": ("abstract", "text"),
    "year": ("year",),
    "journal": ("journal",),
    "authors": ("authors",),
    "mesh": ("mesh",),
    "publication_types": ("publication_types",),
    "language": ("language",),
    "version": ("version",),
}


def read(stream: BinaryIO, source: str) -> Iterator[Record]:
    """Documents from `stream`. An unusable line becomes a BadRecord."""
    for line in lines.read(stream):
        if line.fault:
            yield line.as_bad_record(source)
        elif line.text.strip():
            try:
                yield parse_document(parse_line(line.text))
            except ValueError as error:
                yield line.as_bad_record(source, str(error))


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
    rest = dict(fields)
    taken = {
        name: next((rest.pop(alias) for alias in aliases if rest.get(alias) not in (None, "")), None)
        for name, aliases in _ALIASES.items()
    }
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
    types = _texts(taken["publication_types"])
    return Document(
        id=_document_id(taken["id"]),
        title=title,
        abstract=abstract,
        year=_year(taken["year"]),
        journal=_text(taken, "journal"),
        authors=_texts(taken["authors"]),
        mesh=_texts(taken["mesh"]),
        publication_types=types,
        language=_text(taken, "language"),
        version=_version(taken["version"]),
        status=rest.pop("status") if rest.get("status") in STATUSES else statuses.status_of((), types, title),
        extra=rest,
    )


def _document_id(value: Any) -> str:
    """An id as text. A number without fraction becomes an integer: tables with missing values write PMID 5 as 5.0."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{name}' of record {fields['id']} is {type(value).__name__}, expected text")
    return characters.fold_lines(value or "")


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


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
