"""Corpus files: finding them in folders, detecting their format, and reading them as a stream of records."""

import io
import os
import stat
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

from bioqa.index.corpus import archive, bioc, csv_table, detection, jats, jsonl, medline, pubmed, pubtator, ris, tsv
from bioqa.index.corpus import chunks as parts
from bioqa.index.corpus.archive import Member
from bioqa.index.corpus.compression import DAMAGED, open_decompressed
from bioqa.index.corpus.folders import list_files
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.corpus.values.characters import cleaned
from bioqa.index.download.record import RECORD, SEARCHES
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Record, UnrecognizedFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")
_SUFFIXES = {  # of files read from folders; a file named explicitly may have any suffix
    ".csv",
    ".json",
    ".jsonl",
    ".nbib",
    ".ndjson",
    ".nxml",
    ".ris",
    ".tar",
    ".tgz",
    ".tsv",
    ".xml",
    ".zip",
}
_TEXTS = {".txt", ".text", ".medline", ".pubtator", ""}  # suffixes of files that are read if their content is known
_COMPANIONS = {".lock", ".md5", ".part"}  # auxiliary files of downloads and writers
_RECORDS = {RECORD, SEARCHES}  # of downloads, beside the papers
_HEAD = 4096  # bytes that show what a text is
_COMPRESSED = {".gz", ".xz", ".bz2"}
_BEIR = ("corpus.jsonl", "queries.jsonl")


class FormatReader(Protocol):
    """A function that reads one format. It raises InputError if the rest of the file cannot be read."""

    def __call__(self, stream: BinaryIO, source: str) -> Iterator[Record]:
        """The records of `stream`; `source` names it in messages."""
        ...


def _read_tar(stream: BinaryIO, source: str) -> Iterator[Record]:
    return _read_archive(archive.members(stream, source), source)


def _read_zip(stream: BinaryIO, source: str) -> Iterator[Record]:
    return _read_archive(archive.zip_members(stream, source), source)


def _read_archive(members: Iterator[Member | BadRecord], source: str) -> Iterator[Record]:
    """The records of all files in an archive. An unreadable file becomes a BadRecord.

    Only the corpus of a BEIR folder is read. Files that may accompany a BEIR corpus are held back until the end of the
    archive, when its contents are known, unless they are too large to keep in memory.
    """
    names: dict[PurePath, None] = {}  # of files that identify a BEIR folder
    waiting: list[Member] = []
    held = 0  # bytes of the waiting members
    for member in members:
        if isinstance(member, BadRecord):
            yield member
            continue
        name = PurePath(member.name)
        if not _has_known_suffix(name) and not (_is_text_name(name) and _is_known_text(member.content)):
            if not _is_companion(name):
                yield UnrecognizedFile(source, member.name)
            continue
        if name.name.startswith(_BEIR):
            names[name.parent / next(known for known in _BEIR if name.name.startswith(known))] = None
        if _may_be_beside_a_corpus(name) and held + len(member.content) <= LARGEST:
            waiting.append(member)
            held += len(member.content)
        else:
            yield from _read_member(member, source)
    beir = _beir_folders(names)
    for member in waiting:
        if beir.isdisjoint(PurePath(member.name).parents):
            yield from _read_member(member, source)


def _may_be_beside_a_corpus(name: PurePath) -> bool:
    return name.name.startswith(_BEIR[1]) or "qrels" in name.parent.parts


def _read_member(member: Member, source: str) -> Iterator[Record]:
    place = f"{source}: {member.name}"
    try:
        stream = open_decompressed(io.BufferedReader(io.BytesIO(member.content)), place)
        name = detection.detect_format(stream, place, FORMATS)
        if name in ("tar", "zip"):
            raise InputError(f"{place}: an archive inside an archive; unpack it first")
        yield from FORMATS[name](stream, place)
    except (InputError, OSError, *DAMAGED) as error:
        yield BadRecord(source, member.name, str(error).removeprefix(f"{place}: "))


FORMATS: dict[str, FormatReader] = {
    "pubmed": cleaned(pubmed.read),
    "medline": cleaned(medline.read),
    "jats": cleaned(jats.read),
    "bioc-json": cleaned(bioc.read_json),
    "bioc-xml": cleaned(bioc.read_xml),
    "jsonl": cleaned(jsonl.read),
    "tsv": cleaned(tsv.read),
    "csv": cleaned(csv_table.read),
    "ris": cleaned(ris.read),
    "pubtator": cleaned(pubtator.read),
    "tar": _read_tar,
    "zip": _read_zip,
}


def input_files(inputs: Iterable[Path]) -> list[Path]:
    """The files to read, each once. Folders are searched recursively, links followed, and files sorted by name.

    Only the corpus of a BEIR folder, with corpus.jsonl beside queries.jsonl, is included.

    Raises InputError for a missing path and for a folder without any file of a known suffix.
    """
    found: dict[Path, None] = {}
    for path in inputs:
        if path.is_dir():
            inside = _inside(path)
            if not inside and (why := unreadable_folders([path])):
                raise why[0]
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


def unrecognized_files(inputs: Iterable[Path]) -> list[Path]:
    """The files in input folders whose suffix is unknown, without those that are inputs themselves."""
    named = set(inputs)
    every = (file for path in inputs if path.is_dir() for file in list_files(path).files if not _is_readable(file))
    return [file for file in dict.fromkeys(every) if file not in named and not _is_companion(file)]


def special_files(inputs: Iterable[Path]) -> list[Path]:
    """The pipes, sockets and devices in input folders whose names have a known suffix."""
    every = (
        path for folder in inputs if folder.is_dir() for path in list_files(folder).special if _has_known_suffix(path)
    )
    return list(dict.fromkeys(every))


def unreadable_folders(inputs: Iterable[Path]) -> list[InputError]:
    """The errors for subfolders and links in input folders that cannot be read."""
    every = (found for folder in inputs if folder.is_dir() for found in list_files(folder).unreadable)
    return [
        InputError(f"{path}: {why}")
        for path, why in dict.fromkeys(every)
        if not path.is_symlink() or path.is_dir() or _has_known_suffix(path)
    ]


def _is_companion(file: PurePath) -> bool:
    """Whether a file is hidden, in a hidden folder, or an auxiliary file, and so is skipped silently."""
    hidden = any(part.startswith(".") for part in file.parts if part != "..")
    return hidden or file.name in _RECORDS or file.suffix in _COMPANIONS


def _inside(folder: Path) -> list[Path]:
    every = [file for file in list_files(folder).files if _is_readable(file)]
    beir = _beir_folders(every)
    return [file for file in every if file.name.startswith(_BEIR[0]) or beir.isdisjoint(file.parents)]


def _is_readable(file: Path) -> bool:
    """Whether a file of a folder is read: by its suffix, or by its content if the suffix says nothing."""
    return _has_known_suffix(file) or (_is_text_name(file) and _is_known_text_file(file))


def _is_text_name(file: PurePath) -> bool:
    return not _is_companion(PurePath(file.name)) and _suffix(file) in _TEXTS


def _is_known_text_file(file: Path) -> bool:
    try:
        with file.open("rb") as raw:
            return detection.is_text_of_papers(open_decompressed(raw, str(file)).peek(_HEAD)[:_HEAD])
    except (OSError, InputError, *DAMAGED):
        return False


def _is_known_text(content: bytes) -> bool:
    return detection.is_text_of_papers(content[:_HEAD])


def _beir_folders(files: Collection[PurePath]) -> set[PurePath]:
    """The BEIR folders, of which only the corpus is read."""
    return set.intersection(*({file.parent for file in files if file.name.startswith(name)} for name in _BEIR))


def _has_known_suffix(file: PurePath) -> bool:
    return _suffix(file) in _SUFFIXES and not file.name.startswith(".") and file.name not in _RECORDS


def _suffix(file: PurePath) -> str:
    return (PurePath(file.stem).suffix if file.suffix.lower() in _COMPRESSED else file.suffix).lower()


class CorpusFile:
    """An input file that is being read.

    `bytes_read` is the position on disk after the last record, 0 for a pipe. A `format` of "auto" is replaced by the
    detected format when reading begins.
    """

    def __init__(self, path: Path, format_name: str = "auto"):
        self.path = path
        self.format = format_name
        self.bytes_read = 0
        self._state: tuple[int, ...] = ()  # device, inode, size and time when first opened

    def records(self) -> Iterator[Record]:
        """The records of the file. Raises InputError, with file name and place, if reading cannot continue."""
        read = self._read_stream(lambda stream: FORMATS[self.format](stream, str(self.path)), "records")
        for record, end in read:
            self.bytes_read = end
            yield record

    def parts(self) -> Iterator[tuple[bytes, int]]:
        """Chunks of some megabytes, each a valid file of `format`, with the position on disk at which each ends.

        The caller, who may read ahead, sets `bytes_read`. Raises UncuttableError if the file cannot be split,
        InputError if reading cannot continue.
        """
        return self._read_stream(lambda stream: parts.split_stream(stream, self.format), "parts")

    def _read_stream(self, read: Callable[[BinaryIO], Iterator[T]], things: str) -> Iterator[tuple[T, int]]:
        """The items that `read` yields from the decompressed file, each with the position on disk.

        Errors of libraries become InputErrors.
        """
        count = 0
        try:
            with self.path.open("rb") as raw:
                self._check(os.fstat(raw.fileno()))
                stream = open_decompressed(raw if raw.seekable() else io.BufferedReader(_Pipe(raw)), str(self.path))
                self.format = (
                    self.format if self.format != "auto" else detection.detect_format(stream, str(self.path), FORMATS)
                )
                for thing in read(stream):
                    count += 1
                    yield thing, raw.tell() if raw.seekable() else 0
                self._check(self.path.stat())
        except DAMAGED as error:
            raise InputError(
                f"{self.path}: compressed data damaged or cut off after {count:,} {things} ({error}); "
                "fetch the file again"
            ) from None
        except tarfile.TarError as error:
            raise InputError(
                f"{self.path}: archive damaged or cut off after {count:,} {things} ({error}); fetch the file again"
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: {error.strerror or error} after {count:,} {things}") from None

    def _check(self, state: os.stat_result) -> None:
        """Raise InputError for a device, and for a file that has changed since it was first opened."""
        if stat.S_ISBLK(state.st_mode) or (stat.S_ISCHR(state.st_mode) and not _is_terminal(self.path)):
            raise InputError(f"{self.path}: a device, not a file")
        now = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
        self._state = self._state or now
        if stat.S_ISREG(state.st_mode) and now != self._state:
            raise InputError(f"{self.path}: changed while it was read")


def _is_terminal(path: Path) -> bool:
    with path.open("rb") as file:
        return file.isatty()


class _Pipe(io.RawIOBase):
    """A pipe that returns the requested number of bytes, as a file does, so that a format can be detected.

    An ordinary read returns what was written so far, perhaps half a line.
    """

    def __init__(self, pipe: BinaryIO):
        self._pipe = pipe

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer`, or less at the end of the pipe."""
        view = memoryview(buffer)
        data = self._pipe.read(len(view))
        view[: len(data)] = data
        return len(data)
