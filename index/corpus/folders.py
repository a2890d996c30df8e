"""Recursive listing of folders."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderListing:
    """The contents of a folder and its subfolders.

    `files` are regular files and `special` are pipes, sockets and devices, both sorted; the latter are never opened.
    `unreadable` are folders that cannot be listed and broken links, each with the reason.
    """

    files: list[Path] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def list_files(folder: Path) -> FolderListing:
    """List a folder recursively. Links are followed, and a folder reached by several links is listed once."""
    found = FolderListing()
    seen: set[tuple[int, int]] = set()
    here, linked = [folder], list[Path]()
    while here or linked:  # links are followed last, so that files get their direct path
        place = here.pop() if here else linked.pop(0)
        try:
            state = place.stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            found.unreadable.append((place, error.strerror or str(error)))
            continue
        for entry in entries:
            path = place / entry.name
            try:
                if entry.is_dir():
                    (linked if entry.is_symlink() else here).append(path)
                elif entry.is_file():
                    found.files.append(path)
                else:
                    path.stat()
                    found.special.append(path)
            except OSError as error:
                found.unreadable.append((path, error.strerror or str(error)))
    for paths in (found.files, found.special):
        paths.sort()
    return found
