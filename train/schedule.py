"""The training schedule: epochs, batch size, learning rate, precision and early stopping."""

from dataclasses import dataclass

from bioqa.train.recipe import SHARE_BELOW_1, at_least, constrained, one_of

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a task trains; saved with the model."""

    epochs: int = constrained(2, at_least(1))
    batch: int = constrained(16, at_least(1))  # sequences per batch
    accumulate: int = constrained(1, at_least(1))  # batches per optimizer step
    learning_rate: float = constrained(5e-5, at_least(0))
    warm_up: float = constrained(0.06, SHARE_BELOW_1)  # share of the steps; then the rate falls linearly to 0
    weight_decay: float = constrained(0.01, at_least(0))
    clip: float = constrained(1.0, at_least(0))  # maximum gradient norm
    precision: str = constrained("auto", one_of(PRECISIONS))  # auto: bf16 where faster than fp32; fp16: older GPUs
    evaluations: int = constrained(1, at_least(1))  # per epoch
    patience: int = constrained(3, at_least(0))  # evaluations in a row without improvement before training stops
    seed: int = constrained(1, at_least(0))
