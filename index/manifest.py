"""The manifest of an index folder: the only source of truth about what it holds."""

import json
import re
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from bioqa.index import atomic
from bioqa.index.errors import IndexFolderError

FORMAT = 3  # 3: terms of the analyzer biomedical-2
MANIFEST = "manifest.json"
_DIGEST = re.compile(rb'\{\s*"digest": "([0-9a-f]*)"')


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Which model made the vectors; `folder` is where it lay, empty for the one that ships with bioqa.

    `questions` is the digest of the encoder that questions have to themselves, empty where there is one for both.
    """

    name: str
    digest: str
    dimensions: int
    folder: str = ""
    questions: str = ""

    @property
    def digests(self) -> tuple[str, str]:
        """What decides which vectors can be compared: the digests of both networks."""
        return self.digest, self.questions


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """One segment: how much it holds and the size in bytes of each of its files."""

    name: str
    documents: int
    passages: int
    files: dict[str, int]


@dataclass(frozen=True, slots=True)
class StructureInfo:
    """Inverted lists over the vectors of the first `passages` passages, `removed` of which are not in them.

    They are of one kind of `codes`; a search reads `probes` of them and scores `refine` candidates for each passage
    asked for. They can be made again from the segments.
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
    """An input file and how many of its records have been committed."""

    path: str
    bytes: int
    modified: int  # nanoseconds since 1970
    records: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the folder holds as of one commit."""

    analyzer: str
    passage_words: int
    encoder: EncoderIdentity | None
    commit: int = 0
    committed: str = ""  # when, in UTC
    documents: int = 0
    passages: int = 0
    tokens: int = 0  # terms in all passages together, what was removed not counted
    segments: tuple[SegmentInfo, ...] = ()
    sources: tuple[Source, ...] = ()
    lexical: str = ""
    removed: str = ""
    digests: dict[str, str] = field(default_factory=dict)  # SHA-256 of every file, by its path in the folder
    max_ram: int | None = None  # bytes that building and searching may take; None where nobody said
    structure: StructureInfo | None = None
    withdrawn: dict[str, int] = field(default_factory=dict)  # ids that PubMed's files deleted: number of the last to
    format: int = field(default=FORMAT)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in `folder`.

    Raises IndexFolderError where there is none, it is damaged, or it is of a format that this bioqa does not read.
    """
    path = folder / MANIFEST
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = fields["format"]
        if found != FORMAT:
            raise IndexFolderError(
                f"{folder}: index format {found}, this bioqa reads {FORMAT}; rebuild with 'bioqa index build'"
            )
        del fields["digest"]
        encoder, structure = fields.pop("encoder"), fields.pop("structure", None)
        manifest = Manifest(
            encoder=EncoderIdentity(**encoder) if encoder else None,
            structure=StructureInfo(**structure) if structure else None,
            segments=tuple(SegmentInfo(**segment) for segment in fields.pop("segments")),
            sources=tuple(Source(**source) for source in fields.pop("sources")),
            **fields,
        )
        _check_types(manifest)
        return manifest
    except FileNotFoundError:
        raise IndexFolderError(
            f"{folder}: no index there (no {MANIFEST}); 'bioqa index build INPUT --to {folder}' makes one"
        ) from None
    except OSError as error:
        raise IndexFolderError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexFolderError(f"{path}: damaged ({error}); rebuild with 'bioqa index build'") from None


def _check_types(manifest: Manifest) -> None:
    numbers = [manifest.commit, manifest.documents, manifest.passages, manifest.tokens, manifest.passage_words]
    texts = [manifest.analyzer, manifest.lexical, manifest.removed, manifest.committed]
    texts += [text for entry in dict(manifest.digests).items() for text in entry]
    numbers += dict(manifest.withdrawn).values()
    for segment in manifest.segments:
        numbers += [segment.documents, segment.passages, *dict(segment.files).values()]
        texts += [segment.name, *segment.files]
    if manifest.structure:
        made = manifest.structure
        numbers += [made.bytes, made.lists, made.probes, made.refine, made.passages, made.removed]
        texts += [made.file, made.codes]
    if manifest.max_ram is not None:
        numbers.append(manifest.max_ram)
    if not all(isinstance(number, int) for number in numbers) or not all(isinstance(text, str) for text in texts):
        raise TypeError("a number or a name is of another type")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The commit: after this rename the new state is there, before it the old one is."""
    content = {"digest": "", **asdict(manifest)}
    atomic.write(folder / MANIFEST, _signed(json.dumps(content, indent=1).encode()))


def is_as_written(folder: Path) -> bool:
    """Whether not one byte of the manifest has changed since its commit: it begins with the digest of all the rest."""
    found = (folder / MANIFEST).read_bytes()
    digest = _DIGEST.match(found)
    return digest is not None and _signed(found[: digest.start(1)] + found[digest.end(1) :]) == found


def _signed(unsigned: bytes) -> bytes:
    return unsigned.replace(b'""', f'"{sha256(unsigned).hexdigest()}"'.encode(), 1)
