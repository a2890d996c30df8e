"""Small input files, plain, gzipped or xz-compressed: their bytes, their JSON, and the fields of JSON objects."""

import gzip
import json
import lzma
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bioqa.index.errors import InputError

Fields = Mapping[str, Any]
_SURROGATE = re.compile(rb"\\u[dD]|\xed[\xa0-\xbf]")  # in JSON in UTF-8, escaped or not
_UNPACK = {b"\x1f\x8b": gzip.decompress, b"\xfd7zXZ\x00": lzma.decompress}  # by how a file begins


def read_bytes(path: Path) -> bytes:
    """The whole content of a file, decompressed if it is compressed. Raises InputError if it cannot be read."""
    try:
        content = path.read_bytes()
        unpack = next((unpack for magic, unpack in _UNPACK.items() if content.startswith(magic)), bytes)
        return unpack(content)
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{path}: compressed data damaged or cut off ({error}); fetch the file again") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def read_json(path: Path, what: str, *, legible: bool = False) -> Any:
    """The content of a JSON file, plain or compressed. `legible` replaces lone surrogates, which tokenizers refuse, by
    question marks.

    Raises InputError if the file is missing or is not `what`.
    """
    content = read_bytes(path)
    try:
        value = json.loads(content)
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
