"""Files that a command is going to write."""

from pathlib import Path

from bioqa.index.errors import InputError


def check_target(path: Path) -> None:
    """Raise InputError where there is no folder to write the file into: better before long work than after it."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(f"{path}: there is no folder {folder} to write it into")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; expected the name of a file to write")
