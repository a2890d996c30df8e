"""training.json: what a trained model was trained on and how, and what it came to."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from bioqa.eval.unpacked import read_json
from bioqa.index import atomic
from bioqa.index.errors import InputError, StorageError
from bioqa.train.reader_recipe import ReaderConfig
from bioqa.train.retriever_recipe import RetrieverConfig

RECORD = "training.json"
Config = ReaderConfig | RetrieverConfig


def refuse_finished(folder: Path, kind: str) -> None:
    """Raises InputError where a model of this kind was trained to the end."""
    if _read(folder).get("finished"):
        raise InputError(f"{folder}: a {kind} was trained there already; choose another folder")


def finished_figures(folder: Path, config: Config) -> dict[str, float] | None:
    """The figures of a training that came to its end there by this very recipe, None where none did."""
    known = _read(folder)
    return dict(known["figures"]) if known.get("finished") and known.get("config") == config_json(config) else None


def config_json(config: Config) -> dict[str, Any]:
    """A configuration as it is read back from a record."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return found


def write_record(folder: Path, config: Config, figures: Mapping[str, float], *, finished: bool) -> None:
    """Write the record of a training, which is finished or goes on. Raises StorageError where the disk refuses."""
    content = {"config": asdict(config), "figures": dict(figures), "finished": finished}
    atomic.write_text(folder / RECORD, json.dumps(content, indent=1) + "\n")


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Turns what the disk says while a model is written into a StorageError that names its folder."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder}: the model was not saved ({error})") from None


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    found = read_json(path, "the record of a training") if path.exists() else {}
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected the record of a training")
    return found
