"""training.json: what a trained model was trained on and how, and what it came to."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bioqa.eval.gold import read_json
from bioqa.index.errors import InputError
from bioqa.train.recipe import ReaderConfig, RetrieverConfig

RECORD = "training.json"


def refuse_finished(folder: Path, kind: str) -> None:
    """Raises InputError where a model of this kind was trained to the end."""
    if (folder / RECORD).exists() and read_json(folder / RECORD, "the record of a training").get("finished"):
        raise InputError(f"{folder}: a {kind} was trained there already; choose another folder")


def write(
    folder: Path, config: ReaderConfig | RetrieverConfig, figures: Mapping[str, float], *, finished: bool
) -> None:
    """Write the record of a training, which is finished or goes on."""
    content = {"config": asdict(config), "figures": dict(figures), "finished": finished}
    (folder / RECORD).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
