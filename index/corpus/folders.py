"""What lies in a folder and those below it."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Below:
    """The plain files in a folder and those below it, by name; the pipes, sockets and devices, which are never opened;
    and the folders that cannot be listed and links that lead nowhere, each with the reason."""

    files: list[Path] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    unread: list[tuple[Path, str]] = field(default_factory=list)


def below(folder: Path) -> Below:
    """What lies there, links followed; of a folder that several links lead to, everything once."""
    found = Below()
    seen: set[tuple[int, int]] = set()
    here, linked = [folder], list[Path]()
    while here or linked:  # links are followed last: what is there by itself has its name from where it is
        place = here.pop() if here else linked.pop(0)
        try:
            state = place.stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            found.unread.append((place, error.strerror or str(error)))
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
                found.unread.append((path, error.strerror or str(error)))
    for paths in (found.files, found.special):
        paths.sort()
    return found
