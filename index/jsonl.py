"""JSON lines: one object a line with `pmid` or `id`, `title`, `abstract` or `text`; other fields are kept."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from bioqa.index.records import BadRecord, Document, Record

_DEEPEST = 100  # levels of lists and objects inside each other
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
    for number, line in enumerate(stream, start=1):
        if line.strip():
            try:
                yield _document(_loaded(line.decode("utf-8-sig")))
            except UnicodeDecodeError as error:
                yield BadRecord(source, f"line {number}", f"not UTF-8 at byte {error.start + 1}")
            except RecursionError:
                yield BadRecord(source, f"line {number}", "nested too deeply")
            except json.JSONDecodeError as error:
                yield BadRecord(source, f"line {number}", f"not JSON at column {error.colno}: {error.msg}")
            except ValueError as error:
                yield BadRecord(source, f"line {number}", str(error))


def _loaded(line: str) -> Any:
    value = json.loads(line)
    if "\\ud" in line.lower():  # lone surrogates are no text and could not be written back
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    if line.count("[") + line.count("{") > _DEEPEST and _depth(value) > _DEEPEST:
        raise ValueError("nested too deeply")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        inside = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [item for items in inside for item in items]
        depth += 1
    return depth


def _document(fields: Any) -> Document:
    if not isinstance(fields, dict):
        raise ValueError(f"expected an object with pmid, title and abstract, found {type(fields).__name__}")
    rest = dict(fields)
    taken = {
        name: next((rest.pop(alias) for alias in aliases if rest.get(alias) not in (None, "")), None)
        for name, aliases in _ALIASES.items()
    }
    if taken["id"] is None or isinstance(taken["id"], bool | list | dict) or not str(taken["id"]).strip():
        raise ValueError("no 'pmid' or 'id'")
    title, abstract = _text(taken, "title"), _text(taken, "abstract")
    if not title and not abstract:
        raise ValueError(f"record {taken['id']} has neither title nor abstract")
    return Document(
        id=str(taken["id"]).strip(),
        title=title,
        abstract=abstract,
        year=_year(taken["year"]),
        journal=_text(taken, "journal"),
        authors=_texts(taken["authors"]),
        mesh=_texts(taken["mesh"]),
        publication_types=_texts(taken["publication_types"]),
        language=_text(taken, "language"),
        version=_version(taken["version"]),
        extra=rest,
    )


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
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 1


def _year(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        year = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return year if 0 < year < 10_000 else None
