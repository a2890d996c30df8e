import io
import tarfile
from collections.abc import Callable

import pytest

from bioqa.index import archive, bounded
from bioqa.index.archive import Member
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord


def packed(*members: tuple[tarfile.TarInfo | str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as made:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def read(data: bytes) -> list[tuple[str, bytes] | BadRecord]:
    """Names and contents of the members."""
    found = archive.members(io.BytesIO(data), "file.tar")
    return [(item.name, item.content) if isinstance(item, Member) else item for item in found]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_the_files_come_in_order_and_folders_are_passed_over(form: int) -> None:
    long = "a" * 90 + "/" + "b" * 90 + ".xml"
    data = packed((special("a", tarfile.DIRTYPE), b""), ("a/1.xml", b"one"), (long, b"two"), ("e.xml", b""), form=form)
    assert read(data) == [("a/1.xml", b"one"), (long, b"two"), ("e.xml", b"")]


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("../up.xml", "leads out of the archive"),
        ("a/../../up.xml", "leads out of the archive"),
        ("a\\..\\up.xml", "leads out of the archive"),
        ("/etc/passwd.xml", "leads out of the archive"),
        (special("l.xml", tarfile.SYMTYPE, "/etc/passwd"), "a link or device"),
        (special("l.xml", tarfile.LNKTYPE, "good.xml"), "a link or device"),
        (special("l.xml", tarfile.CHRTYPE), "a link or device"),
        (special("l.xml", tarfile.FIFOTYPE), "a link or device"),
    ],
)
def test_what_is_not_safe_is_counted_and_the_others_are_read(member: tarfile.TarInfo | str, why: str) -> None:
    bad, good = read(packed((member, b""), ("good.xml", b"good")))
    assert isinstance(bad, BadRecord)
    assert bad.source == "file.tar"
    assert why in bad.reason
    assert good == ("good.xml", b"good")


def test_a_file_beyond_the_limit_is_counted_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST", 20_000)
    monkeypatch.setattr(bounded, "LARGEST", 20_000)
    bad, good = read(packed(("big.xml", b"x" * 200_000), ("good.xml", b"good")))
    assert isinstance(bad, BadRecord)
    assert "larger than" in bad.reason
    assert good == ("good.xml", b"good")


def test_a_header_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LARGEST", 20_000)
    with pytest.raises(InputError, match="record 1 is larger than"):
        read(packed(("n" * 100_000, b"x")))


WHOLE = packed(("1.xml", b"one"), ("2.xml", b"two"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:1024],
        lambda data: data[:1100],
        lambda data: data[:512] + b"on",
        lambda data: data[:700],
        lambda data: data[:1024] + b"\xff" * 512 + data[1536:],
        lambda data: b"",
        lambda data: b"no archive" * 100,
    ],
)
def test_damage_is_never_the_end_of_an_archive(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(tarfile.TarError):
        read(damage(WHOLE))
