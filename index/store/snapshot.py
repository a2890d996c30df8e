"""Consistent reads of the last commit while another process may commit and delete files."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bioqa.index import plain_files
from bioqa.index.errors import IndexFolderError
from bioqa.index.store.manifest import Manifest, read_manifest

T = TypeVar("T")


def read_snapshot(folder: Path, look: Callable[[Manifest], T]) -> tuple[Manifest, T]:
    """The manifest of the index in `folder` and the result of `look`, repeated if a commit intervened.

    Even a `look` that succeeded may have missed a deleted file. Raises IndexFolderError if there is no index or it
    contains a link, and the error of `look` if no commit intervened.
    """
    refuse_links(folder)
    while True:
        manifest = read_manifest(folder)
        try:
            found = look(manifest)
        except (IndexFolderError, FileNotFoundError):
            if _is_last(folder, manifest):
                raise
            continue
        if _is_last(folder, manifest):
            return manifest, found


def _is_last(folder: Path, manifest: Manifest) -> bool:
    last = read_manifest(folder)
    return (last.commit, last.digests) == (manifest.commit, manifest.digests)


def file_sizes(folder: Path) -> dict[str, int]:
    """The sizes in bytes of all files in an index folder, sorted by path. Files deleted meanwhile are left out."""
    sizes = {
        path.relative_to(folder).as_posix(): file_size(path)
        for place, _, names in os.walk(folder)
        for path in map(Path(place).joinpath, names)
    }
    return {name: size for name, size in sorted(sizes.items()) if size is not None}


def file_size(path: Path) -> int | None:
    """The size of a file in bytes, None if there is no regular file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def refuse_links(folder: Path) -> None:
    """Raise IndexFolderError if the folder contains a link, a pipe or a device.

    bioqa writes none, and one from an untrusted source may lead out of the folder.
    """
    for name in plain_files.special_entries(folder):
        raise IndexFolderError(f"{folder / name}: is a link, a pipe or a device, which no index holds; delete it")
