"""Writing a model folder that bioqa runs: ONNX with int8 weights, checked against the original in PyTorch."""

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bioqa.index.errors import ModelError
from bioqa.index.model import CARD, ModelCard, open_model
from bioqa.index.runtime import Array, Network, tokenizer
from bioqa.train import extras

if TYPE_CHECKING:
    from bioqa.train.traced import Traced

_TASKS = ("encoder", "reader")
_PARITY_TEXTS = (  # (question, passage) pairs of different lengths
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
    """How far the exported network is from the original on a few texts."""

    outputs: str
    largest_difference: float
    cosine: float  # the smallest over the texts


def export(source: str, folder: Path, task: str, *, name: str, max_tokens: int) -> Parity:
    """Export the model `source` (a folder or hub name, any BERT-family encoder) for `task` into `folder`.

    Raises ModelError for a task that is not known, BioqaError where the extra `train` is not installed.
    """
    if task not in _TASKS:
        raise ModelError(f"unknown task {task!r}: choose one of {', '.join(_TASKS)}")
    extras.require()
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoTokenizer

    from bioqa.train.traced import traced

    network = traced(source, task)
    folder.mkdir(parents=True, exist_ok=True)
    backend = AutoTokenizer.from_pretrained(source).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    backend.save(str(folder / "tokenizer.json"))

    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones((2, 16), dtype=torch.int64)
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        torch.onnx.export(
            network.module,
            (example, example, torch.zeros_like(example)),
            str(exact),
            input_names=inputs,
            output_names=list(network.outputs),
            dynamic_axes={key: {0: "batch", 1: "tokens"} for key in inputs} | network.axes,
            opset_version=17,
            dynamo=False,
        )
        # 7 of the 8 bits: with 8, processors without VNNI instructions overflow in the sums of products.
        quantize_dynamic(exact, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    card = ModelCard(
        name=name,
        task=task,
        max_tokens=max_tokens,
        dimensions=network.dimensions,
        digests={file: digest((folder / file).read_bytes()) for file in ("model.onnx", "tokenizer.json")},
    )
    write_card(folder, card)
    return _parity(network, folder, task, max_tokens)


def digest(content: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(content).hexdigest()


def write_card(folder: Path, card: ModelCard) -> None:
    """Write the machine's half of the model card."""
    (folder / CARD).write_text(json.dumps(asdict(card), indent=1) + "\n", encoding="utf-8")


def add_file(folder: Path, task: str, name: str, content: bytes) -> None:
    """Write a further file, such as a fitted calibration, into a model folder and enter its digest in the card."""
    card = open_model(folder, task).card
    (folder / name).write_bytes(content)
    write_card(folder, replace(card, digests={**card.digests, name: digest(content)}))


def _parity(network: "Traced", folder: Path, task: str, max_tokens: int) -> Parity:
    import torch

    model = open_model(folder, task)
    exported, encode = Network(model), tokenizer(model).encode
    differences, cosines = [], []
    for question, passage in _PARITY_TEXTS:
        sequence = encode(passage) if task == "encoder" else encode(question, passage)
        sequence.truncate(max_tokens)
        ids, types = torch.tensor([sequence.ids]), torch.tensor([sequence.type_ids])
        with torch.no_grad():
            expected = network.module(ids, torch.ones_like(ids), types)
        expected = [expected] if isinstance(expected, torch.Tensor) else list(expected)
        for ours, theirs in zip(exported.run(sequence), expected, strict=True):
            reference: Array = theirs[0].numpy()
            differences.append(float(np.abs(ours - reference).max()))
            cosines.append(_cosine(ours, reference))
    return Parity(", ".join(network.outputs), max(differences), min(cosines))


def _cosine(some: Array, other: Array) -> float:
    return float((some * other).sum() / np.linalg.norm(some) / np.linalg.norm(other))
