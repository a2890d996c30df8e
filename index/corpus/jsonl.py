"""JSON lines: one object a line with `pmid` or `id`, `title`, `abstract` or `text`; other fields are kept."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from bioqa.index.corpus import lines, years
from bioqa.index.records import STATUSES, Document, Record

MOST_VALUES = 1_000_000  # of a record, which take 100 MB
DEEPEST = 100  # levels of lists and objects inside each other
_MOST_VERSIONS = 10**9
_ENDLESS = (math.inf, -math.inf)  # a number that is too large, such as 1e999
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN is what a table writes where it has nothing
_ALIASES = {  # field of Document: names it goes by, first found wins
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
    """Documents from `stream`; a line that is no usable object becomes a BadRecord and the rest is read."""
    for line in lines.read(stream):
        if line.fault:
            yield line.bad(source)
        elif line.text.strip():
            try:
                yield document(loaded(line.text))
            except ValueError as error:
                yield line.bad(source, str(error))


def loaded(line: str) -> Any:
    """The value that a line of JSON holds. Raises ValueError with the reason where it holds none that can be used."""
    if len(line) > MOST_VALUES and sum(map(line.count, ",[{")) > MOST_VALUES:
        raise ValueError(f"holds more than {MOST_VALUES:,} values")
    try:
        value = _DECODER.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at column {error.colno}: {error.msg}") from None
    if "\\ud" in line.lower():  # lone surrogates are no text and could not be written back
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    if line.count("[") + line.count("{") > DEEPEST and depth(value) > DEEPEST:
        raise ValueError("nested too deeply")
    return value


def depth(value: Any) -> int:
    """How many levels of lists and objects lie inside each other."""
    levels, level = 0, [value]
    while level:
        inside = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [item for items in inside for item in items]
        levels += 1
    return levels


def document(fields: Any) -> Document:
    """The document that an object with these fields is. Raises ValueError with the reason where it is none."""
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
    return Document(
        id=_identity(taken["id"]),
        title=title,
        abstract=abstract,
        year=_year(taken["year"]),
        journal=_text(taken, "journal"),
        authors=_texts(taken["authors"]),
        mesh=_texts(taken["mesh"]),
        publication_types=_texts(taken["publication_types"]),
        language=_text(taken, "language"),
        version=_version(taken["version"]),
        status=rest.pop("status") if rest.get("status") in STATUSES else "",
        extra=rest,
    )


def _identity(value: Any) -> str:
    """An id as text; a number is one without a fraction, as which a table with gaps writes a PMID: 5.0 is 5."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{name}' of record {fields['id']} is {type(value).__name__}, expected text")
    return (value or "").strip()


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
    """The year in a number, or in a text such as "2015", "2015.0" or "2015 Mar"."""
    if isinstance(value, str):
        return years.first_in(value)
    try:
        return None if isinstance(value, bool) else years.plausible(int(value))
    except (TypeError, ValueError, OverflowError):
        return None
