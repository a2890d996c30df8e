"""Model folders: the model card, and access to files verified against its digests."""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from bioqa.index.errors import ModelError
from bioqa.index.plain_files import open_plain, read_plain

CARD = "bioqa.json"
QUESTION = "question"  # subfolder of a passage encoder for the paired question encoder
NETWORK, TOKENIZER = "model.onnx", "tokenizer.json"
QUESTIONS = "questions.json"  # digests of the questions that a model learned from
TASKS = ("encoder", "reader")
FILES: Mapping[str, int] = {
    NETWORK: 1_500_000_000,  # BERT-large in fp32 has 1.34 GB
    TOKENIZER: 25_000_000,  # XLM-RoBERTa's, with 250,000 words, has some 18 MB
    "config.json": 1_000_000,
    "calibration.json": 1_000_000,
    QUESTIONS: 20_000_000,  # two million questions
}
"""All files that a card may list, with their size limits in bytes."""
LONGEST_INPUT = 1024  # tokens; BERT models have 512 positions, and memory grows with the square
_MOST_OF_CARD = 100_000  # bytes; a card has some 500
_MOST_DIMENSIONS = 16_384  # of a vector; BERT-large has 1,024
_LONGEST_TEXT = 300  # characters of a name: the limit of file systems, and "-question"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The machine-readable model card (README.md beside it is for people). Digests are SHA-256 in hexadecimal.

    Raises ModelError if a field has the wrong type or is out of range.
    """

    name: str
    task: str  # one of TASKS
    max_tokens: int
    digests: dict[str, str]
    dimensions: int = 0  # of an encoder's vectors
    precision: str = "int8"  # of the weights; cards without this field belong to int8 models
    source: str = ""  # the folder or hub name it was exported from

    def __post_init__(self) -> None:
        for field in ("name", "precision", "source"):
            _check_text(field, getattr(self, field), least=field != "source")
        if self.task not in TASKS:
            raise ModelError(f"task is {self.task!r:.100}, not one of {', '.join(TASKS)}")
        _check_number("max_tokens", self.max_tokens, 1, LONGEST_INPUT)
        _check_number("dimensions", self.dimensions, int(self.task == "encoder"), _MOST_DIMENSIONS)
        if not isinstance(self.digests, dict) or NETWORK not in self.digests:
            raise ModelError(f"digests has no {NETWORK}")
        for name, digest in self.digests.items():
            if name not in FILES:
                raise ModelError(f"digests names {name!r:.100}, which is no file of a model: {', '.join(FILES)}")
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise ModelError(f"the digest of {name} is {digest!r:.100}, not 64 hexadecimal digits")

    @property
    def digest(self) -> str:
        """The digest of the network, which identifies the model."""
        return self.digests[NETWORK]


def _check_text(field: str, value: object, *, least: int) -> None:
    if not isinstance(value, str) or not least <= len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise ModelError(f"{field} is {value!r:.100}, not a text of at most {_LONGEST_TEXT} visible characters")


def _check_number(field: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ModelError(f"{field} is {value!r:.100}, not a whole number from {least} to {most}")


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder on disk whose card has been read."""

    folder: Path
    card: ModelCard

    def read(self, name: str) -> bytes:
        """The content of a file of the model.

        Raises ModelError if the file is missing, not a regular file, too large, or different from the card's digest.
        """
        path = self.folder / name
        try:
            content = read_plain(path, FILES[name]) if name in self.card.digests else b""
        except OSError as error:
            raise self._incomplete(name, error) from None
        if hashlib.sha256(content).hexdigest() != self.card.digests.get(name):
            raise self._replaced(name)
        return content

    def size(self, name: str) -> int:
        """The size of a file of the model, verified in the same way without loading it into memory."""
        try:
            with open_plain(self.folder / name) as file:
                size = os.fstat(file.fileno()).st_size
                if size > FILES[name]:
                    raise OSError(errno.EFBIG, f"is larger than the {FILES[name]:,} bytes that such a file can have")
                digest = hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()
        except OSError as error:
            raise self._incomplete(name, error) from None
        if digest != self.card.digests.get(name):
            raise self._replaced(name)
        return size

    def read_json(self, name: str) -> dict[str, Any]:
        """The object in a JSON file of the model, verified in the same way."""
        content = self.read(name)
        try:
            return _object(content)
        except ValueError as error:
            kind = name.removesuffix(".json")
            raise ModelError(f"{self.folder / name}: not a {kind} ({error}); install the model again") from None

    def _incomplete(self, name: str, error: OSError) -> ModelError:
        return ModelError(
            f"{self.folder / name}: {error.strerror or error}; the model folder is incomplete, install it again"
        )

    def _replaced(self, name: str) -> ModelError:
        return ModelError(
            f"{self.folder / name}: damaged or replaced: its SHA-256 is not the one in {CARD}; install the model again"
        )


def open_model(folder: Path, task: str) -> Model:
    """The model in `folder`. Raises ModelError if there is none, or it is not for `task`."""
    card = read_card(folder)
    if card.task != task:
        raise ModelError(f"{folder}: {card.name} is a model of type '{card.task}', expected '{task}'")
    return Model(folder, card)


def open_sides(folder: Path, task: str) -> list[Model]:
    """The model in `folder`, followed by the question encoder of a pair. Raises the same errors as `open_model`."""
    opened = open_model(folder, task)
    own = of_questions(folder) if task == "encoder" else None
    if own is None:
        return [opened]
    if of_questions(own):
        raise ModelError(f"{own / QUESTION}: an encoder of questions has none beside it; export the pair again")
    return [opened, open_model(own, task)]


def of_questions(folder: Path) -> Path | None:
    """The folder of the separate question encoder, None if the encoder in `folder` serves both sides.

    Raises ModelError if that folder is a symbolic link or cannot be read.
    """
    own = folder / QUESTION
    if own.is_symlink():
        raise ModelError(f"{own}: is a symbolic link, which is not followed; copy the folder that it leads to there")
    try:
        os.lstat(own / CARD)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{own}: {error.strerror}; install the model again") from None
    return own


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`, for any task. Raises ModelError if it is missing or invalid."""
    path = folder / CARD
    try:
        fields = _object(read_plain(path, _MOST_OF_CARD))
        known = {name: fields[name] for name in ModelCard.__dataclass_fields__ if name in fields}
        return ModelCard(**known)
    except (FileNotFoundError, NotADirectoryError):
        raise ModelError(
            f"{folder}: no model there (no {CARD}); 'bioqa export' writes one, 'bioqa models' lists those with a name"
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}; install the model again") from None
    except (ValueError, TypeError, RecursionError, ModelError) as error:
        raise ModelError(f"{path}: not a model card ({error})") from None


def serialize_card(card: ModelCard) -> bytes:
    """The content of the card's file."""
    return (json.dumps(asdict(card), indent=1) + "\n").encode()


def _object(content: bytes) -> dict[str, Any]:
    """The JSON object in a file of a model. Raises ValueError if it is not an object or repeats a key."""
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_reject_duplicate_keys, parse_constant=_reject_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _reject_duplicate_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is there twice")
    return fields


def _reject_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def shipped(task: str) -> Path:
    """The folder of the bundled model for `task` ("encoder" or "reader")."""
    import bioqa.data

    return Path(str(bioqa.data.__file__)).parent / "models" / task
