"""The manifest of an index folder: the only source of truth about its contents."""

import json
import os
import re
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from bioqa.index import atomic
from bioqa.index.errors import AlteredError, IndexFolderError
from bioqa.index.plain_files import is_plain_name, read_plain

FORMAT = 3  # 3: terms of the analyzer biomedical-2
MANIFEST = "manifest.json"
_DIGEST = re.compile(rb'\{\s*"digest": "([0-9a-f]*)"')
_MOST_BYTES = 1 << 25  # of a manifest; that of all PubMed has some 5 MB
_MOST = 1 << 53  # limit of any number in it; JSON readers in other languages are exact up to here
_MOST_DIMENSIONS = 1 << 16
_MOST_LISTS = 1 << 24
_MOST_REFINE = 1 << 10
_COMMIT = "[0-9]{6,12}"  # commit number, part of the names of segments and other files
_NUMBER = re.compile(_COMMIT)
_REMOVED = re.compile(rf"removed-{_COMMIT}\.npy")
_STRUCTURE = re.compile(rf"vectors-{_COMMIT}\.faiss")


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """The encoder that produced the vectors. `folder` is its location, empty for the bundled encoder.

    `questions` is the digest of a separate question encoder, empty if one encoder serves both.
    """

    name: str
    digest: str
    dimensions: int
    folder: str = ""
    questions: str = ""

    @property
    def digests(self) -> tuple[str, str]:
        """The digests of both networks. Vectors are comparable only if these are equal."""
        return self.digest, self.questions


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A segment: its numbers of documents and passages, and the size in bytes of each file."""

    name: str
    documents: int
    passages: int
    files: dict[str, int]


@dataclass(frozen=True, slots=True)
class InvertedListsInfo:
    """Inverted lists over the vectors of the first `passages` passages, without `removed` passages.

    `codes` names the quantizer. A search reads `probes` lists and rescores `refine` candidates per requested passage.
    The lists can be rebuilt from the segments.
    """

    file: str
    bytes: int
    codes: str
    lists: int
    probes: int
    refine: int
    passages: int
    removed: int


@dataclass(frozen=True, slots=True)
class Source:
    """An input file and the number of its records that have been committed."""

    path: str
    bytes: int
    modified: int  # nanoseconds since 1970
    records: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of the index folder as of one commit."""

    analyzer: str
    passage_words: int
    encoder: EncoderIdentity | None
    commit: int = 0
    committed: str = ""  # when, in UTC
    documents: int = 0
    passages: int = 0
    tokens: int = 0  # terms in all passages, removed passages excluded
    segments: tuple[SegmentInfo, ...] = ()
    sources: tuple[Source, ...] = ()
    lexical: str = ""
    removed: str = ""
    digests: dict[str, str] = field(default_factory=dict)  # SHA-256 of every file, by its path in the folder
    max_ram: int | None = None  # memory limit in bytes for building and searching; None for no limit
    structure: InvertedListsInfo | None = None
    withdrawn: dict[str, int] = field(default_factory=dict)  # id: number of the last PubMed file that deleted it
    several_sources: int = 0  # documents of records from more than one kind of source
    format: int = field(default=FORMAT)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in `folder`.

    Raises IndexFolderError if it is missing or damaged, names files elsewhere, or has another format version, and
    AlteredError if its content differs from what was committed.
    """
    path = folder / MANIFEST
    try:
        content = read_plain(path, _MOST_BYTES)
        found, manifest, is_altered = _parsed(content)
    except FileNotFoundError:
        raise IndexFolderError(
            f"{folder}: no index there (no {MANIFEST}); 'bioqa index build INPUT --to {folder}' makes one"
        ) from None
    except OSError as error:
        raise IndexFolderError(f"{path}: {error.strerror or error}; rebuild with 'bioqa index build'") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexFolderError(f"{path}: damaged ({_short(error)}); rebuild with 'bioqa index build'") from None
    if manifest is None:
        raise IndexFolderError(
            f"{folder}: index format {_short(found)}, this bioqa reads {FORMAT}; rebuild with 'bioqa index build'"
        )
    if is_altered:
        raise AlteredError(
            f"{path}: damaged (it is not what the last commit wrote); "
            "restore it from a copy, or rebuild with 'bioqa index build'"
        )
    return manifest


@lru_cache(maxsize=1)  # read before and after an index is opened, and usually unchanged
def _parsed(content: bytes) -> tuple[object, Manifest | None, bool]:
    """The format version, the manifest (None for another version), and whether its content has changed.

    Raises ValueError, KeyError, TypeError, AttributeError or RecursionError if it is damaged.
    """
    fields: dict[str, Any] = json.loads(content)
    found = fields["format"]
    if found != FORMAT:
        return found, None, False
    signed = fields.pop("digest") != ""  # empty in a manifest written by hand, which is accepted
    encoder, structure = fields.pop("encoder"), fields.pop("structure", None)
    manifest = Manifest(
        encoder=EncoderIdentity(**encoder) if encoder else None,
        structure=InvertedListsInfo(**structure) if structure else None,
        segments=tuple(SegmentInfo(**segment) for segment in fields.pop("segments")),
        sources=tuple(Source(**source) for source in fields.pop("sources")),
        **fields,
    )
    _check(manifest)
    return found, manifest, signed and not _is_signed(content)


def _short(found: object) -> str:
    """A value from the file, shortened to fit a one-line message."""
    return " ".join(str(found)[:200].split())


def _check(manifest: Manifest) -> None:
    """Raise TypeError or ValueError if a value has the wrong type, is out of range, or names a file elsewhere."""
    numbers = [manifest.commit, manifest.documents, manifest.passages, manifest.tokens, manifest.passage_words]
    numbers.append(manifest.several_sources)
    texts = [manifest.analyzer, manifest.lexical, manifest.removed, manifest.committed]
    texts += [text for entry in dict(manifest.digests).items() for text in entry]
    numbers += dict(manifest.withdrawn).values()
    for segment in manifest.segments:
        numbers += [segment.documents, segment.passages, *dict(segment.files).values()]
        texts += [segment.name, *segment.files]
    for source in manifest.sources:
        numbers += [source.bytes, source.records, abs(source.modified) // 1_000_000_000]
        texts.append(source.path)
        if not isinstance(source.finished, bool):
            raise TypeError("a source is neither finished nor unfinished")
    if manifest.encoder:
        made_by = manifest.encoder
        numbers.append(made_by.dimensions)
        texts += [made_by.name, made_by.digest, made_by.folder, made_by.questions]
    if manifest.structure:
        made = manifest.structure
        numbers += [made.bytes, made.lists, made.probes, made.refine, made.passages, made.removed]
        texts += [made.file, made.codes]
    if manifest.max_ram is not None:
        numbers.append(manifest.max_ram)
    if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
        raise TypeError("a number or a name is of another type")
    if not all(0 <= number < _MOST for number in numbers):
        raise ValueError("a number is out of range")
    _check_ranges(manifest)
    _check_names(manifest)


def _check_ranges(manifest: Manifest) -> None:
    encoder, made = manifest.encoder, manifest.structure
    if encoder and not 0 < encoder.dimensions <= _MOST_DIMENSIONS:
        raise ValueError(f"vectors of {encoder.dimensions:,} dimensions")
    shown = [manifest.analyzer, manifest.committed, *([encoder.name, encoder.digest] if encoder else [])]
    if not all(text.isprintable() for text in shown):
        raise ValueError("a name that cannot be shown")
    if encoder and b"\0" in os.fsencode(encoder.folder):
        raise ValueError("the encoder lies in no folder")
    if made and not (0 < made.lists <= _MOST_LISTS and made.probes > 0 and 0 < made.refine <= _MOST_REFINE):
        raise ValueError("inverted lists of which nothing can be read")
    if made and not encoder:
        raise ValueError("inverted lists over no vectors")
    if made and made.removed > made.passages:
        raise ValueError("inverted lists of fewer passages than were removed from them")


def _check_names(manifest: Manifest) -> None:
    """Raise ValueError unless all files are in the folder under names that bioqa uses; no other is read or deleted."""
    numbered = [*(segment.name for segment in manifest.segments), *filter(None, [manifest.lexical])]
    single = [(_REMOVED, manifest.removed)] if manifest.removed else []
    single += [(_STRUCTURE, manifest.structure.file)] if manifest.structure else []
    strange = [name for name in numbered if not _NUMBER.fullmatch(name)]
    strange += [name for pattern, name in single if not pattern.fullmatch(name)]
    strange += [name for segment in manifest.segments for name in segment.files if not is_plain_name(name)]
    strange += [path for path in manifest.digests if not _is_inside(path)]
    if strange:
        raise ValueError(f"it names {strange[0]!r}, which is no file of an index")


def _is_inside(path: str) -> bool:
    match path.split("/"):
        case [name]:
            return bool(_REMOVED.fullmatch(name) or _STRUCTURE.fullmatch(name))
        case ["segments" | "lexical", number, name]:
            return bool(_NUMBER.fullmatch(number)) and is_plain_name(name)
    return False


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest atomically, which completes the commit."""
    content = {"digest": "", **asdict(manifest)}
    atomic.write_inside(folder / MANIFEST, _sign(json.dumps(content, indent=1).encode()))


def is_as_written(folder: Path) -> bool:
    """Whether the manifest is unchanged since its commit: it begins with the digest of the rest."""
    return _is_signed(read_plain(folder / MANIFEST, _MOST_BYTES))


def _is_signed(found: bytes) -> bool:
    digest = _DIGEST.match(found)
    return digest is not None and _sign(found[: digest.start(1)] + found[digest.end(1) :]) == found


def _sign(unsigned: bytes) -> bytes:
    return unsigned.replace(b'""', f'"{sha256(unsigned).hexdigest()}"'.encode(), 1)
