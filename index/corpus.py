"""Input files of any known format, found out from their content, as one stream of records."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from bioqa.index import jsonl, pubmed
from bioqa.index.downloads import RECORD
from bioqa.index.errors import InputError
from bioqa.index.records import Record

_DECOMPRESSORS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda raw: cast(BinaryIO, gzip.GzipFile(fileobj=raw)),
    b"\xfd7zXZ\x00": lambda raw: cast(BinaryIO, lzma.LZMAFile(raw)),  # noqa: SIM115
    b"BZh": lambda raw: cast(BinaryIO, bz2.BZ2File(raw)),
}
_DAMAGED = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)
_SUFFIXES = {".xml", ".jsonl", ".ndjson", ".json"}  # taken from folders; a file named outright may have any
_COMPRESSED = {".gz", ".xz", ".bz2"}


class Reader(Protocol):
    """Reads one format: bytes in, records out; raises InputError where the file as a whole cannot be read on."""

    def __call__(self, stream: BinaryIO, source: str) -> Iterator[Record]:
        """The records of `stream`; `source` names it in messages."""
        ...


FORMATS: dict[str, Reader] = {"pubmed": pubmed.read, "jsonl": jsonl.read}


def files(inputs: Iterable[Path]) -> list[Path]:
    """The files to read, folders searched to any depth and sorted by name, each file once.

    Raises InputError for a path that is not there and a folder without a single file of a known suffix.
    """
    found: dict[Path, None] = {}
    for path in inputs:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and _has_known_suffix(file))
            if not inside:
                raise InputError(
                    f"{path}: no file in this folder ends in {' '.join(sorted(_SUFFIXES))} (plain, .gz, .xz or .bz2)"
                )
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None
        else:
            raise InputError(f"{path}: no such file or folder")
    return list(found)


def _has_known_suffix(file: Path) -> bool:
    suffix = Path(file.stem).suffix if file.suffix.lower() in _COMPRESSED else file.suffix
    return suffix.lower() in _SUFFIXES and not file.name.startswith(".") and file.name != RECORD


class CorpusFile:
    """One input file being read; `bytes_read` tells how far along the raw, possibly compressed, file is."""

    def __init__(self, path: Path, format_name: str = "auto"):
        self.path = path
        self._format = format_name
        self._raw: BinaryIO | None = None

    @property
    def bytes_read(self) -> int:
        """Bytes of the file on disk consumed so far."""
        return self._raw.tell() if self._raw and not self._raw.closed else 0

    def records(self) -> Iterator[Record]:
        """The records of the file. Raises InputError with the file's name and the place where reading had to stop."""
        count = 0
        try:
            with self.path.open("rb") as self._raw:
                stream = _decompressed(self._raw)
                reader = FORMATS[self._format if self._format != "auto" else _sniff(stream, str(self.path))]
                for record in reader(stream, str(self.path)):
                    count += 1
                    yield record
        except _DAMAGED as error:
            raise InputError(
                f"{self.path}: compressed data damaged or cut off after {count:,} records ({error}); "
                "fetch the file again"
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror or error} after {count:,} records") from None


def _decompressed(raw: BinaryIO) -> io.BufferedReader:
    head = cast(io.BufferedReader, raw).peek(8)
    for magic, open_stream in _DECOMPRESSORS.items():
        if head.startswith(magic):
            return io.BufferedReader(cast(io.RawIOBase, open_stream(raw)), 1 << 16)
    return cast(io.BufferedReader, raw)


def _sniff(stream: io.BufferedReader, source: str) -> str:
    head = stream.peek(4096)[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise InputError(f"{source}: the file is empty")
    if head.startswith(b"{"):
        return "jsonl"
    if head.startswith(b"<") or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "pubmed"
    hint = "; it looks like one JSON array: write one object a line" if head.startswith(b"[") else ""
    raise InputError(f"{source}: not a known format ({', '.join(FORMATS)}): begins with {head[:20]!r}{hint}")
