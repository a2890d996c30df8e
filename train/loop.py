"""The one training loop: mixed precision, gradient accumulation, clipping, warm-up, early stopping, resuming."""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from bioqa.index.errors import BioqaError, InputError, StorageError
from bioqa.index.progress import Progress
from bioqa.train.allocation import keep_freed_memory
from bioqa.train.schedule import Schedule

CHECKPOINT = "checkpoint.safetensors"
_EVERY = 300.0  # seconds between checkpoints: what a kill may cost
_MIXED = {"auto": torch.bfloat16, "bf16": torch.bfloat16, "fp16": torch.float16}


class TrainingError(BioqaError):
    """Training cannot go on, such as where the loss is no number any more."""


class Task(Protocol):
    """What is trained: a new objective is a file with these four members."""

    model: nn.Module

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], Any]]:
        """The batches of an epoch, each made when it is called; equal arguments give equal batches."""
        ...

    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch: a scalar that can be differentiated."""
        ...

    def evaluate(self) -> Mapping[str, float]:
        """Figures on held-out data, of which the first decides which weights are kept: more is better."""
        ...


@dataclass(slots=True)
class _State:
    """Where training stands; with the tensors beside it, all that goes on from a checkpoint."""

    step: int = 0
    best: float = -math.inf
    figures: dict[str, float] = field(default_factory=dict)  # those of the best weights
    waited: int = 0  # evaluations since
    finished: bool = False


def train(
    task: Task,
    schedule: Schedule,
    folder: Path,
    keep: Callable[[Mapping[str, float]], None],
    progress: Progress,
    talk: Callable[[str], None] = lambda _: None,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Train a task; returns the figures of the best weights, which `keep` has saved.

    The checkpoint in `folder` is gone on from, and training that was killed ends with the same weights as one that was
    not: every step draws its random numbers from the seed and its own number. Logs for TensorBoard are in
    `folder/logs`.

    `keep` is given the figures whenever there are better ones; a checkpoint of another `recipe` is not gone on from.

    Raises TrainingError where the loss is not finite any more, InputError for a checkpoint that doesn't fit,
    StorageError where the disk refuses.
    """
    keep_freed_memory()
    model = task.model
    optimizer = torch.optim.AdamW(_groups(model, schedule.weight_decay), lr=schedule.learning_rate, fused=True)
    batches = len(task.batches(0, schedule.batch, schedule.seed))
    made_by = json.dumps({"schedule": asdict(schedule), "recipe": recipe, "batches": batches})
    scaler = torch.amp.GradScaler(next(model.parameters()).device.type, enabled=schedule.precision == "fp16")
    state = _resumed(folder / CHECKPOINT, model, optimizer, scaler, made_by)
    epoch_steps = math.ceil(batches / schedule.accumulate)
    steps = epoch_steps * schedule.epochs
    marks = {math.ceil(epoch_steps * (i + 1) / schedule.evaluations) for i in range(schedule.evaluations)}
    saved = time.monotonic()
    with SummaryWriter(folder / "logs", purge_step=state.step + 1) as logs, _interruption() as interrupted:
        for epoch, place, chosen in _steps(task, schedule, state.step, epoch_steps):
            if state.finished:
                break
            optimizer.param_groups[0]["lr"] = optimizer.param_groups[1]["lr"] = schedule.learning_rate * _share(
                state.step / steps, schedule.warm_up
            )
            torch.manual_seed(schedule.seed * 1_000_003 + state.step)
            loss = _step(task, chosen, optimizer, scaler, schedule, f"step {place + 1} of epoch {epoch + 1}")
            state.step += 1
            logs.add_scalar("loss", loss, state.step)
            progress.update(state.step / steps, state.step)
            evaluated = place + 1 in marks
            if evaluated:
                _evaluate(task, schedule, state, keep, logs, talk)
            if evaluated or interrupted() or time.monotonic() - saved > _EVERY:
                _save(folder / CHECKPOINT, model, optimizer, scaler, made_by, state)
                saved = time.monotonic()
            if interrupted():
                raise KeyboardInterrupt
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return state.figures


def _steps(
    task: Task, schedule: Schedule, done: int, epoch_steps: int
) -> Iterator[tuple[int, int, Sequence[Callable[[], Any]]]]:
    """The steps that are left: epoch and place in it, from 0, and the batches of each."""
    for epoch in range(done // epoch_steps, schedule.epochs):
        batches = task.batches(epoch, schedule.batch, schedule.seed)
        for place in range(done % epoch_steps if epoch == done // epoch_steps else 0, epoch_steps):
            yield epoch, place, batches[place * schedule.accumulate : (place + 1) * schedule.accumulate]


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameters for the optimizer: biases and the gains of normalisation don't decay."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _share(done: float, warm_up: float) -> float:
    """The share of the learning rate after a share of the steps: up on a straight line, then down to 0."""
    return (done + 1e-3) / (warm_up + 1e-3) if done < warm_up else (1 - done) / (1 - warm_up)


def _step(
    task: Task,
    chosen: Sequence[Callable[[], Any]],
    optimizer: torch.optim.Optimizer,
    scaler: Any,
    schedule: Schedule,
    name: str,
) -> float:
    """One step of the optimizer; returns its loss."""
    task.model.train()
    whole = 0.0
    for batch in chosen:
        with autocast(task.model, schedule.precision):
            loss = task.loss(batch()) / len(chosen)
        scaler.scale(loss).backward()
        whole += float(loss.detach())
    if not math.isfinite(whole):
        raise TrainingError(f"the loss is {whole} at {name}; the last checkpoint is kept: try a lower learning rate")
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(task.model.parameters(), schedule.clip)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    return whole


def device(name: str) -> str:
    """The device that is meant: for `auto` a GPU where there is one. Raises InputError for one that is not there."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"the device {name!r} cannot be used here: {str(error).splitlines()[0]}") from None
    return name


def autocast(model: nn.Module, precision: str) -> AbstractContextManager[Any]:
    """Mixed precision for a model where it is; none for fp32."""
    kind = next(model.parameters()).device.type
    if precision == "fp32" or (precision == "auto" and not _multiplies_bf16(kind)):
        return nullcontext()
    context: AbstractContextManager[Any] = torch.autocast(kind, _MIXED[precision])
    return context


def _multiplies_bf16(kind: str) -> bool:
    """Whether bf16 pays: a CPU without instructions for it takes twice as long with it as with fp32."""
    supported = torch.cuda.is_bf16_supported if kind == "cuda" else torch.cpu._is_avx512_bf16_supported
    return bool(supported())


def _evaluate(
    task: Task,
    schedule: Schedule,
    state: _State,
    keep: Callable[[Mapping[str, float]], None],
    logs: SummaryWriter,
    talk: Callable[[str], None],
) -> None:
    task.model.eval()
    figures = dict(task.evaluate())
    for name, value in figures.items():
        logs.add_scalar(name, value, state.step)
    decisive = next(iter(figures.values()))
    better = decisive > state.best
    state.waited = 0 if better else state.waited + 1
    state.finished = state.waited >= schedule.patience
    if better:
        state.best, state.figures = decisive, figures
        keep(figures)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    talk(f"step {state.step}: {shown}{' (best so far, kept)' if better else ''}")


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed, which ends training between two steps; a second one ends it at once."""
    pressed: list[int] = []

    def noted(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, noted)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _save(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, scaler: Any, made_by: str, state: _State
) -> None:
    tensors = {f"model/{name}": tensor for name, tensor in model.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{number}/{name}": tensor for name, tensor in moments.items()}
    fresh = path.with_suffix(".new")
    metadata = {"made_by": made_by, "state": json.dumps(asdict(state)), "scaler": json.dumps(scaler.state_dict())}
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, fresh, metadata)
        fresh.replace(path)
    except (OSError, SafetensorError) as error:
        fresh.unlink(missing_ok=True)
        kept = "; the one before it is kept" if path.exists() else ""
        raise StorageError(f"{path}: the checkpoint was not saved ({error}){kept}") from None


def _resumed(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, scaler: Any, made_by: str) -> _State:
    """The state of a checkpoint, which model, optimizer and scaler are put into; a fresh one where there is none."""
    if not path.exists():
        return _State()
    cure = f"delete {path.name} to begin anew, or train into another folder"
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata()
            if metadata["made_by"] != made_by:
                raise InputError(f"{path}: a checkpoint of another recipe, or of other files, than this; {cure}")
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        model.load_state_dict(_under("model/", tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer/", tensors).items():
            number, _, kind = name.partition("/")
            moments.setdefault(int(number), {})[kind] = tensor
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        scale = json.loads(metadata.get("scaler", "{}"))
        if scale:
            scaler.load_state_dict(scale)
        return _State(**json.loads(metadata["state"]))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{path}: a checkpoint of another model, or damaged ({error}); {cure}") from None


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
