"""Files inside a tar archive, read where they stand: nothing is ever unpacked to disk."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Self, cast

from bioqa.index.bounded import LARGEST, Bounded
from bioqa.index.records import BadRecord


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive."""

    name: str
    content: bytes


class _Header(tarfile.TarInfo):
    """A header that says so when it is damaged or missing: without this, damage ends an archive in silence."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from None


def members(stream: BinaryIO, source: str) -> Iterator[Member | BadRecord]:
    """The regular files of an archive, in order, one in memory at a time; one that is too large, is a link or device,
    or has a name that leads elsewhere becomes a BadRecord.

    Raises tarfile.TarError where the archive is damaged or cut off, InputError where a header has no end.
    """
    bounded = Bounded(stream, source)
    with tarfile.open(fileobj=cast(BinaryIO, bounded), mode="r|", tarinfo=_Header) as archive:
        while member := archive.next():
            archive.members.clear()  # type: ignore[attr-defined]
            bounded.ended(skipping=member.size)
            if fault := _fault(member):
                yield BadRecord(source, member.name[:200], fault)
            elif member.isfile() and (opened := archive.extractfile(member)):
                yield Member(member.name, opened.read())


def _fault(member: tarfile.TarInfo) -> str:
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        return "its name leads out of the archive"
    if not member.isfile() and not member.isdir():
        return "a link or device, not a file"
    return f"larger than {LARGEST >> 20} MB" if member.size > LARGEST else ""
