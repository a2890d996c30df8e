"""Looking at the last commit of an index while another process may commit, and delete what only this one needs."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bioqa.index import plain_files
from bioqa.index.errors import IndexFolderError
from bioqa.index.store.manifest import Manifest, read_manifest

T = TypeVar("T")


def opened(folder: Path, look: Callable[[Manifest], T]) -> tuple[Manifest, T]:
    """The manifest of the index in `folder` and what `look` makes of it, looked at again where a commit came meanwhile.

    Even a look that did not fail may have found a file gone that it can do without at first. Raises IndexFolderError
    where there is no index, or one that holds a link, and what `look` raises where it was not disturbed.
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


def files(folder: Path) -> dict[str, int]:
    """The bytes of all files in an index folder by their paths in it, ascending; files that go meanwhile are none."""
    sizes = {
        path.relative_to(folder).as_posix(): size_of(path)
        for place, _, names in os.walk(folder)
        for path in map(Path(place).joinpath, names)
    }
    return {name: size for name, size in sorted(sizes.items()) if size is not None}


def size_of(path: Path) -> int | None:
    """The bytes of a file, None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def refuse_links(folder: Path) -> None:
    """Raise IndexFolderError where the folder holds a link, a pipe or a device: bioqa makes none, and a stranger's may
    lead out of the folder."""
    for name in plain_files.followed(folder):
        raise IndexFolderError(f"{folder / name}: is a link, a pipe or a device, which no index holds; delete it")
