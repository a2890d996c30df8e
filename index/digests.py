"""The digest of every file of a commit, by which a byte that changed later is found."""

import hashlib
from pathlib import Path

from bioqa.index.manifest import Manifest


def digests(folder: Path, before: Manifest, after: Manifest) -> dict[str, str]:
    """The digests of the files of the commit `after`, by their paths in the folder; those of the one before are kept.

    No file changes its content under its name but the two that tantivy rewrites, so only what is new is read.
    """
    known = before.digests | {
        name.replace(f"lexical/{before.lexical}/", f"lexical/{after.lexical}/"): made
        for name, made in before.digests.items()
        if not name.endswith(".json")
    }
    names = [file.relative_to(folder).as_posix() for file in files(folder, after)]
    return {name: known.get(name) or digest(folder / name) for name in names}


def files(folder: Path, manifest: Manifest) -> list[Path]:
    """The files in which a commit is kept, without its manifest and tantivy's locks."""
    parts = [folder / "segments" / segment.name for segment in manifest.segments]
    parts.append(folder / "lexical" / manifest.lexical)
    found = [file for part in parts for file in part.rglob("*") if file.is_file() and file.suffix != ".lock"]
    single = [manifest.removed, manifest.structure.file if manifest.structure else ""]
    return sorted([*found, *(folder / name for name in single if name)])


def digest(file: Path) -> str:
    """The SHA-256 of a file of any size, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
