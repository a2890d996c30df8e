import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import InputError, StorageError
from bioqa.index.progress import NoProgress
from bioqa.train.schedule import Schedule

torch = pytest.importorskip("torch")
checkpoint = pytest.importorskip("bioqa.train.checkpoint")
loop = pytest.importorskip("bioqa.train.loop")

FAST = {"epochs": 3, "batch": 4, "learning_rate": 0.05, "precision": "fp32", "weight_decay": 0.0, "patience": 9}


class Line:
    """Fits y = 2x - 1 by a network with dropout, so that random numbers matter."""

    def __init__(self, stop_at: int = -1, bad_at: int = -1) -> None:
        torch.manual_seed(7)
        self.model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
        self.x = torch.linspace(-1, 1, 20)[:, None]
        self.seen = 0
        self.stop_at, self.bad_at = stop_at, bad_at

    def batches(self, epoch: int, size: int, seed: int) -> Sequence[Callable[[], Any]]:
        order = torch.randperm(20, generator=torch.Generator().manual_seed(seed * 100 + epoch))
        return [partial(self.x.__getitem__, order[i : i + size]) for i in range(0, 20, size)]

    def loss(self, batch: Any) -> Any:
        self.seen += 1
        if self.seen == self.stop_at:
            signal.raise_signal(signal.SIGINT)
        if self.seen == self.bad_at:
            return self.model(batch).sum() * float("nan")
        return ((self.model(batch) - (2 * batch - 1)) ** 2).mean()

    def evaluate(self) -> Mapping[str, float]:
        with torch.no_grad():
            return {"fit": -float(((self.model(self.x) - (2 * self.x - 1)) ** 2).mean())}


def trained(task: Line, folder: Path, **changes: Any) -> dict[str, float]:
    folder.mkdir(exist_ok=True)
    schedule = Schedule(**{**FAST, **changes})
    figures: dict[str, float] = loop.train(task, schedule, folder, lambda _: None, NoProgress())
    return figures


def weights(task: Line) -> list[Any]:
    return [parameter.detach().clone() for parameter in task.model.parameters()]


def same(some: Line, other: Line) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(some), weights(other), strict=True))


def test_what_can_be_learned_is_learned(tmp_path: Path) -> None:
    figures = trained(Line(), tmp_path, epochs=40)
    assert figures["fit"] > -0.1
    assert not (tmp_path / checkpoint.CHECKPOINT).exists()
    assert any((tmp_path / "logs").iterdir())


@pytest.mark.parametrize("stop_at", [1, 5, 8, 12])
def test_interrupted_and_gone_on_with_it_ends_with_the_same_weights(tmp_path: Path, stop_at: int) -> None:
    whole, first, second = Line(), Line(stop_at=stop_at), Line()
    trained(whole, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(first, tmp_path / "parts")
    assert first.seen == stop_at
    trained(second, tmp_path / "parts")
    assert second.seen == whole.seen - stop_at
    assert same(whole, second)


@pytest.mark.filterwarnings("error")
def test_in_fp16_the_scale_of_the_loss_is_gone_on_with(tmp_path: Path) -> None:
    whole, first, second = Line(), Line(stop_at=8), Line()
    trained(whole, tmp_path / "whole", precision="fp16")
    with pytest.raises(KeyboardInterrupt):
        trained(first, tmp_path / "parts", precision="fp16")
    trained(second, tmp_path / "parts", precision="fp16")
    assert same(whole, second)


def test_the_logs_of_a_training_that_was_gone_on_with_have_every_step_and_evaluation(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(KeyboardInterrupt):
        trained(Line(stop_at=5), tmp_path)
    trained(Line(), tmp_path)
    logs = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert [event.step for event in logs.Scalars("loss")] == list(range(1, 16))
    assert [event.step for event in logs.Scalars("fit")] == [5, 10, 15]


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one, other = Line(), Line()
    trained(one, tmp_path / "1")
    trained(other, tmp_path / "2", seed=2)
    assert not same(one, other)


def test_accumulated_batches_make_one_step(tmp_path: Path) -> None:
    torch.manual_seed(0)
    at_once, in_parts = Line(), Line()
    for task in (at_once, in_parts):
        task.model[1].p = 0.0
    trained(at_once, tmp_path / "1", batch=20, epochs=1)
    trained(in_parts, tmp_path / "2", batch=10, accumulate=2, epochs=1)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weights(at_once), weights(in_parts), strict=True))


def test_a_loss_that_is_no_number_names_its_step_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(loop.TrainingError, match="step 2 of epoch 2; the last checkpoint is kept"):
        trained(Line(bad_at=7), tmp_path)
    whole, again = Line(), Line()
    trained(whole, tmp_path / "whole")
    trained(again, tmp_path)
    assert same(whole, again)


def test_training_ends_when_nothing_gets_better(tmp_path: Path) -> None:
    class Flat(Line):
        def evaluate(self) -> Mapping[str, float]:
            return {"fit": 0.0}

    task = Flat()
    trained(task, tmp_path, epochs=50, patience=2)
    assert task.seen == 3 * 5


def test_only_better_weights_are_kept(tmp_path: Path) -> None:
    class Rising(Line):
        figures = iter([0.1, 0.3, 0.2])

        def evaluate(self) -> Mapping[str, float]:
            return {"fit": next(self.figures)}

    kept: list[float] = []
    figures = loop.train(Rising(), Schedule(**FAST), tmp_path, lambda f: kept.append(f["fit"]), NoProgress())
    assert kept == [0.1, 0.3]
    assert figures == {"fit": 0.3}


def test_the_rate_rises_and_falls_to_nothing() -> None:
    shares = [loop._rate_share(i / 100, 0.1) for i in range(101)]
    assert max(shares) == pytest.approx(1.0, abs=0.02)
    assert shares[0] < 0.05
    assert shares[100] == 0.0
    assert shares[10:] == sorted(shares[10:], reverse=True)


def interrupted(folder: Path) -> Path:
    with pytest.raises(KeyboardInterrupt):
        trained(Line(stop_at=3), folder)
    return folder / checkpoint.CHECKPOINT


def test_a_checkpoint_that_is_cut_in_half_is_refused(tmp_path: Path) -> None:
    path = interrupted(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"checkpoint.safetensors: this checkpoint is damaged"):
        trained(Line(), tmp_path)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path)
    other = Line()
    other.model = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Linear(3, 1))
    with pytest.raises(InputError, match="or of another model"):
        trained(other, tmp_path)


def test_a_checkpoint_of_another_schedule_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path)
    with pytest.raises(InputError, match="belongs to another recipe or other files; delete"):
        trained(Line(), tmp_path, epochs=4)


def test_a_checkpoint_of_another_recipe_or_of_more_batches_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path)
    schedule = Schedule(**FAST)
    with pytest.raises(InputError, match="belongs to another recipe or other files; delete"):
        loop.train(Line(), schedule, tmp_path, lambda _: None, NoProgress(), recipe={"dropout": 0.5})
    longer = Line()
    longer.batches = lambda *arguments: Line.batches(longer, *arguments)[:-1]
    with pytest.raises(InputError, match="or other files"):
        trained(longer, tmp_path)


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = interrupted(tmp_path).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(StorageError, match="the one before it is kept"):
        trained(Line(), tmp_path)
    assert (tmp_path / checkpoint.CHECKPOINT).read_bytes() == before
