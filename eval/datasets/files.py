"""Small input files, plain or compressed, held in memory: their bytes, their JSON, and the fields of JSON objects."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bioqa.index.corpus import jsonl
from bioqa.index.corpus.compression import DAMAGED, open_decompressed
from bioqa.index.errors import InputError

Fields = Mapping[str, Any]
_LARGEST = 256 << 20  # bytes, decompressed
_LARGEST_JSON = 100 << 20  # bytes; SQuAD's training questions have 42 MB
_MOST_VALUES = 3_000_000  # which take up to 200 bytes each; SQuAD has 0.8 million
_SURROGATE = re.compile(rb"\\u[dD]|\xed[\xa0-\xbf]")  # in JSON in UTF-8, escaped or not


def read_bytes(path: Path, most: int = _LARGEST) -> bytes:
    """The whole content of a file, decompressed if it is compressed.

    Raises InputError if it cannot be read or holds more than `most` bytes.
    """
    try:
        with path.open("rb") as raw:
            content = open_decompressed(raw, str(path)).read(most + 1)
    except DAMAGED as error:
        raise InputError(f"{path}: compressed data damaged or cut off ({error}); fetch the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if len(content) > most:
        raise InputError(f"{path}: holds more than {most >> 20} MB, which are not held in memory; split the file")
    return content


def read_json(path: Path, what: str, *, legible: bool = False) -> Any:
    """The content of a JSON file, plain or compressed. `legible` replaces lone surrogates, which tokenizers refuse, by
    question marks.

    Raises InputError if the file is missing or is not `what`.
    """
    content = read_bytes(path, _LARGEST_JSON)
    if sum(map(content.count, b",[{")) > _MOST_VALUES:
        raise InputError(f"{path}: more than {_MOST_VALUES:,} values, which are not held in memory; split the file")
    try:
        value = json.loads(content)
        if jsonl.depth(value) > jsonl.DEEPEST:
            raise ValueError("nested too deeply")
        if legible and _SURROGATE.search(content):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        return value
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not {what} ({error})") from None


def list_field(fields: Fields, key: str, name: str) -> list[Any]:
    """The list under `key`; empty if it is missing or null."""
    values = fields.get(key)
    if values is None:
        return []
    if not isinstance(values, list):
        raise InputError(f"{name}: '{key}' is {shown(values)}; expected a list")
    return values


def string_list(fields: Fields, key: str, name: str) -> tuple[str, ...]:
    """The list of strings under `key`; empty if it is missing or null."""
    values = list_field(fields, key, name)
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"{name}: expected '{key}' to be a list of strings")
    return tuple(values)


def shown(value: Any) -> str:
    """A value in the form of error messages: at most 60 characters."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
