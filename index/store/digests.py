"""The digest of every file of a commit, by which a byte that changed later is found."""

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bioqa.index.cpus import processors
from bioqa.index.errors import AlteredError, IndexFolderError
from bioqa.index.plain_files import open_plain
from bioqa.index.store.manifest import Manifest, SegmentInfo


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
    with open_plain(file) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it has readinto


def refuse_changed(written: Mapping[Path, str]) -> None:
    """Raise AlteredError, which names it, where a file is missing or does not have the digest it was written with.

    The files are read on all processors.
    """
    with ThreadPoolExecutor(min(processors(), max(1, len(written)))) as pool:
        found = pool.map(_digest_of, written)
        for (path, made), now in zip(written.items(), found, strict=True):
            if now != made:
                raise AlteredError(
                    f"{path} does not hold what was written: a byte or more has changed; "
                    "rebuild with 'bioqa index build'"
                )


def lexical(folder: Path, manifest: Manifest) -> dict[Path, str]:
    """The digests of the files of the lexical index, by their paths."""
    beginning = f"lexical/{manifest.lexical}/"
    return {folder / name: made for name, made in manifest.digests.items() if name.startswith(beginning)}


def refuse_changed_lexical(folder: Path, manifest: Manifest) -> None:
    """`refuse_changed` of the lexical index as a whole."""
    try:
        refuse_changed(lexical(folder, manifest))
    except IndexFolderError as error:
        place = folder / "lexical" / manifest.lexical
        reason = str(error).removeprefix(f"{place}/").partition(";")[0]
        raise AlteredError(f"{place}: the lexical index cannot be opened ({reason}); build the index again") from None


def segments(folder: Path, manifest: Manifest, parts: Iterable[SegmentInfo]) -> dict[Path, str]:
    """The digests of the files of these segments, by their paths; empty where there is none, which fits nothing."""
    names = [f"segments/{part.name}/{file}" for part in parts for file in part.files]
    return {folder / name: manifest.digests.get(name, "") for name in names}


def _digest_of(path: Path) -> str:
    try:
        return digest(path)
    except FileNotFoundError:
        raise IndexFolderError(f"{path} is missing; the index is damaged, rebuild with 'bioqa index build'") from None
    except OSError as error:
        raise IndexFolderError(f"{path} cannot be read ({error.strerror or error})") from None
