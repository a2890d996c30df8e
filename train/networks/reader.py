"""The reader's network: a BERT-family encoder with four heads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from bioqa.qa.reader import VERDICTS
from bioqa.train.pretrained import weights
from bioqa.train.pretrained.loading import load_encoder, set_dropout, stored_tensors, token_type_inputs
from bioqa.train.pretrained.source import PretrainedModel

TAGS = ("outside", "begin", "inside")  # IOB2 tags of list items


@dataclass(frozen=True, slots=True)
class ReaderOutput:
    """The logits of all heads for b sequences of n tokens.

    `start` and `end` (b, n): the answer's borders, where the first token stands for no answer. `tags` (b, n, 3): the
    classes `TAGS`. `verdict` (b, 3): the classes `VERDICTS`. `relevance` (b,): whether the text is relevant.
    """

    start: Tensor
    end: Tensor
    tags: Tensor
    verdict: Tensor
    relevance: Tensor


class ReaderNetwork(nn.Module):  # type: ignore[misc]
    """An encoder with its heads. transformers can load the folder that `save` writes as a span reader."""

    def __init__(self, encoder: Any):
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.heads = nn.ModuleDict(
            {
                "qa_outputs": nn.Linear(width, 2),  # the name of a span head in transformers
                "tag_outputs": nn.Linear(width, len(TAGS)),
                "text_outputs": nn.Linear(width, len(VERDICTS) + 1),
            }
        )
        self.dropout = nn.Dropout()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None, token_type_ids: Tensor) -> ReaderOutput:
        """The logits of all heads. Inputs are int64, shape (b, n); the mask is 0 at padding, None if there is none."""
        types = token_type_inputs(self.encoder, token_type_ids)
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        states = self.dropout(states)
        spans = self.heads["qa_outputs"](states)
        text = self.heads["text_outputs"](states[:, 0])
        return ReaderOutput(spans[..., 0], spans[..., 1], self.heads["tag_outputs"](states), text[:, :-1], text[:, -1])

    def save(self, folder: Path) -> None:
        """Write configuration and weights into a folder, creating it if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.config.save_pretrained(folder)
        save_file({name: tensor.contiguous() for name, tensor in self.named_weights().items()}, folder / weights.SAFE)

    def named_weights(self) -> dict[str, Tensor]:
        """The weights by their names on disk."""
        prefix = self.encoder.base_model_prefix
        heads = {name: tensor.detach() for name, tensor in self.heads.state_dict().items()}
        return {f"{prefix}.{name}": tensor.detach() for name, tensor in self.encoder.state_dict().items()} | heads


def has_all_heads(pretrained: PretrainedModel) -> bool:
    """Whether a model is a reader with all heads, as `bioqa train reader` makes them. Raises ModelError."""
    return "tag_outputs.weight" in _stored_heads(pretrained)


def load_reader(pretrained: PretrainedModel, *, dropout: float = 0.1) -> ReaderNetwork:
    """The network of a model. Stored heads are loaded; the others are initialised at random.

    `dropout` is the dropout probability of all layers in training.

    Raises ModelError for a model whose weights are missing, damaged or do not fit, or that needs code of its own.
    """
    network = ReaderNetwork(load_encoder(pretrained))
    set_dropout(network, dropout)
    stored = _stored_heads(pretrained)
    for name, tensor in network.heads.state_dict().items():
        if name in stored and stored[name].shape == tensor.shape:
            tensor.copy_(stored[name])
    return network


def _stored_heads(pretrained: PretrainedModel) -> dict[str, Tensor]:
    return stored_tensors(pretrained, "_outputs.")
