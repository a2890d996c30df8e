"""The training record, training.json: configuration and figures of a trained model."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from bioqa.eval.datasets.files import read_json
from bioqa.eval.runs import learned as questions
from bioqa.eval.runs.learned import Digests
from bioqa.index import atomic
from bioqa.index.errors import InputError, StorageError
from bioqa.index.models.model import QUESTIONS
from bioqa.train.tasks.reader_recipe import ReaderConfig
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

RECORD = "training.json"
Config = ReaderConfig | RetrieverConfig


def refuse_finished(folder: Path, kind: str) -> None:
    """Raises InputError if the folder holds a finished training; `kind` names the model in the message."""
    if _read(folder).get("finished"):
        raise InputError(f"{folder}: holds a finished {kind}; choose another folder")


def finished_figures(folder: Path, config: Config) -> dict[str, float] | None:
    """The figures of a finished training with exactly this configuration, None if there is none."""
    record = _read(folder)
    return dict(record["figures"]) if record.get("finished") and record.get("config") == config_json(config) else None


def config_json(config: Config) -> dict[str, Any]:
    """A configuration as a record's JSON represents it."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return content


def write_record(
    folder: Path, config: Config, figures: Mapping[str, float], learned: Digests = frozenset(), *, finished: bool
) -> None:
    """Write the record of a training, and beside it the digests of the questions that were learned from.

    Raises StorageError where the disk refuses.
    """
    if learned:
        atomic.write(folder / QUESTIONS, questions.serialize(learned))
    content = {"config": asdict(config), "figures": dict(figures), "questions": len(learned), "finished": finished}
    atomic.write_text(folder / RECORD, json.dumps(content, indent=1) + "\n")


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Context that turns disk errors while a model is written into a StorageError with its folder."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder}: the model was not saved ({error})") from None


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    content = read_json(path, "the record of a training") if path.exists() else {}
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected the record of a training, a JSON object; choose another folder")
    return content
