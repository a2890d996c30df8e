import io
import tarfile
import tracemalloc
from collections.abc import Callable

import pytest

from bioqa.index.corpus import archive, limits
from bioqa.index.corpus.archive import Member
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
    monkeypatch.setattr(limits, "LARGEST", 20_000)
    bad, good = read(packed(("big.xml", b"x" * 200_000), ("good.xml", b"good")))
    assert isinstance(bad, BadRecord)
    assert "larger than" in bad.reason
    assert good == ("good.xml", b"good")


def test_a_header_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 20_000)
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


def header(
    kind: bytes = b"0", size: bytes = b"00000000000", *, name: bytes = b"x.xml", at: dict[int, bytes] | None = None
) -> bytes:
    """A header made by hand, with the right checksum; `at` are bytes to put at these places."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    for place, content in {0: name.ljust(100, b"\0"), 124: size.ljust(12, b"\0"), 156: kind, **(at or {})}.items():
        block[place : place + len(content)] = content
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def before_next(kind: bytes, content: bytes) -> bytes:
    """A header that tells something of the next member, with its content."""
    return header(kind, b"%011o" % len(content)) + content + bytes(-len(content) % 512)


GOOD = packed(("good.xml", b"good"))  # with the end mark


def large(number: int) -> bytes:
    return b"\x80" + number.to_bytes(11, "big")


@pytest.mark.parametrize(
    "damage",
    [
        header(size=large(1 << 40)),
        header(size=large((1 << 80) - 1)),
        header(size=b"7" * 11),
        header(size=b"\xff" * 12),
        header(size=b"-0000000777"),
        header(size=b"eleven"),
        header(b"x", b"%011o" % (1 << 20)),
        header(b"L", large(1 << 60)),
        before_next(b"x", b"20 size=999999999999\n") + header(),
        before_next(b"x", b"11 size=-5\n") + header(),
        before_next(b"x", b"9" * 5000 + b" size=1\n") + header(),
        before_next(b"x", b"0 size=1\n") + header(),
        before_next(b"x", b"-9 size=1\n") + header(),
        before_next(b"x", b"words") + header(),
    ],
)
def test_a_header_that_cannot_be_true_is_damage_at_once_and_what_is_before_it_is_read(damage: bytes) -> None:
    found = archive.members(io.BytesIO(GOOD[:1024] + damage + GOOD[:1024] * 9), "file.tar")
    first = next(found)
    assert isinstance(first, Member)
    with pytest.raises(tarfile.TarError):
        list(found)


class Endless(io.RawIOBase):
    """Some bytes and then others again and again; says how much was asked for."""

    def __init__(self, begin: bytes, again: bytes):
        self._rest, self._again = begin, again
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size:
            self._rest += self._again
        data, self._rest = self._rest[:size], self._rest[size:]
        self.given += len(data)
        return data


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (header(b"L", large(1 << 50)), b"n" * 512),
        (header(b"x", large(1 << 50)), b"n" * 512),
        (b"", before_next(b"L", b"name")),
        (b"", before_next(b"x", b"12 path=abc\n")),
        (header(b"S", at={482: b"\1"}), bytes(504) + b"\1" + bytes(7)),
    ],
)
def test_headers_without_end_are_refused(begin: bytes, again: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 50_000)
    stream = Endless(begin, again)
    with pytest.raises(InputError, match="record 1 is larger than"):
        list(archive.members(stream, "file.tar"))  # type: ignore[arg-type]
    assert stream.given < 100_000


@pytest.mark.parametrize(
    "member",
    [
        header(b"S", at={386: b"7" * 11, 398: b"7" * 11, 483: b"7" * 11}),
        header(b"S", at={386: b"0" * 11 + b"\0" + b"0" * 11 + b"\0", 482: b"\1"}) + bytes(512),
        *(
            before_next(b"x", b"%d %s" % (len(key) + 4, key + b"\n")) + header()
            for key in (b"GNU.sparse.map=1,x", b"GNU.sparse.major=1", b"GNU.sparse.size=99")
        ),
    ],
)
def test_a_file_with_holes_is_counted_and_the_next_is_read(member: bytes) -> None:
    bad, good = read(member + GOOD)
    assert isinstance(bad, BadRecord)
    assert "a file with holes" in bad.reason
    assert good == ("good.xml", b"good")


def test_what_pax_says_of_path_and_size_counts() -> None:
    told = before_next(b"x", b"17 path=long.xml\n" + b"9 size=4\n")
    assert read(told + header() + b"four" + bytes(508) + GOOD) == [("long.xml", b"four"), ("good.xml", b"good")]
    for_all = before_next(b"g", b"17 path=same.xml\n")
    assert read(for_all + header() + GOOD) == [("same.xml", b""), ("same.xml", b"good")]


def test_what_follows_the_end_is_told_unless_it_is_empty() -> None:
    assert read(GOOD + bytes(50_000)) == [("good.xml", b"good")]
    good, bad = read(GOOD + GOOD)
    assert good == ("good.xml", b"good")
    assert isinstance(bad, BadRecord)
    assert "more follows the end" in bad.reason


def test_other_kinds_of_members_are_counted_and_the_next_is_read() -> None:
    for kind in (b"V", b"M", b"D", b"N", b"Z", b"\x80"):
        bad, good = read(before_next(kind, b"words") + GOOD)
        assert isinstance(bad, BadRecord)
        assert good == ("good.xml", b"good")


def test_the_walk_through_many_members_keeps_none_of_them() -> None:
    found = archive.members(io.BytesIO(header() * 20_000 + GOOD), "file.tar")
    tracemalloc.start()
    assert sum(1 for _ in found) == 20_001
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_headers_that_come_in_pieces_are_read() -> None:
    name = "n" * 2000 + ".xml"
    stream = io.BufferedReader(io.BytesIO(packed((name, b"content"), ("b.xml", b"b"))), 700)
    assert [item.name for item in archive.members(stream, "file.tar") if isinstance(item, Member)] == [name, "b.xml"]
