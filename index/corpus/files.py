"""Input files of any known format, found out from their content, as one stream of records."""

import io
import os
import re
import stat
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

from bioqa.index.corpus import archive, bioc, jats, jsonl, medline, pubmed, tsv
from bioqa.index.corpus import chunks as parts
from bioqa.index.corpus.archive import Member
from bioqa.index.corpus.compression import DAMAGED, decompressed
from bioqa.index.corpus.folders import below
from bioqa.index.corpus.limits import LARGEST
from bioqa.index.corpus.xml_records import root_of
from bioqa.index.download.record import RECORD
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, PassedOver, Record

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")
_SUFFIXES = {  # taken from folders; a file named outright may have any
    ".json",
    ".jsonl",
    ".nbib",
    ".ndjson",
    ".nxml",
    ".tar",
    ".tgz",
    ".tsv",
    ".xml",
}
_COMPANIONS = {".lock", ".md5", ".part"}  # of downloads and of whoever writes
_COMPRESSED = {".gz", ".xz", ".bz2"}
_HEAD = 4096  # bytes from which the format is found out
_ROOTS = {"article": "jats", "pmc-articleset": "jats", "OAI-PMH": "jats", "collection": "bioc-xml"}
_BIOC_KEY = re.compile(rb'"(?:passages|documents|PubTator3)"\s*:\s*\[')
_BEIR = ("corpus.jsonl", "queries.jsonl")


class Reader(Protocol):
    """Reads one format: bytes in, records out; raises InputError where the file as a whole cannot be read on."""

    def __call__(self, stream: BinaryIO, source: str) -> Iterator[Record]:
        """The records of `stream`; `source` names it in messages."""
        ...


def _read_archive(stream: BinaryIO, source: str) -> Iterator[Record]:
    """The records of all files in a tar archive; one that cannot be read on becomes a BadRecord.

    Of a folder in the form of BEIR the corpus alone is taken. What may lie beside one is read last, since only the end
    of an archive tells what is in it, unless it is too much to wait.
    """
    names: dict[PurePath, None] = {}  # by which such a folder is known
    waiting: list[Member] = []
    held = 0  # bytes of them
    for member in archive.members(stream, source):
        if isinstance(member, BadRecord):
            yield member
            continue
        name = PurePath(member.name)
        if not _has_known_suffix(name):
            if not _is_companion(name):
                yield PassedOver(source, member.name)
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
        stream = decompressed(io.BufferedReader(io.BytesIO(member.content)), place)
        name = _sniff(stream, place)
        if name == "tar":
            raise InputError(f"{place}: an archive inside an archive; unpack it first")
        yield from FORMATS[name](stream, place)
    except (InputError, OSError, *DAMAGED) as error:
        yield BadRecord(source, member.name, str(error).removeprefix(f"{place}: "))


FORMATS: dict[str, Reader] = {
    "pubmed": pubmed.read,
    "medline": medline.read,
    "jats": jats.read,
    "bioc-json": bioc.read_json,
    "bioc-xml": bioc.read_xml,
    "jsonl": jsonl.read,
    "tsv": tsv.read,
    "tar": _read_archive,
}


def files(inputs: Iterable[Path]) -> list[Path]:
    """The files to read, folders searched to any depth, links followed, and sorted by name, each file once.

    Of a folder in the form of BEIR, with corpus.jsonl beside queries.jsonl, the corpus alone is taken.

    Raises InputError for a path that is not there and a folder without a single file of a known suffix.
    """
    found: dict[Path, None] = {}
    for path in inputs:
        if path.is_dir():
            inside = _inside(path)
            if not inside and (why := unread([path])):
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


def passed_over(inputs: Iterable[Path]) -> list[Path]:
    """The files in the folders among `inputs` whose names say no format, unless they are named outright themselves."""
    named = set(inputs)
    every = (file for path in inputs if path.is_dir() for file in below(path).files if not _has_known_suffix(file))
    return [file for file in dict.fromkeys(every) if file not in named and not _is_companion(file)]


def special(inputs: Iterable[Path]) -> list[Path]:
    """The pipes, sockets and devices in the folders among `inputs` that are called like files of a known format."""
    every = (path for folder in inputs if folder.is_dir() for path in below(folder).special if _has_known_suffix(path))
    return list(dict.fromkeys(every))


def unread(inputs: Iterable[Path]) -> list[InputError]:
    """What keeps folders among `inputs`, or those below them, from being read whole."""
    every = (found for folder in inputs if folder.is_dir() for found in below(folder).unread)
    return [
        InputError(f"{path}: {why}")
        for path, why in dict.fromkeys(every)
        if not path.is_symlink() or path.is_dir() or _has_known_suffix(path)
    ]


def _is_companion(file: PurePath) -> bool:
    """Whether a file is hidden, or in a hidden folder, or goes with others: nobody would have it read."""
    hidden = any(part.startswith(".") for part in file.parts if part != "..")
    return hidden or file.name == RECORD or file.suffix in _COMPANIONS


def _inside(folder: Path) -> list[Path]:
    every = [file for file in below(folder).files if _has_known_suffix(file)]
    beir = _beir_folders(every)
    return [file for file in every if file.name.startswith(_BEIR[0]) or beir.isdisjoint(file.parents)]


def _beir_folders(files: Collection[PurePath]) -> set[PurePath]:
    """The folders in the form of BEIR, of which the corpus alone is taken."""
    return set.intersection(*({file.parent for file in files if file.name.startswith(name)} for name in _BEIR))


def _has_known_suffix(file: PurePath) -> bool:
    suffix = PurePath(file.stem).suffix if file.suffix.lower() in _COMPRESSED else file.suffix
    return suffix.lower() in _SUFFIXES and not file.name.startswith(".") and file.name != RECORD


class CorpusFile:
    """One input file being read; `bytes_read` of it, as it lies on disk, are behind the record that came last. Of a
    pipe none lie there.

    `format` is "auto" until reading has begun, if it was to be found out.
    """

    def __init__(self, path: Path, format_name: str = "auto"):
        self.path = path
        self.format = format_name
        self.bytes_read = 0
        self._state: tuple[int, ...] = ()  # how reading found it first

    def records(self) -> Iterator[Record]:
        """The records of the file. Raises InputError with the file's name and the place where reading had to stop."""
        read = self._told(lambda stream: FORMATS[self.format](stream, str(self.path)), "records")
        for record, end in read:
            self.bytes_read = end
            yield record

    def parts(self) -> Iterator[tuple[bytes, int]]:
        """The file in parts of some megabytes, each a file of its `format` by itself, and where in the file on disk
        each ends: who reads ahead sets `bytes_read` as the records of a part come.

        Raises UncuttableError where it cannot be cut, InputError where it cannot be read on.
        """
        return self._told(lambda stream: parts.cut(stream, self.format), "parts")

    def _told(self, read: Callable[[BinaryIO], Iterator[T]], things: str) -> Iterator[tuple[T, int]]:
        """What `read` makes of the file once it is decompressed and its format known, with how far the file is read by
        then; errors in our words."""
        count = 0
        try:
            with self.path.open("rb") as raw:
                self._check(os.fstat(raw.fileno()))
                stream = decompressed(raw if raw.seekable() else io.BufferedReader(_Pipe(raw)), str(self.path))
                self.format = self.format if self.format != "auto" else _sniff(stream, str(self.path))
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
        """Raise InputError for a device, and for a file that is not as reading found it first."""
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
    """A pipe that gives as much as is asked for, like a file, and not only what was written to it by then: a format is
    not found out from half a line."""

    def __init__(self, pipe: BinaryIO):
        self._pipe = pipe

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer`, unless the pipe ends before."""
        view = memoryview(buffer)
        data = self._pipe.read(len(view))
        view[: len(data)] = data
        return len(data)


def _sniff(stream: io.BufferedReader, source: str) -> str:
    head = stream.peek(_HEAD)[:_HEAD]
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = (head[2:].replace(b"\0", b"") if wide else head.removeprefix(b"\xef\xbb\xbf")).lstrip()
    if not text:
        raise InputError(f"{source}: the file is empty")
    if head[257:].startswith(b"ustar"):
        return "tar"
    if text.startswith(b"<"):
        return _ROOTS.get(root_of(text), "pubmed")
    if wide:
        raise InputError(f"{source}: text in UTF-16; write it as UTF-8, with 'iconv -f UTF-16 -t UTF-8' for instance")
    found = next((name for name, fits in _SIGNS.items() if fits(text)), None)
    if found:
        return found
    hint = "; it looks like one JSON array: write one object a line" if text.startswith(b"[") else ""
    raise InputError(f"{source}: not a known format ({', '.join(FORMATS)}): begins with {text[:20]!r}{hint}")


def _is_tsv(text: bytes) -> bool:
    return tsv.is_header(text.partition(b"\n")[0].decode("utf-8", "replace"))


_SIGNS: dict[str, Callable[[bytes], bool]] = {  # what text of a format begins with; the first that fits counts
    "bioc-json": lambda text: text[:1] in (b"{", b"[") and _BIOC_KEY.search(text) is not None,
    "jsonl": lambda text: text.startswith(b"{"),
    "medline": lambda text: text.startswith((b"PMID- ", b"PMID -")),
    "tsv": _is_tsv,
}
