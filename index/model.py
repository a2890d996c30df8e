"""Model folders: what a model is, and the check that its files are the ones its card names."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.index.errors import ModelError

CARD = "bioqa.json"
QUESTION = "question"  # in the folder of an encoder of passages: that of the encoder of questions that goes with it


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The machine's half of a model card (the person's half is README.md beside it); digests are SHA-256 in hex."""

    name: str
    task: str  # "encoder" or "reader"
    max_tokens: int
    digests: dict[str, str]
    dimensions: int = 0  # of an encoder's vectors
    precision: str = "int8"  # of the weights; the cards that do not say are of models in int8
    source: str = ""  # the folder or hub name it was exported from

    @property
    def digest(self) -> str:
        """What identifies the model: two folders with the same network have the same."""
        return self.digests["model.onnx"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder on disk whose card has been read."""

    folder: Path
    card: ModelCard

    def read(self, name: str) -> bytes:
        """The bytes of one of its files. Raises ModelError where the file is missing or not the one the card names."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror}; the model folder is incomplete, install it again") from None
        if hashlib.sha256(content).hexdigest() != self.card.digests.get(name):
            raise ModelError(
                f"{path}: damaged or replaced: its SHA-256 is not the one in {CARD}; install the model again"
            )
        return content

    def read_json(self, name: str) -> dict[str, Any]:
        """The object in one of its JSON files, checked in the same way."""
        return dict(json.loads(self.read(name)))


def open_model(folder: Path, task: str) -> Model:
    """The model in `folder`. Raises ModelError where there is none, or one for something else than `task`."""
    card = read_card(folder)
    if card.task != task:
        raise ModelError(f"{folder}: {card.name} is a model of type '{card.task}', expected '{task}'")
    return Model(folder, card)


def of_questions(folder: Path) -> Path | None:
    """The folder of the encoder that questions have to themselves, None where the one in `folder` is for both sides."""
    return folder / QUESTION if (folder / QUESTION / CARD).is_file() else None


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`, whatever it is for. Raises ModelError where there is none, or no card."""
    try:
        fields: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return ModelCard(
            name=fields["name"],
            task=fields["task"],
            max_tokens=int(fields["max_tokens"]),
            digests=dict(fields["digests"]),
            dimensions=int(fields.get("dimensions", 0)),
            precision=str(fields.get("precision", "int8")),
            source=str(fields.get("source", "")),
        )
    except OSError:
        raise ModelError(
            f"{folder}: no model there (no {CARD}); 'bioqa export' writes one, 'bioqa models' lists those with a name"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD}: not a model card ({error!r})") from None


def shipped(task: str) -> Path:
    """The folder of the model that ships with bioqa for `task` ("encoder" or "reader")."""
    import bioqa.data

    return Path(str(bioqa.data.__file__)).parent / "models" / task
