"""Writing model folders that bioqa runs: one ONNX network, its weights in one form or several."""

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioqa.eval.runs.learned import learned_by, serialize
from bioqa.index import atomic
from bioqa.index.errors import ModelError, StorageError
from bioqa.index.models import registry
from bioqa.index.models.model import (
    CARD,
    NETWORK,
    QUESTION,
    QUESTIONS,
    TASKS,
    TOKENIZER,
    ModelCard,
    of_questions,
    open_model,
    serialize_card,
)
from bioqa.train import extras
from bioqa.train.task_table import task_of_export

if TYPE_CHECKING:
    from bioqa.train.networks.inference import TraceableNetwork

_INPUTS = ("input_ids", "token_type_ids")


def export(source: str, targets: Mapping[str, Path], task: str, *, name: str, max_tokens: int) -> "TraceableNetwork":
    """Export the model `source` (a folder or hub name, any of BERT's family) for `task`, into a folder for each
    precision in `targets`; returns the original in PyTorch.

    Of a pair of encoders, as training leaves them in two folders, the one of passages is returned, and the one of
    questions is put beside it in each folder.

    Raises ModelError for a task or precision that is not known and for a source that is no such model, StorageError
    where the disk refuses, BioqaError where the extra `train` is not installed or a hub not reachable.
    """
    if task not in TASKS:
        raise ModelError(f"unknown task {task!r}: choose one of {', '.join(TASKS)}")
    extras.require()
    import onnx

    from bioqa.train.export.quantization import PRECISIONS
    from bioqa.train.pretrained.source import CONFIG, backend_tokenizer, check_room, configuration, resolve

    for precision in targets:
        if precision not in PRECISIONS:
            raise ModelError(f"unknown precision {precision!r}: choose one of {', '.join(PRECISIONS)}")
    called = (
        Path(os.path.realpath(source)).name if Path(source).is_dir() else source
    )  # a card that travels names no folders
    known = learned_by(registry.find_model(source))
    sides = Path(source) / QUESTION, Path(source) / "passage"
    is_pair = task == "encoder" and all(side.is_dir() for side in sides)
    if is_pair:
        questions = {precision: folder / QUESTION for precision, folder in targets.items()}
        export(str(sides[0]), questions, task, name=f"{name}-{QUESTION}", max_tokens=max_tokens)
        source = str(sides[1])
    card = ModelCard(name, task, max_tokens, {NETWORK: digest(b"")}, dimensions=1, source=called)  # refused before work
    model = resolve(source)
    check_room(model, max_tokens)
    beside = {
        TOKENIZER: backend_tokenizer(model).to_str(pretty=True).encode(),
        CONFIG: (json.dumps(configuration(model), indent=1) + "\n").encode(),  # to train what is in use further
    } | ({QUESTIONS: serialize(known)} if known else {})
    original: TraceableNetwork = task_of_export(task).load("network")(model)
    exact = _in_onnx(original)
    try:
        for precision, folder in targets.items():
            network = PRECISIONS[precision](onnx.load_from_string(exact)).SerializeToString()
            folder.mkdir(parents=True, exist_ok=True)
            if not is_pair:
                _discard_questions(folder)
            files = {NETWORK: network, **beside}
            for file, content in files.items():
                _write(folder, file, content)
            digests = {file: digest(content) for file, content in files.items()}
            filled = replace(card, digests=digests, dimensions=original.dimensions, precision=precision)
            write_card(folder, filled)
    except ModelError as error:
        raise ModelError(f"{source}: cannot be exported: {error}") from None
    except OSError as error:
        raise StorageError(
            f"{error.filename or folder}: {error.strerror or error}; the model is not complete"
        ) from None
    return original


def _discard_questions(folder: Path) -> None:
    """Delete the encoder of questions that an earlier export of a pair left there: nothing but its folder tells that
    the model is one."""
    left = of_questions(folder)
    if left:
        shutil.rmtree(left)


def digest(content: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(content).hexdigest()


def write_card(folder: Path, card: ModelCard) -> None:
    """Write the machine's half of the model card."""
    _write(folder, CARD, serialize_card(card))


def _write(folder: Path, name: str, content: bytes) -> None:
    """A file of a model, which can be one that was received: what a link in it leads to is not written to."""
    if (folder / name).is_symlink():
        raise ModelError(f"{folder / name}: is a symbolic link, which is not written through; remove it")
    atomic.write(folder / name, content)


def add_file(folder: Path, task: str, name: str, content: bytes) -> None:
    """Write a further file, such as a fitted calibration, into a model folder and enter its digest in the card.

    Raises ModelError where there is no model for that task or a model has no such file, StorageError where the disk
    refuses.
    """
    card = open_model(folder, task).card
    entered = replace(card, digests={**card.digests, name: digest(content)})
    _write(folder, name, content)
    write_card(folder, entered)


def _in_onnx(network: "TraceableNetwork") -> bytes:
    import torch

    written = BytesIO()
    example: Any = torch.ones((2, 16), dtype=torch.int64)
    with warnings.catch_warnings():  # of what tracing may miss: the parity check finds it
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.module,
            (example, torch.zeros_like(example)),
            written,
            input_names=list(_INPUTS),
            output_names=list(network.outputs),
            dynamic_axes={key: {0: "batch", 1: "tokens"} for key in _INPUTS} | network.axes,
            opset_version=17,
            dynamo=False,
        )
    return written.getvalue()
