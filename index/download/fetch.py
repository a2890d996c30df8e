"""One file from a server: taken up again where it broke off, and put in its place only when its MD5 is right."""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from bioqa.index.errors import NetworkError, StorageError, TransientError
from bioqa.index.plain_files import open_plain, plain_size

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from bioqa.index.download.client import Web

FETCHES = 3  # of a file whose MD5 is wrong, before it is given up
_CHUNK = 1 << 16
_STRANGE = {errno.ELOOP, errno.EINVAL, errno.EISDIR, errno.ENXIO, errno.EMLINK}  # links, folders, pipes and the like
_MOST_OF_TAG = 200  # characters
_MOST_OF_FILE = 4 << 30  # bytes; PubMed's files have some 20 MB, and a stream without end must not fill the disk
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d{1,15})-\d+/(?:(?P<whole>\d{1,15})|\*)", re.ASCII)  # RFC 9110, 14.4


def part_of(path: Path) -> Path:
    """Where a file stands until it is complete."""
    return path.with_name(f"{path.name}.part")


def size(path: Path) -> int:
    """The bytes of a plain file, 0 where there is none."""
    return plain_size(path) or 0


def digest(path: Path) -> str:
    """The MD5 of a plain file, in small hexadecimal digits. Raises OSError as `open_plain` does."""
    with open_plain(path) as file:
        md5 = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False))  # type: ignore[arg-type]
        return md5.hexdigest()


@contextlib.contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turns what the disk says into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        kept = "what is complete is kept, and the same command goes on from there"
        raise StorageError(
            f"{path}: {error.strerror or error}; {'remove it' if error.errno in _STRANGE else kept}"
        ) from None


def fetch(web: "Web", url: str, path: Path, md5: str, on_bytes: Callable[[int], None], most: int | None = None) -> str:
    """Fetch `url` to `path` by way of a part, which an interruption leaves for the next call to go on with; its ETag.

    `on_bytes` is told of every piece how many bytes it has. Raises NetworkError where the server fails for good, the
    file has more than `most` bytes or its MD5 is wrong `FETCHES` times over, and StorageError where the disk refuses.
    What stood at `path` stays until then.
    """
    part = part_of(path)
    if os.path.lexists(part) and size(part) <= _limit(most) and _placed(part, path, md5):
        return ""  # it was stopped between its last byte and this
    for _ in range(FETCHES):
        etag = arrive(web, url, part, on_bytes, most)
        if _placed(part, path, md5):
            return etag
        with storing(part):
            part.unlink()
    raise NetworkError(f"{url}: fetched {FETCHES} times, and its MD5 was never {md5}, as the server states; try later")


def _placed(part: Path, path: Path, md5: str) -> bool:
    with storing(part):
        right = digest(part) == md5
    if right:
        with storing(path):
            part.replace(path)
    return right


def arrive(web: "Web", url: str, part: Path, on_bytes: Callable[[int], None], most: int | None = None) -> str:
    """Fetch `url` to a part, going on with what is there of it, and return its ETag; nothing tells whether it is right.

    Raises NetworkError and StorageError as `fetch` does.
    """
    limit, furthest = _limit(most), size(part)

    def furthered() -> bool:
        nonlocal furthest
        before, furthest = furthest, max(furthest, size(part))
        return furthest - before >= _CHUNK

    return web.patiently(lambda: _go_on(web, url, part, on_bytes, limit), furthered)


def clear(path: Path) -> None:
    """Remove what is there of a file in part, once it is complete. Raises StorageError."""
    part = part_of(path)
    with storing(part):
        if plain_size(part) is not None:
            part.unlink()


def _limit(most: int | None) -> int:
    return _MOST_OF_FILE if most is None else min(most, _MOST_OF_FILE)


def _go_on(web: "Web", url: str, part: Path, on_bytes: Callable[[int], None], limit: int) -> str:
    start = size(part) if size(part) <= limit else 0
    try:
        with web.open(url, first_byte=start) as response:
            if response.status == 200:  # the whole file, whatever was asked for
                return _save(web, url, response, part, "wb", on_bytes, limit)
            first, whole = _range(response)
            if start and response.status == 206 and first == start:
                etag = _save(web, url, response, part, "a+b", on_bytes, limit)
                if whole and size(part) < whole:
                    raise TransientError(f"{url}: the server sent {size(part):,} of {whole:,} bytes")
                return etag
            told = response.headers.get("Content-Range", "none")[:_MOST_OF_TAG]
            answer = f"status {response.status} and the range {told}"
    except NetworkError as error:
        if error.status != 416:  # the part is not shorter than the file
            raise
        answer = str(error)
    if not start:
        raise TransientError(f"{url}: asked for the whole file, the server answers {answer}")
    with storing(part):
        part.unlink()
    return _go_on(web, url, part, on_bytes, limit)


def _range(response: "HTTPResponse") -> tuple[int | None, int | None]:
    """The first byte that is sent, and how many the whole file has, where the server says so."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return (int(match["first"]), int(match["whole"] or 0) or None) if match else (None, None)


def _save(
    web: "Web",
    url: str,
    response: "HTTPResponse",
    part: Path,
    mode: str,
    on_bytes: Callable[[int], None],
    limit: int,
) -> str:
    expected, received = response.length, 0
    with _opened(part, mode) as file:
        for piece in _pieces(response):
            if web.stop.is_set():
                raise TransientError(f"{url}: stopped")
            with storing(part):
                _write(file, piece)
            received += len(piece)
            on_bytes(len(piece))
            if file.tell() > limit:
                file.truncate(0)
                raise NetworkError(f"{url}: goes on after {limit:,} bytes, which is more than it can have; try later")
        with storing(part):
            os.fsync(file.fileno())
    if expected is not None and received < expected:
        raise TransientError(f"{url}: the connection broke off after {received:,} of {expected:,} bytes")
    return str(response.headers.get("ETag", ""))[:_MOST_OF_TAG]


def _pieces(response: "HTTPResponse") -> Iterator[bytes]:
    """The body in pieces of `_CHUNK` bytes. Where the connection breaks, what came before is the last of them."""
    from http.client import HTTPException

    held = bytearray()
    try:
        while piece := response.read1(_CHUNK - len(held)):
            held += piece
            if len(held) == _CHUNK:
                yield bytes(held)
                held.clear()
    except (OSError, HTTPException):
        yield bytes(held)
        raise
    yield bytes(held)


def _opened(part: Path, mode: str) -> BinaryIO:
    """Without a buffer: closing it has nothing left to write, so that only `_write` can find the disk full."""
    with storing(part):
        if os.path.lexists(part) and part.lstat().st_nlink > 1 and plain_size(part) is not None:
            raise OSError(errno.EMLINK, "is another file as well (a hard link), which is not written to")
        return open_plain(part, mode, buffering=0)


def _write(file: BinaryIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
