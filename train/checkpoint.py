"""Training checkpoints: model, optimizer, gradient scaler and progress in one safetensors file."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from bioqa.index.errors import InputError, StorageError

CHECKPOINT = "checkpoint.safetensors"


@dataclass(slots=True)
class TrainingState:
    """The progress of a training; with the tensors of the checkpoint, all that resuming needs."""

    step: int = 0
    best: float = -math.inf  # value of the selection measure
    figures: dict[str, float] = field(default_factory=dict)  # of the best weights
    waited: int = 0  # evaluations since the best one
    finished: bool = False


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: Any,
    fingerprint: str,
    state: TrainingState,
) -> None:
    """Write a checkpoint in place of the previous one. `fingerprint` identifies recipe and data.

    Raises StorageError where the disk refuses; the previous checkpoint then stays.
    """
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{name}": tensor for name, tensor in moments.items()}
    temporary = path.with_suffix(".new")
    metadata = {"made_by": fingerprint, "state": json.dumps(asdict(state)), "scaler": json.dumps(scaler.state_dict())}
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        kept = "; the one before it is kept" if path.exists() else ""
        raise StorageError(f"{path}: the checkpoint was not saved ({error}){kept}") from None


def resume(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, scaler: Any, fingerprint: str
) -> TrainingState:
    """Load a checkpoint into model, optimizer and scaler; returns its state, or a new one if there is no checkpoint.

    Raises InputError for a checkpoint with another fingerprint, of another model, or damaged.
    """
    if not path.exists():
        return TrainingState()
    cure = f"delete {path.name} to start again, or train into another folder"
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata()
            if metadata["made_by"] != fingerprint:
                raise InputError(f"{path}: this checkpoint belongs to another recipe or other files; {cure}")
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        model.load_state_dict(_with_prefix("model/", tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _with_prefix("optimizer/", tensors).items():
            number, _, kind = name.partition("/")
            moments.setdefault(int(number), {})[kind] = tensor
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        scale = json.loads(metadata.get("scaler", "{}"))
        if scale:
            scaler.load_state_dict(scale)
        return TrainingState(**json.loads(metadata["state"]))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{path}: this checkpoint is damaged or of another model ({error}); {cure}") from None


def _with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
