"""Parity of an exported network with its original in PyTorch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Encoding

from bioqa.index.arrays import Array
from bioqa.index.errors import ModelError
from bioqa.index.models.model import Model, read_card
from bioqa.index.models.runtime import Network, load_tokenizer
from bioqa.train.networks.inference import TorchNetwork, TraceableNetwork

_TEXTS = (  # (question, passage) pairs of different lengths
    ("Which gene is mutated in cystic fibrosis?", "Cystic fibrosis is caused by mutations in the CFTR gene."),
    (
        "What does IL-6 do?",
        "Interleukin-6 (IL-6) induces acute-phase proteins in the liver; TNF-α does so indirectly. " * 4,
    ),
    (
        "List the symptoms of hypothyroidism.",
        "Fatigue, cold intolerance, constipation and weight gain are typical. " * 12,
    ),
)


@dataclass(frozen=True, slots=True)
class Parity:
    """The differences between the outputs of exported and original network on a few texts."""

    outputs: str
    largest_difference: float
    cosine: float  # the smallest over the texts


def measure_parity(original: TraceableNetwork, folder: Path) -> Parity:
    """The parity of the model in `folder` with its original. Raises ModelError if either gives values that are not
    finite."""
    model = Model(folder, read_card(folder))
    exported, reference = Network(model), TorchNetwork(original.module)
    differences, cosines = [], []
    for question, passage in _TEXTS:
        sequence = encode_pair(model, question, passage)
        for ours, theirs in zip(exported.run(sequence), reference.run_all([sequence])[0], strict=True):
            if not np.isfinite(theirs).all() or not np.isfinite(ours).all():
                raise ModelError(
                    f"{folder}: the network gives values that are not finite; the original weights are damaged"
                )
            differences.append(float(np.abs(ours - theirs).max()))
            cosines.append(_cosine(ours, theirs))
    return Parity(", ".join(original.outputs), max(differences), min(cosines))


def encode_pair(model: Model, question: str, passage: str) -> Encoding:
    """The model's input for a passage, with the question before it for a reader."""
    encode = load_tokenizer(model).encode
    sequence = encode(passage) if model.card.task == "encoder" else encode(question, passage)
    sequence.truncate(model.card.max_tokens)
    return sequence


def _cosine(some: Array, other: Array) -> float:
    return float((some * other).sum() / np.linalg.norm(some) / np.linalg.norm(other))
