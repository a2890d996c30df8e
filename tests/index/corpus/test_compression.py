import bz2
import gzip
import io
import lzma
import struct
import zlib
from collections.abc import Callable

import pytest

from bioqa.index.corpus import compression
from bioqa.index.corpus.compression import DAMAGED, open_decompressed
from bioqa.index.errors import InputError

COMPRESS = pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress])
Compress = Callable[[bytes], bytes]
TEXT = b"".join(b"%d mice\n" % number for number in range(50_000))


def read(data: bytes, size: int = -1) -> bytes:
    stream = open_decompressed(io.BufferedReader(io.BytesIO(data)), "file")
    return b"".join(iter(lambda: stream.read(size), b""))


@pytest.mark.parametrize("size", [-1, 1000, 1 << 20])
@COMPRESS
def test_what_is_inside_is_read(compress: Compress, size: int) -> None:
    assert read(compress(TEXT), size) == TEXT


def test_what_is_not_compressed_is_the_stream_itself() -> None:
    stream = io.BufferedReader(io.BytesIO(TEXT))
    assert open_decompressed(stream, "file") is stream


@COMPRESS
def test_streams_that_follow_one_another_are_read_with_zeros_between_them(compress: Compress) -> None:
    assert read(compress(b"a") + compress(b"") + bytes(8) + compress(b"b") + bytes(100_000)) == b"ab"


@COMPRESS
@pytest.mark.parametrize("after", [b"garbage", b"\xfd7zXY", b"\x1f\x8b\x09", b"BZz" * 10])
def test_what_follows_and_is_not_compressed_is_never_passed_over(compress: Compress, after: bytes) -> None:
    with pytest.raises((*DAMAGED, OSError)):
        read(compress(TEXT) + after)


@COMPRESS
@pytest.mark.parametrize("kept", [8, 20, -1])
def test_what_is_cut_off_is_an_error(compress: Compress, kept: int) -> None:
    with pytest.raises((*DAMAGED, OSError)):
        read(compress(TEXT)[:kept])


@COMPRESS
def test_what_grows_beyond_measure_is_refused_before_it_is_read(
    compress: Compress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "_FREE", 1 << 20)
    bomb = open_decompressed(io.BufferedReader(io.BytesIO(compress(bytes(20 << 20)))), "bomb.gz")
    given: list[int] = []
    with pytest.raises(InputError, match=r"^bomb.gz: .* more than 200 times its size"):
        given.extend(map(len, iter(lambda: bomb.read(1 << 16), b"")))
    assert sum(given) < 16 << 20


@COMPRESS
def test_little_data_may_grow_to_any_times_its_size(compress: Compress) -> None:
    assert len(read(compress(bytes(4 << 20)))) == 4 << 20


def test_a_long_run_of_one_letter_is_read_to_256_megabytes() -> None:
    piece = gzip.compress(bytes(16 << 20))
    stream = open_decompressed(io.BufferedReader(io.BytesIO(piece * 15)), "file")
    assert sum(map(len, iter(lambda: stream.read(1 << 20), b""))) == 240 << 20


def test_xz_gets_no_more_memory_than_its_highest_level_takes() -> None:
    data = bytearray(lzma.compress(TEXT, preset=9))
    assert read(bytes(data)) == TEXT
    properties = data.index(b"\x21\x01", 12) + 2
    data[properties] = 40  # a dictionary of 4 GB
    end = 12 + (data[12] + 1) * 4 - 4
    data[end : end + 4] = struct.pack("<I", zlib.crc32(data[12:end]))
    with pytest.raises(lzma.LZMAError, match="Memory usage limit"):
        read(bytes(data))


@COMPRESS
def test_what_is_before_damage_is_read_and_nothing_after_it(compress: Compress) -> None:
    stream = open_decompressed(io.BufferedReader(io.BytesIO(compress(TEXT) + b"garbage" * 10)), "file")
    found: list[bytes] = []
    with pytest.raises((*DAMAGED, OSError)):
        found.extend(iter(lambda: stream.read1(1 << 16), b""))
    assert b"".join(found) == TEXT
    for _ in range(3):
        with pytest.raises((*DAMAGED, OSError)):
            stream.read(1)
