"""One file from a server: taken up again where it broke off, and put in its place only when its MD5 is right."""

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bioqa.index.errors import NetworkError, StorageError, TransientError

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from bioqa.index.web import Web

FETCHES = 3  # of a file whose MD5 is wrong, before it is given up
_CHUNK = 1 << 16
_MOST_OF_FILE = 4 << 30  # bytes; PubMed's files have some 20 MB, and a stream without end must not fill the disk
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-\d+/(?:\d+|\*)", re.ASCII)  # RFC 9110, 14.4


def part_of(path: Path) -> Path:
    """Where a file stands until it is complete."""
    return path.with_name(f"{path.name}.part")


def size(path: Path) -> int:
    """The bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def digest(path: Path) -> str:
    """The MD5 of a file, in small hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turns what the disk says into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}; what is complete is kept, and the same command goes on from there"
        ) from None


def fetch(web: "Web", url: str, path: Path, md5: str, on_bytes: Callable[[int], None]) -> str:
    """Fetch `url` to `path` by way of a part, which an interruption leaves for the next call to go on with; its ETag.

    `on_bytes` is told of every piece how many bytes it has. Raises NetworkError where the server fails for good or the
    MD5 is wrong `FETCHES` times over, and StorageError where the disk refuses. What stood at `path` stays until then.
    """
    part = part_of(path)
    if part.exists() and _placed(part, path, md5):  # stopped between its last byte and this
        return ""
    for _ in range(FETCHES):
        etag = arrive(web, url, part, on_bytes)
        if _placed(part, path, md5):
            return etag
        with storing(part):
            part.unlink()
    raise NetworkError(f"{url}: fetched {FETCHES} times, and its MD5 was never {md5}, as the server states; try later")


def _placed(part: Path, path: Path, md5: str) -> bool:
    with storing(part):
        right = digest(part) == md5
        if right:
            part.replace(path)
    return right


def arrive(web: "Web", url: str, part: Path, on_bytes: Callable[[int], None]) -> str:
    """Fetch `url` to a part, going on with what is there of it, and return its ETag; nothing tells whether it is right.

    Raises NetworkError and StorageError as `fetch` does.
    """
    furthest = size(part)

    def furthered() -> bool:
        nonlocal furthest
        before, furthest = furthest, max(furthest, size(part))
        return furthest - before >= _CHUNK

    return web.patiently(lambda: _go_on(web, url, part, on_bytes), furthered)


def _go_on(web: "Web", url: str, part: Path, on_bytes: Callable[[int], None]) -> str:
    start = size(part)
    try:
        with web.open(url, first_byte=start) as response:
            if response.status == 200:  # the whole file, whatever was asked for
                return _save(web, response, part, "wb", on_bytes)
            if start and response.status == 206 and _first_byte(response) == start:
                return _save(web, response, part, "ab", on_bytes)
            answer = f"status {response.status} and the range {response.headers.get('Content-Range')}"
    except NetworkError as error:
        if error.status != 416:  # the part is not shorter than the file
            raise
        answer = str(error)
    if not start:
        raise TransientError(f"{url}: asked for the whole file, the server answers {answer}")
    with storing(part):
        part.unlink()
    return _go_on(web, url, part, on_bytes)


def _first_byte(response: "HTTPResponse") -> int | None:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return int(match[1]) if match else None


def _save(web: "Web", response: "HTTPResponse", part: Path, mode: str, on_bytes: Callable[[int], None]) -> str:
    expected, received = response.length, 0
    with _opened(part, mode) as file:
        while chunk := response.read(_CHUNK):
            if web.stop.is_set():
                raise TransientError(f"{response.url}: stopped")
            with storing(part):
                _write(file, chunk)
            received += len(chunk)
            on_bytes(len(chunk))
            if file.tell() > _MOST_OF_FILE:
                file.truncate(0)
                raise NetworkError(f"{response.url}: goes on after {_MOST_OF_FILE:,} bytes; no file has so many")
        with storing(part):
            os.fsync(file.fileno())
    if expected is not None and received < expected:
        raise TransientError(f"{response.url}: the connection broke off after {received:,} of {expected:,} bytes")
    return str(response.headers.get("ETag", ""))


def _opened(part: Path, mode: str) -> BinaryIO:
    """Without a buffer: closing it has nothing left to write, so that only `_write` can find the disk full."""
    with storing(part):
        return part.open(mode, buffering=0)  # type: ignore[return-value]


def _write(file: BinaryIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
