"""The training tasks by name: recipe, training, network, and what the trained model is exported as."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """A task. Its parts are named as "module:attribute" and imported when used, so that the table needs no torch.

    `recipe` is the dataclass of its recipe, `train` trains it into a folder, and `network` loads what was trained, or
    a model with its architecture, in a form that export can trace. `exported` is the task on the card of the exported
    model.
    """

    recipe: str
    train: str
    network: str
    exported: str

    def load(self, part: str) -> Any:
        """The object behind one of its parts."""
        module, _, attribute = getattr(self, part).partition(":")
        return getattr(importlib.import_module(module), attribute)


TASKS: Mapping[str, TrainingTask] = {
    "reader": TrainingTask(
        recipe="bioqa.train.tasks.reader_recipe:ReaderConfig",
        train="bioqa.train.tasks.reader:train",
        network="bioqa.train.networks.inference:load_reader",
        exported="reader",
    ),
    "retriever": TrainingTask(
        recipe="bioqa.train.tasks.retriever_recipe:RetrieverConfig",
        train="bioqa.train.tasks.retriever:train",
        network="bioqa.train.networks.inference:load_encoder",
        exported="encoder",
    ),
}


def task_of_export(exported: str) -> TrainingTask:
    """The task whose models are exported as `exported`."""
    return next(task for task in TASKS.values() if task.exported == exported)
