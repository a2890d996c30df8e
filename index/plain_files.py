"""Safe access to files in folders from untrusted sources: only regular files of the folder itself are opened.

An index, a model or a download folder can be shared. A name in it may lead elsewhere (`../../.bashrc`), and a file may
be a symbolic link, an endless pipe or a device. None of them is followed or opened.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

_LONGEST_NAME = 255  # bytes, on every common file system


def is_plain_name(name: str) -> bool:
    """Whether `name` is a single, printable path component that is valid on every operating system."""
    return (
        0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME
        and name.isprintable()
        and name not in {".", ".."}
        and not set('/\\:*?"<>|') & set(name)
    )


def open_plain(path: Path, mode: str = "rb", buffering: int = -1) -> BinaryIO:
    """Open a regular file in binary mode: "rb", "wb" (truncate), "xb" (create) or "a+b" (append).

    Raises OSError, with a readable reason in `strerror`, if `path` is a symbolic link, a folder, a pipe, a socket or a
    device; with errno ENOENT if it does not exist.
    """
    opened = open(path, mode, buffering, opener=lambda *_: _descriptor(path, mode))  # noqa: SIM115 (the caller closes it)
    return cast(BinaryIO, opened)


def plain_size(path: Path) -> int | None:
    """The size of a regular file in bytes; None if `path` does not exist or is anything else, such as a link."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _descriptor(path: Path, mode: str) -> int:
    flags = {
        "rb": os.O_RDONLY,
        "wb": os.O_WRONLY | os.O_CREAT,
        "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
        "a+b": os.O_RDWR | os.O_CREAT | os.O_APPEND,
    }[mode]
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # not every system has each
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "is a symbolic link, which is not followed", str(path)) from None
        if error.errno in (errno.EISDIR, errno.ENXIO):
            raise OSError(error.errno, "is not a plain file", str(path)) from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not a plain file", str(path))
        if mode == "wb":
            os.ftruncate(descriptor, 0)
        return descriptor
    except BaseException:
        os.close(descriptor)
        raise


def special_entries(folder: Path, depth: int = 3) -> Iterator[str]:
    """The symbolic links, pipes, sockets and devices in `folder`, down to `depth` levels, by relative path.

    Entries that are deleted meanwhile are left out.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth > 1:
                    yield from (f"{entry.name}/{name}" for name in special_entries(Path(entry.path), depth - 1))
            elif not entry.is_file(follow_symlinks=False):
                yield entry.name


def read_plain(path: Path, most: int) -> bytes:
    """The content of a regular file. Raises OSError as `open_plain` does, and if it has more than `most` bytes."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size  # checked first, because reading allocates the requested size
        content = file.read(size + 1) if size <= most else b""
    if max(size, len(content)) > most:
        raise OSError(errno.EFBIG, f"is larger than the {most:,} bytes that such a file can have", str(path))
    return content
