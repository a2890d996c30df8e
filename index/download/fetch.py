"""Resumable download of a file, which gets its name only when its MD5 is correct."""

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

    from bioqa.index.download.client import HttpClient

FETCHES = 3  # attempts for a file with a wrong MD5
_CHUNK = 1 << 16
_NOT_A_FILE = {errno.ELOOP, errno.EINVAL, errno.EISDIR, errno.ENXIO, errno.EMLINK}  # links, folders, pipes and the like
_MOST_OF_TAG = 200  # characters
_MOST_OF_FILE = 4 << 30  # bytes, so that an endless stream cannot fill the disk; PubMed's files have some 20 MB
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d{1,15})-\d+/(?:(?P<whole>\d{1,15})|\*)", re.ASCII)  # RFC 9110, 14.4


def part_path(path: Path) -> Path:
    """The path of an incomplete file."""
    return path.with_name(f"{path.name}.part")


def file_size(path: Path) -> int:
    """The size of a regular file in bytes, 0 if there is none."""
    return plain_size(path) or 0


def md5_of(path: Path) -> str:
    """The MD5 of a regular file, in lower-case hexadecimal. Raises OSError as `open_plain` does."""
    with open_plain(path) as file:
        md5 = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False))  # type: ignore[arg-type]
        return md5.hexdigest()


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        kept = "complete files are kept, and the same command resumes from there"
        raise StorageError(
            f"{path}: {error.strerror or error}; {'remove it' if error.errno in _NOT_A_FILE else kept}"
        ) from None


def fetch_file(
    web: "HttpClient", url: str, path: Path, md5: str, on_bytes: Callable[[int], None], most: int | None = None
) -> str:
    """Fetch `url` to `path` through a part file, from which the next call resumes; returns the ETag.

    `on_bytes` receives the size of every piece. An existing file at `path` stays until the new one is complete. Raises
    NetworkError if the server fails permanently, the file has more than `most` bytes or its MD5 is wrong `FETCHES`
    times, and StorageError if writing fails.
    """
    part = part_path(path)
    if os.path.lexists(part) and file_size(part) <= _limit(most) and _move_if_intact(part, path, md5):
        return ""  # the previous process ended after the last byte
    for _ in range(FETCHES):
        etag = fetch_part(web, url, part, on_bytes, most)
        if _move_if_intact(part, path, md5):
            return etag
        with storage_errors(part):
            part.unlink()
    raise NetworkError(f"{url}: fetched {FETCHES} times, and its MD5 was never {md5}, as the server states; try later")


def _move_if_intact(part: Path, path: Path, md5: str) -> bool:
    with storage_errors(part):
        right = md5_of(part) == md5
    if right:
        with storage_errors(path):
            part.replace(path)
    return right


def fetch_part(
    web: "HttpClient", url: str, part: Path, on_bytes: Callable[[int], None], most: int | None = None
) -> str:
    """Fetch `url` to a part file, resuming an existing one, and return its ETag; the content is not verified.

    Raises NetworkError and StorageError as `fetch_file` does.
    """
    limit, furthest = _limit(most), file_size(part)

    def has_progressed() -> bool:
        nonlocal furthest
        before, furthest = furthest, max(furthest, file_size(part))
        return furthest - before >= _CHUNK

    return web.retry(lambda: _resume(web, url, part, on_bytes, limit), has_progressed)


def remove_part(path: Path) -> None:
    """Delete the part file of a complete file. Raises StorageError."""
    part = part_path(path)
    with storage_errors(part):
        if plain_size(part) is not None:
            part.unlink()


def _limit(most: int | None) -> int:
    return _MOST_OF_FILE if most is None else min(most, _MOST_OF_FILE)


def _resume(web: "HttpClient", url: str, part: Path, on_bytes: Callable[[int], None], limit: int) -> str:
    start = file_size(part) if file_size(part) <= limit else 0
    try:
        with web.open(url, first_byte=start) as response:
            if response.status == 200:  # the whole file, even if a range was requested
                return _save(web, url, response, part, "wb", on_bytes, limit)
            first, whole = _range(response)
            if start and response.status == 206 and first == start:
                etag = _save(web, url, response, part, "a+b", on_bytes, limit)
                if whole and file_size(part) < whole:
                    raise TransientError(f"{url}: the server sent {file_size(part):,} of {whole:,} bytes")
                return etag
            content_range = response.headers.get("Content-Range", "none")[:_MOST_OF_TAG]
            answer = f"status {response.status} and the range {content_range}"
    except NetworkError as error:
        if error.status != 416:  # 416: the part is not shorter than the file
            raise
        answer = str(error)
    if not start:
        raise TransientError(f"{url}: asked for the whole file, the server answers {answer}")
    with storage_errors(part):
        part.unlink()
    return _resume(web, url, part, on_bytes, limit)


def _range(response: "HTTPResponse") -> tuple[int | None, int | None]:
    """The first byte of the response and the size of the whole file, each None if not stated."""
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    return (int(match["first"]), int(match["whole"] or 0) or None) if match else (None, None)


def _save(
    web: "HttpClient",
    url: str,
    response: "HTTPResponse",
    part: Path,
    mode: str,
    on_bytes: Callable[[int], None],
    limit: int,
) -> str:
    expected, received = response.length, 0
    with _open_part(part, mode) as file:
        for piece in _pieces(response):
            if web.stop.is_set():
                raise TransientError(f"{url}: stopped")
            with storage_errors(part):
                _write(file, piece)
            received += len(piece)
            on_bytes(len(piece))
            if file.tell() > limit:
                file.truncate(0)
                raise NetworkError(f"{url}: goes on after {limit:,} bytes, which is more than it can have; try later")
        with storage_errors(part):
            os.fsync(file.fileno())
    if expected is not None and received < expected:
        raise TransientError(f"{url}: the connection broke off after {received:,} of {expected:,} bytes")
    return str(response.headers.get("ETag", ""))[:_MOST_OF_TAG]


def _pieces(response: "HTTPResponse") -> Iterator[bytes]:
    """The body in pieces of `_CHUNK` bytes; if the connection breaks, the last piece is shorter."""
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


def _open_part(part: Path, mode: str) -> BinaryIO:
    """Open a part file unbuffered, so that only `_write` can encounter a full disk."""
    with storage_errors(part):
        if os.path.lexists(part) and part.lstat().st_nlink > 1 and plain_size(part) is not None:
            raise OSError(errno.EMLINK, "is another file as well (a hard link), which is not written to")
        return open_plain(part, mode, buffering=0)


def _write(file: BinaryIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
