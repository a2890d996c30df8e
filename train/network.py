"""The network that `train reader` trains: a BERT-family encoder with four heads, all from one pass over a sequence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging

from bioqa.index.errors import ModelError
from bioqa.qa.reader import VERDICTS
from bioqa.train import weights
from bioqa.train.source import folder_of, loading

TAGS = ("outside", "begin", "inside")  # of list items
WEIGHTS = weights.SAFE
_SPAN_HEAD = "qa_outputs."


@dataclass(frozen=True, slots=True)
class Output:
    """What the heads say of a batch of b sequences of at most n tokens.

    `start` and `end` (b, n) are logits of the answer's borders, the first token standing for no answer; `tags`
    (b, n, 3) logits of `TAGS`; `verdict` (b, 3) logits of `VERDICTS`; `relevance` (b,) the logit that the text is to
    the point.
    """

    start: Tensor
    end: Tensor
    tags: Tensor
    verdict: Tensor
    relevance: Tensor


class ReaderNetwork(nn.Module):  # type: ignore[misc]
    """An encoder with its heads. What `save` writes is a folder that transformers reads too, as a span reader."""

    def __init__(self, encoder: Any):
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.heads = nn.ModuleDict(
            {
                "qa_outputs": nn.Linear(width, 2),  # the name that transformers gives a span head
                "tag_outputs": nn.Linear(width, len(TAGS)),
                "text_outputs": nn.Linear(width, len(VERDICTS) + 1),
            }
        )
        self.dropout = nn.Dropout()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None, token_type_ids: Tensor) -> Output:
        """The heads' logits; inputs have shape (b, n), int64. The mask is 0 where there is padding, None for none."""
        types = types_for(self.encoder, token_type_ids)
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        states = self.dropout(states)
        spans = self.heads["qa_outputs"](states)
        whole = self.heads["text_outputs"](states[:, 0])
        return Output(spans[..., 0], spans[..., 1], self.heads["tag_outputs"](states), whole[:, :-1], whole[:, -1])

    def save(self, folder: Path) -> None:
        """Write configuration and weights into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.config.save_pretrained(folder)
        save_file({name: tensor.contiguous() for name, tensor in self.named_weights().items()}, folder / WEIGHTS)

    def named_weights(self) -> dict[str, Tensor]:
        """The weights under the names that they have on disk."""
        prefix = self.encoder.base_model_prefix
        heads = {name: tensor.detach() for name, tensor in self.heads.state_dict().items()}
        return {f"{prefix}.{name}": tensor.detach() for name, tensor in self.encoder.state_dict().items()} | heads


def types_for(model: Any, token_type_ids: Tensor) -> dict[str, Tensor]:
    """The option with token types, for a model that tells question and text apart by them; not all do."""
    return {"token_type_ids": token_type_ids} if getattr(model.config, "type_vocab_size", 0) > 1 else {}


def has_all_heads(source: str) -> bool:
    """Whether a model is a reader that was trained here, not one with a span head alone."""
    return "tag_outputs.weight" in _heads(source)


def load(source: str, *, dropout: float = 0.1) -> ReaderNetwork:
    """The network in a folder, or a fresh one on the encoder of that folder or hub name; heads that are there are kept.

    `dropout` is the share of activations that training leaves out, in all layers.

    Raises ModelError for a source without weights, or with some that are damaged, do not fit, or come with code.
    """
    encoder = weighted(AutoModel, source)
    encoder.pooler = None  # BERT's, which nothing here uses
    network = ReaderNetwork(encoder)
    set_dropout(network, dropout)
    stored = _heads(source)
    for name, tensor in network.heads.state_dict().items():
        if name in stored and stored[name].shape == tensor.shape:
            tensor.copy_(stored[name])
    return network


def set_dropout(network: nn.Module, share: float) -> None:
    """Let training leave out this share of the activations in all layers."""
    for part in network.modules():
        if isinstance(part, nn.Dropout):
            part.p = share


def placed(model: nn.Module, device: str) -> nn.Module:
    """The model on a device, with its attention in one step on a GPU."""
    if device != "cpu":
        fuse_attention(model)
    return model.to(device)


def fuse_attention(model: nn.Module) -> None:
    """Let a model work out attention in one step: what PyTorch is fastest with, but for learning on a CPU."""
    for part in model.modules():
        if isinstance(part, PreTrainedModel):
            part.set_attn_implementation("sdpa")


def weighted(kind: Any, source: str) -> Any:
    """The model of a class of transformers that a source holds, every weight of it from there but for the pooler's.

    Attention is worked out step by step, which can be traced, and which a CPU learns half as fast again with.

    Raises ModelError where weights are missing, which transformers would make up at random, or cannot be read.
    """
    folder = folder_of(source)
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # what it says of weights that are left over or missing is checked below
    with loading(f"{source}: cannot be loaded as a BERT-family model"):
        model, told = kind.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="eager",
            use_safetensors=True,
            output_loading_info=True,
            trust_remote_code=False,
        )
    missing = sorted(name for name in told["missing_keys"] if "pooler." not in name)
    if any(name.startswith(_SPAN_HEAD) for name in missing):
        raise ModelError(
            f"{source}: an encoder without a span head, which is no reader yet; train one on it with "
            f"'bioqa train reader RECIPE --to DIR --set base={source}'"
        )
    if missing:
        raise ModelError(
            f"{source}: cannot be loaded: its weights are not those of its configuration, or incomplete; "
            f"{len(missing)} are missing, such as {missing[0]}"
        )
    return model


def _heads(source: str) -> dict[str, Tensor]:
    """The weights of the heads that a source has, by name."""
    folder = folder_of(source)
    found: dict[str, Tensor] = {}
    for path in [folder / WEIGHTS] if (folder / WEIGHTS).is_file() else sorted(folder.glob(weights.PARTS)):
        try:
            with safe_open(path, framework="pt") as stored:
                names = [name for name in stored.keys() if "_outputs." in name]  # noqa: SIM118 (not a mapping)
                found |= {name: stored.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path}: cannot be loaded: cut off or damaged ({error})") from None
    return found
