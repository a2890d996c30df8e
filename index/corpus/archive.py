"""Bounded readers of tar and zip archives, which unpack nothing to disk.

Of tar, only the decoding of single headers comes from the standard library. Its iteration over an archive trusts them,
so a forged sparse map or size would keep it busy for days. The format is described at
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from bioqa.index.corpus.limits import LARGEST, RecordLimitedStream
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord

_PIECE = 1 << 20  # bytes skipped at once
_SHOWN = 200  # characters of a name
_FILES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_WITHOUT_CONTENT = set(tarfile.SUPPORTED_TYPES) - set(tarfile.REGULAR_TYPES)
_EXTENDED_HEADERS = {  # types of headers that describe the following members
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.XGLTYPE,
}
LARGEST_MEMBER = 4 * LARGEST  # bytes of a file in a zip archive, which usually holds one large export
_OFFICE = "[Content_Types].xml"
_SPARSE = "sparse"  # stands for all pax keywords of sparse files
_IS_EXTENDED, _IS_EXTENDED_AGAIN = 482, 504  # offsets of GNU's flags that the sparse map continues
_LONGEST_NUMBER = 20  # digits of a size


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    """The header of a member, with name and size from extended headers."""

    kind: bytes
    name: str
    size: int
    sparse: bool


def members(stream: BinaryIO, source: str) -> Iterator[Member | BadRecord]:
    """The regular files of an archive, in order, one in memory at a time.

    Files that are too large or sparse, links, devices, names that lead out of the archive, and data after the end of
    the archive become BadRecords. Raises tarfile.TarError if the archive is damaged or truncated, InputError if a
    header is endless.
    """
    for header in _headers(stream, source):
        fault = _fault(header)
        if fault or header.kind not in _FILES:
            _skip(stream, _padded(header.size))
        if fault:
            yield BadRecord(source, header.name[:_SHOWN], fault)
        elif header.kind in _FILES:
            yield Member(header.name, _exactly(stream, _padded(header.size))[: header.size])
    pieces = iter(lambda: stream.read(_PIECE), b"")
    if max(map(len, (piece.strip(b"\0") for piece in pieces)), default=0):  # all is read: a checksum can be at the end
        yield BadRecord(source, "end", "more follows the end of the archive; unpack it with 'tar --ignore-zeros'")


def zip_members(stream: BinaryIO, source: str) -> Iterator[Member | BadRecord]:
    """The files of a zip archive, in order, one in memory at a time.

    Files that are too large, encrypted or damaged, and names that lead out of the archive become BadRecords. Raises
    InputError if the archive cannot be read, or is that of a word processor or spreadsheet.
    """
    if not stream.seekable():
        raise InputError(f"{source}: a zip archive that is compressed again or comes from a pipe; unpack it first")
    try:
        with zipfile.ZipFile(stream) as packed:
            if _OFFICE in packed.NameToInfo:
                raise InputError(f"{source}: a file of a word processor or spreadsheet; save it as CSV or text")
            for info in packed.infolist():
                if not info.filename.endswith("/"):
                    yield _zip_member(packed, info, source)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise InputError(f"{source}: archive damaged or cut off ({error}); fetch the file again") from None


def _zip_member(packed: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> Member | BadRecord:
    fault = _name_fault(info.filename) if info.filename else "it has no name"
    try:
        if not fault:
            with packed.open(info) as file:
                content = file.read(LARGEST_MEMBER + 1)
            fault = f"larger than {LARGEST_MEMBER >> 20} MB; unpack it first" if len(content) > LARGEST_MEMBER else ""
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error, OSError) as error:
        fault = str(error)[:_SHOWN] or "damaged"
    return BadRecord(source, info.filename[:_SHOWN], fault) if fault else Member(info.filename, content)


def _name_fault(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    return "its name leads out of the archive" if path.is_absolute() or ".." in path.parts else ""


def _fault(header: _Header) -> str:
    if fault := _name_fault(header.name):
        return fault
    if header.sparse:
        return "a file with holes; pack it without '--sparse'"
    if header.kind not in _FILES and header.kind != tarfile.DIRTYPE:
        return "a link or device, not a file"
    return f"larger than {LARGEST >> 20} MB" if header.size > LARGEST else ""


def _headers(stream: BinaryIO, source: str) -> Iterator[_Header]:
    """The headers of the members up to the end mark. The caller must read or skip each member before the next.

    Raises the same errors as `members`.
    """
    bounded = cast(BinaryIO, headers := RecordLimitedStream(stream, source))
    of_all: dict[str, str] = {}
    of_next: dict[str, str] = {}
    while info := _info(bounded):
        kind = info.type
        if kind in _EXTENDED_HEADERS:
            data = _exactly(bounded, _padded(info.size))[: info.size]
            if kind == tarfile.GNUTYPE_LONGNAME:
                of_next["path"] = data.partition(b"\0")[0].decode("utf-8", "surrogateescape")
            elif kind != tarfile.GNUTYPE_LONGLINK:
                (of_all if kind == tarfile.XGLTYPE else of_next).update(_keywords(data))
        else:
            headers.end_record()
            yield _header(info, of_all | of_next)
            of_next = {}


def _info(stream: BinaryIO) -> tarfile.TarInfo | None:
    """The next single header, None at the end mark."""
    block = _exactly(stream, tarfile.BLOCKSIZE)
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        return None
    except tarfile.HeaderError as error:
        raise tarfile.ReadError(str(error)) from None
    if info.size < 0:
        raise tarfile.ReadError("a member of negative size")
    if info.type == tarfile.GNUTYPE_SPARSE:
        more = block[_IS_EXTENDED]
        while more:  # a long sparse map continues in additional blocks
            more = _exactly(stream, tarfile.BLOCKSIZE)[_IS_EXTENDED_AGAIN]
    return info


def _header(info: tarfile.TarInfo, keywords: Mapping[str, str]) -> _Header:
    """A header with the values that extended headers override."""
    written, name, kind = keywords.get("size"), keywords.get("path", info.name), info.type
    if written is not None and not (written.isascii() and written.isdigit() and len(written) < _LONGEST_NUMBER):
        raise tarfile.ReadError("a member whose size is no number")
    if kind in _FILES and name.endswith("/"):
        kind = tarfile.DIRTYPE
    size = 0 if kind in _WITHOUT_CONTENT else info.size if written is None else int(written)
    return _Header(kind, name, size, kind == tarfile.GNUTYPE_SPARSE or _SPARSE in keywords)


def _keywords(data: bytes) -> dict[str, str]:
    """The relevant records (`length key=value`) of a pax header: path, size, and whether the file is sparse.

    Raises tarfile.ReadError if it is malformed.
    """
    found = {}
    at = 0
    while at < len(data) and data[at]:
        digits, blank, _ = data[at : at + _LONGEST_NUMBER].partition(b" ")
        end = at + int(digits) if digits.isdigit() else 0
        if not (blank and at + len(digits) < end <= len(data) and data[end - 1 : end] == b"\n"):
            raise tarfile.ReadError("a damaged pax header")
        key, _, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if key in (b"path", b"size"):
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        elif key.startswith(b"GNU.sparse."):
            found[_SPARSE] = ""
        at = end
    return found


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    if len(data) < size:
        raise tarfile.ReadError("unexpected end of data")
    return data


def _skip(stream: BinaryIO, size: int) -> None:
    while size > 0:
        size -= len(_exactly(stream, min(size, _PIECE)))
