"""The training loop of all tasks: mixed precision, gradient accumulation, warm-up, early stopping, resuming."""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from bioqa.index.errors import BioqaError
from bioqa.index.progress import Progress
from bioqa.train.checkpoint import CHECKPOINT, TrainingState, resume, save_checkpoint
from bioqa.train.devices import autocast
from bioqa.train.malloc import keep_freed_memory
from bioqa.train.schedule import Schedule

_CHECKPOINT_INTERVAL = 300.0  # seconds: the most work that a kill can lose


class TrainingError(BioqaError):
    """Training cannot continue, for instance because the loss is not finite."""


class Task(Protocol):
    """A training task: a new objective is a module with these four members."""

    model: nn.Module

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], Any]]:
        """The batches of an epoch, as functions that build them; equal arguments give equal batches."""
        ...

    def loss(self, batch: Any) -> Tensor:
        """The loss of a batch: a differentiable scalar."""
        ...

    def evaluate(self) -> Mapping[str, float]:
        """Measures on held-out data; the first selects the best weights, and higher is better."""
        ...


def train(
    task: Task,
    schedule: Schedule,
    folder: Path,
    keep: Callable[[Mapping[str, float]], None],
    progress: Progress,
    talk: Callable[[str], None] = lambda _: None,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Train a task; returns the figures of the best weights.

    `keep` is called with the figures whenever they improve, and saves the weights. `talk` receives a line per
    evaluation. Training resumes from the checkpoint in `folder` and ends with the same weights as without the
    interruption: each step seeds its random numbers from the schedule's seed and the step number. A checkpoint of
    another `recipe` is refused. TensorBoard logs go to `folder/logs`.

    Raises TrainingError for a loss that is not finite, InputError for a checkpoint that does not fit, StorageError
    where the disk refuses.
    """
    keep_freed_memory()
    model = task.model
    optimizer = torch.optim.AdamW(_groups(model, schedule.weight_decay), lr=schedule.learning_rate, fused=True)
    batches = len(task.batches(0, schedule.batch, schedule.seed))
    fingerprint = json.dumps({"schedule": asdict(schedule), "recipe": recipe, "batches": batches})
    scaler = torch.amp.GradScaler(next(model.parameters()).device.type, enabled=schedule.precision == "fp16")
    state = resume(folder / CHECKPOINT, model, optimizer, scaler, fingerprint)
    epoch_steps = math.ceil(batches / schedule.accumulate)
    steps = epoch_steps * schedule.epochs
    evaluated_after = {math.ceil(epoch_steps * (i + 1) / schedule.evaluations) for i in range(schedule.evaluations)}
    saved = time.monotonic()
    with SummaryWriter(folder / "logs", purge_step=state.step + 1) as logs, _interruption() as interrupted:
        for epoch, place, accumulated in _remaining_steps(task, schedule, state.step, epoch_steps):
            if state.finished:
                break
            optimizer.param_groups[0]["lr"] = optimizer.param_groups[1]["lr"] = schedule.learning_rate * _rate_share(
                state.step / steps, schedule.warm_up
            )
            torch.manual_seed(schedule.seed * 1_000_003 + state.step)
            loss = _step(task, accumulated, optimizer, scaler, schedule, f"step {place + 1} of epoch {epoch + 1}")
            state.step += 1
            logs.add_scalar("loss", loss, state.step)
            progress.update(state.step / steps, state.step)
            evaluate_now = place + 1 in evaluated_after
            if evaluate_now:
                _evaluate(task, schedule, state, keep, logs, talk)
            if evaluate_now or interrupted() or time.monotonic() - saved > _CHECKPOINT_INTERVAL:
                save_checkpoint(folder / CHECKPOINT, model, optimizer, scaler, fingerprint, state)
                saved = time.monotonic()
            if interrupted():
                raise KeyboardInterrupt
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return state.figures


def _remaining_steps(
    task: Task, schedule: Schedule, done: int, epoch_steps: int
) -> Iterator[tuple[int, int, Sequence[Callable[[], Any]]]]:
    """Epoch, place in the epoch (both from 0) and batches of each step after the first `done`."""
    for epoch in range(done // epoch_steps, schedule.epochs):
        batches = task.batches(epoch, schedule.batch, schedule.seed)
        for place in range(done % epoch_steps if epoch == done // epoch_steps else 0, epoch_steps):
            yield epoch, place, batches[place * schedule.accumulate : (place + 1) * schedule.accumulate]


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameter groups of the optimizer: no weight decay for biases and normalisation gains."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _rate_share(done: float, warm_up: float) -> float:
    """The share of the learning rate after a share `done` of the steps: linear warm-up, then linear decay to 0."""
    return (done + 1e-3) / (warm_up + 1e-3) if done < warm_up else (1 - done) / (1 - warm_up)


def _step(
    task: Task,
    batches: Sequence[Callable[[], Any]],
    optimizer: torch.optim.Optimizer,
    scaler: Any,
    schedule: Schedule,
    name: str,
) -> float:
    """One optimizer step over accumulated batches; returns their mean loss."""
    task.model.train()
    total = 0.0
    for batch in batches:
        with autocast(task.model, schedule.precision):
            loss = task.loss(batch()) / len(batches)
        scaler.scale(loss).backward()
        total += float(loss.detach())
    if not math.isfinite(total):
        raise TrainingError(f"the loss is {total} at {name}; the last checkpoint is kept: try a lower learning rate")
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(task.model.parameters(), schedule.clip)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    return total


def _evaluate(
    task: Task,
    schedule: Schedule,
    state: TrainingState,
    keep: Callable[[Mapping[str, float]], None],
    logs: SummaryWriter,
    talk: Callable[[str], None],
) -> None:
    """Evaluate the task, keep the weights if they are the best so far, and update the state."""
    task.model.eval()
    figures = dict(task.evaluate())
    for name, value in figures.items():
        logs.add_scalar(name, value, state.step)
    selecting = next(iter(figures.values()))
    better = selecting > state.best
    state.waited = 0 if better else state.waited + 1
    state.finished = state.waited >= schedule.patience
    if better:
        state.best, state.figures = selecting, figures
        keep(figures)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    talk(f"step {state.step}: {shown}{' (best so far, kept)' if better else ''}")


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """A function that says whether Ctrl-C was pressed; training then stops between two steps, or at once at a second
    Ctrl-C."""
    pressed: list[int] = []

    def record(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, record)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
