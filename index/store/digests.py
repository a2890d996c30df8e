"""SHA-256 digests of all files of a commit, which reveal any later change."""

import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bioqa.index.cpus import processors
from bioqa.index.errors import AlteredError, IndexFolderError
from bioqa.index.plain_files import open_plain
from bioqa.index.store.manifest import Manifest, SegmentInfo


def commit_digests(folder: Path, before: Manifest, after: Manifest) -> dict[str, str]:
    """The digests of the files of the commit `after`, by path in the folder.

    Digests of the commit `before` are reused, because no file changes under its name except the two JSON files of
    tantivy.
    """
    known = before.digests | {
        name.replace(f"lexical/{before.lexical}/", f"lexical/{after.lexical}/"): made
        for name, made in before.digests.items()
        if not name.endswith(".json")
    }
    names = [file.relative_to(folder).as_posix() for file in commit_files(folder, after)]
    return {name: known.get(name) or sha256_of(folder / name) for name in names}


def commit_files(folder: Path, manifest: Manifest) -> list[Path]:
    """The files of a commit, without the manifest and tantivy's lock files."""
    parts = [folder / "segments" / segment.name for segment in manifest.segments]
    parts.append(folder / "lexical" / manifest.lexical)
    found = [file for part in parts for file in part.rglob("*") if file.is_file() and file.suffix != ".lock"]
    single = [manifest.removed, manifest.structure.file if manifest.structure else ""]
    return sorted([*found, *(folder / name for name in single if name)])


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open_plain(file) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it has readinto


def refuse_changed(written: Mapping[Path, str]) -> None:
    """Raise AlteredError, which names the file, if one is missing or does not match its digest.

    The files are read in parallel on all processors.
    """
    with ThreadPoolExecutor(min(processors(), max(1, len(written)))) as pool:
        found = pool.map(_digest_of, written)
        for (path, made), now in zip(written.items(), found, strict=True):
            if now != made:
                raise AlteredError(f"{path} has changed since it was written; rebuild with 'bioqa index build'")


def lexical_digests(folder: Path, manifest: Manifest) -> dict[Path, str]:
    """The digests of the files of the lexical index, by path."""
    beginning = f"lexical/{manifest.lexical}/"
    return {folder / name: made for name, made in manifest.digests.items() if name.startswith(beginning)}


def refuse_changed_lexical(folder: Path, manifest: Manifest) -> None:
    """Raise AlteredError if a file of the lexical index is missing or has changed."""
    try:
        refuse_changed(lexical_digests(folder, manifest))
    except IndexFolderError as error:
        place = folder / "lexical" / manifest.lexical
        reason = str(error).removeprefix(f"{place}/").partition(";")[0]
        raise AlteredError(f"{place}: the lexical index cannot be opened ({reason}); build the index again") from None


def segment_digests(folder: Path, manifest: Manifest, parts: Iterable[SegmentInfo]) -> dict[Path, str]:
    """The digests of the files of these segments, by path; an empty digest, which never matches, if there is none."""
    names = [f"segments/{part.name}/{file}" for part in parts for file in part.files]
    return {folder / name: manifest.digests.get(name, "") for name in names}


def _digest_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except FileNotFoundError:
        raise IndexFolderError(f"{path} is missing; the index is damaged, rebuild with 'bioqa index build'") from None
    except OSError as error:
        raise IndexFolderError(f"{path} cannot be read ({error.strerror or error})") from None
