"""The retriever's network: a bi-encoder, with one shared encoder or separate ones for questions and passages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from bioqa.index.arrays import Array
from bioqa.index.errors import InputError, ModelError
from bioqa.index.models import registry
from bioqa.index.models.model import QUESTION
from bioqa.index.progress import DividedProgress, NoProgress, Progress
from bioqa.train.data import batches
from bioqa.train.devices import autocast
from bioqa.train.pretrained import loading, source, weights
from bioqa.train.pretrained.source import PretrainedModel

Side = Literal["question", "passage"]
_BATCH = 32  # texts encoded at once outside training
_COMPARED = 256  # questions compared with all passages at once


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """b sequences of token ids padded to n, and a mask that is 0 at padding: both int64, shape (b, n)."""

    ids: Tensor
    mask: Tensor


class BiEncoder(nn.Module):  # type: ignore[misc]
    """One or two encoders; `save` writes folders that `bioqa export` accepts."""

    def __init__(self, encoders: dict[str, Any]):
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)

    def forward(self, sequences: TokenBatch, side: Side) -> Tensor:
        """Unit vectors, shape (b, d): the mean over the tokens, as in the exported network."""
        return embed(self.encoder(side), sequences)

    def encoder(self, side: Side) -> Any:
        """The encoder for one side."""
        return self.encoders[side] if side in self.encoders else self.encoders["passage"]

    def save(self, folder: Path) -> list[Path]:
        """Write configuration and weights of a single encoder into the folder, of two into `question` and `passage` in
        it.

        Returns the folders written.
        """
        targets = {side: folder / side if len(self.encoders) > 1 else folder for side in self.encoders}
        for side, target in targets.items():
            target.mkdir(parents=True, exist_ok=True)
            self.encoders[side].config.save_pretrained(target)
            tensors = {name: tensor.contiguous() for name, tensor in self.encoders[side].state_dict().items()}
            save_file(tensors, target / weights.SAFE, {"format": "pt"})
        return list(targets.values())


def load_biencoder(base: str, *, asymmetric: bool, dropout: float) -> BiEncoder:
    """One encoder from a folder or hub name, or two: those of a pair, or two with the same initial weights.

    Raises ModelError for a source that is not a BERT-family model, and for a pair unless `asymmetric`.
    """
    sources = encoder_sources(base)
    if not asymmetric and is_pair(sources):
        raise ModelError(f"{base}: a pair of encoders; set asymmetric = true, or name the folder of one encoder")
    sides: tuple[Side, ...] = ("question", "passage") if asymmetric else ("passage",)
    encoders = BiEncoder({side: loading.load_encoder(sources[side]) for side in sides})
    loading.set_dropout(encoders, dropout)
    return encoders


def encoder_sources(base: str) -> dict[Side, PretrainedModel]:
    """The model of each side: those of a pair, as training or export writes it, or the same for both.

    Raises ModelError for what is no BERT-family model.
    """
    folder = registry.find_model(base)
    questions, passages = folder / QUESTION, folder / "passage"
    if not questions.is_dir():
        both = source.resolve(base)
        return {"question": both, "passage": both}
    own = str(passages) if passages.is_dir() else base
    return {"question": source.resolve(str(questions)), "passage": source.resolve(own)}


def is_pair(sources: Mapping[Side, PretrainedModel]) -> bool:
    """Whether questions and passages have an encoder each."""
    return sources["question"] != sources["passage"]


def tokenizer_source(base: str) -> PretrainedModel:
    """The model whose tokenizer both sides use."""
    return encoder_sources(base)["passage"]


def embed(encoder: Any, sequences: TokenBatch, pooling: str = "mean") -> Tensor:
    """Unit vectors, shape (b, d), by one of `POOLINGS`."""
    types = loading.token_type_inputs(encoder, torch.zeros_like(sequences.ids))
    states = encoder(input_ids=sequences.ids, attention_mask=sequences.mask, **types).last_hidden_state
    return functional.normalize(POOLINGS[pooling](states, sequences.mask).float(), dim=1)


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    weights = mask[..., None].to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


POOLINGS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"mean": _mean, "first": lambda states, _: states[:, 0]}


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> list[Array]:
    """The token ids of each text, int32, truncated to `max_tokens`."""
    tokenizer.enable_truncation(max_tokens)
    return [np.array(encoding.ids, dtype=np.int32) for encoding in tokenizer.encode_batch_fast(list(texts))]


def pad(rows: Sequence[Array], device: str) -> TokenBatch:
    """The token ids of several texts as one batch."""
    ids, mask = (np.zeros((len(rows), max(map(len, rows))), dtype=np.int64) for _ in range(2))
    for place, row in enumerate(rows):
        ids[place, : len(row)], mask[place, : len(row)] = row, 1
    return TokenBatch(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device))


def encode_tokens(
    encode: Callable[[TokenBatch], Tensor],
    model: nn.Module,
    rows: Sequence[Array],
    precision: str = "auto",
    progress: Progress | None = None,
) -> Array:
    """The vectors that `encode` gives for each row of token ids, without training `model`: float32, shape (rows, d)."""
    device = str(next(model.parameters()).device)
    order = batches.sort_by_length(np.arange(len(rows)), [len(row) for row in rows])
    batched = []
    with torch.inference_mode(), autocast(model, precision):
        for start in range(0, len(order), _BATCH):
            part = pad([rows[number] for number in order[start : start + _BATCH]], device)
            batched.append(encode(part).float().cpu().numpy())
            done = min(start + _BATCH, len(order))
            (progress or NoProgress()).update(done / len(order), done)
    return np.concatenate(batched)[np.argsort(order, kind="stable")]


def encode_texts(
    model: PretrainedModel,
    texts: Sequence[str],
    max_tokens: int,
    device: str,
    pooling: str = "mean",
    progress: Progress | None = None,
) -> Array:
    """The vectors of texts by a trained encoder: float16, shape (texts, d).

    Raises ModelError for weights that cannot be loaded, InputError for an unknown pooling.
    """
    if pooling not in POOLINGS:
        raise InputError(f"unknown teacher_pooling {pooling!r}: choose one of {', '.join(POOLINGS)}")
    encoder = loading.to_device(loading.load_encoder(model), device).eval()
    rows = tokenize(source.backend_tokenizer(model), texts, max_tokens)
    return encode_tokens(lambda part: embed(encoder, part, pooling), encoder, rows, progress=progress).astype(
        np.float16
    )


def nearest_passages(
    model: str, max_tokens: int, device: str, progress: DividedProgress | None = None
) -> Callable[[Sequence[str], Sequence[str], int], Array]:
    """A search by an encoder or a pair of encoders.

    The function takes questions, passages and a number, and returns the indices of that many passages for each
    question, nearest first: int64, shape (questions, number).
    """

    def search(questions: Sequence[str], passages: Sequence[str], count: int) -> Array:
        sources = encoder_sources(model)
        queries = encode_texts(sources["question"], questions, max_tokens, device).astype(np.float32)
        with (progress or NoProgress()).part(f"Encoding with {model}", "passages") as part:
            keys = encode_texts(sources["passage"], passages, max_tokens, device, progress=part).astype(np.float32)
        cosines = (queries[start : start + _COMPARED] @ keys.T for start in range(0, len(queries), _COMPARED))
        return np.concatenate([np.argsort(-part, axis=1, kind="stable")[:, :count] for part in cosines])

    return search
