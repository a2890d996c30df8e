"""Writing a model folder that bioqa runs: ONNX with int8 weights, checked against the original in PyTorch."""

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bioqa.index.errors import BioqaError, ModelError
from bioqa.index.model import CARD, ModelCard, open_model
from bioqa.index.runtime import Array, Network, tokenizer

_OUTPUTS = {"encoder": ["embedding"], "reader": ["start_logits", "end_logits"]}
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
    if task not in _OUTPUTS:
        raise ModelError(f"unknown task {task!r}: choose one of {', '.join(_OUTPUTS)}")
    try:
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from transformers import AutoModel, AutoModelForQuestionAnswering, AutoTokenizer
    except ImportError as error:
        raise BioqaError(
            f"exporting needs the extra 'train' ({error.name} is missing): pip install 'bioqa[train]'"
        ) from None

    loader = AutoModel if task == "encoder" else AutoModelForQuestionAnswering
    original = loader.from_pretrained(source, dtype=torch.float32, attn_implementation="eager", use_safetensors=True)
    network = _wrapped(original.eval(), task)
    folder.mkdir(parents=True, exist_ok=True)
    backend = AutoTokenizer.from_pretrained(source).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    backend.save(str(folder / "tokenizer.json"))

    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    per_token = {0: "batch", 1: "tokens"}
    axes = dict.fromkeys(inputs, per_token) | dict.fromkeys(
        _OUTPUTS[task], {0: "batch"} if task == "encoder" else per_token
    )
    example = torch.ones((2, 16), dtype=torch.int64)
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        torch.onnx.export(
            network,
            (example, example, torch.zeros_like(example)),
            str(exact),
            input_names=inputs,
            output_names=_OUTPUTS[task],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        # 7 of the 8 bits: with 8, processors without VNNI instructions overflow in the sums of products.
        quantize_dynamic(exact, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    card = ModelCard(
        name=name,
        task=task,
        max_tokens=max_tokens,
        dimensions=original.config.hidden_size if task == "encoder" else 0,
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


def _wrapped(original: Any, task: str) -> Any:
    import torch

    class Embedding(torch.nn.Module):  # type: ignore[misc]
        """Mean over the tokens, scaled to length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.original = original

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            states = self.original(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)

    class SpanLogits(torch.nn.Module):  # type: ignore[misc]
        """Start and end logits of every token."""

        def __init__(self) -> None:
            super().__init__()
            self.original = original

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            output = self.original(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return output.start_logits, output.end_logits

    return (Embedding() if task == "encoder" else SpanLogits()).eval()


def _parity(network: Any, folder: Path, task: str, max_tokens: int) -> Parity:
    import torch

    model = open_model(folder, task)
    exported, encode = Network(model), tokenizer(model).encode
    differences, cosines = [], []
    for question, passage in _PARITY_TEXTS:
        sequence = encode(passage) if task == "encoder" else encode(question, passage)
        sequence.truncate(max_tokens)
        ids, types = torch.tensor([sequence.ids]), torch.tensor([sequence.type_ids])
        with torch.no_grad():
            expected = network(ids, torch.ones_like(ids), types)
        expected = [expected] if task == "encoder" else list(expected)
        for ours, theirs in zip(exported.run(sequence), expected, strict=True):
            reference: Array = theirs[0].numpy()
            differences.append(float(np.abs(ours - reference).max()))
            cosines.append(float(ours @ reference / np.linalg.norm(ours) / np.linalg.norm(reference)))
    return Parity(", ".join(_OUTPUTS[task]), max(differences), min(cosines))
