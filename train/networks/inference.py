"""Networks in a form that ONNX export can trace: token ids in, a tuple of arrays out.

They take no attention mask: nothing is padded, and adding a mask of zeros in every layer took 4% of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Encoding
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForQuestionAnswering

from bioqa.index.arrays import Array
from bioqa.train.devices import autocast
from bioqa.train.networks import reader as network
from bioqa.train.pretrained import loading
from bioqa.train.pretrained.source import PretrainedModel

ALL_HEADS = ("start_logits", "end_logits", "tag_logits", "verdict_logits", "relevance_logit")
_PER_TEXT = {"embedding", "verdict_logits", "relevance_logit"}


@dataclass(frozen=True, slots=True)
class TraceableNetwork:
    """A network with the names of its outputs; `dimensions` are those of an encoder's vectors, 0 for a reader."""

    module: nn.Module
    outputs: tuple[str, ...]
    dimensions: int = 0

    @property
    def axes(self) -> dict[str, dict[int, str]]:
        """The dynamic axes of each output: the batch, and the tokens for outputs with a row per token."""
        return {name: {0: "batch"} if name in _PER_TEXT else {0: "batch", 1: "tokens"} for name in self.outputs}


class TorchNetwork:
    """A PyTorch network with the interface of an exported one."""

    def __init__(self, module: nn.Module, precision: str = "fp32"):
        self._module, self._precision = module, precision

    def run(self, sequences: Sequence[Encoding]) -> list[Array]:
        """The outputs for sequences of equal length, with the batch dimension."""
        device = next(self._module.parameters()).device
        ids = torch.tensor([sequence.ids for sequence in sequences], device=device)
        types = torch.tensor([sequence.type_ids for sequence in sequences], device=device)
        with torch.inference_mode(), autocast(self._module, self._precision):
            outputs = self._module(ids, types)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        return [output.float().cpu().numpy() for output in outputs]

    def run_all(self, sequences: Sequence[Encoding]) -> list[list[Array]]:
        """The outputs for each sequence alone, without the batch dimension."""
        return [[output[0] for output in self.run([sequence])] for sequence in sequences]


def load_encoder(pretrained: PretrainedModel) -> TraceableNetwork:
    """A sentence encoder."""
    encoder = loading.load_pretrained(AutoModel, pretrained)
    return TraceableNetwork(_Embedding(encoder).eval(), ("embedding",), encoder.config.hidden_size)


def load_reader(pretrained: PretrainedModel) -> TraceableNetwork:
    """A reader all heads, or with only a span head."""
    if network.has_all_heads(pretrained):
        return TraceableNetwork(AllHeads(network.load_reader(pretrained)).eval(), ALL_HEADS)
    return TraceableNetwork(
        _Span(loading.load_pretrained(AutoModelForQuestionAnswering, pretrained)).eval(), ALL_HEADS[:2]
    )


class _Embedding(nn.Module):  # type: ignore[misc]
    """Mean pooling over the tokens, scaled to length 1."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        types = loading.token_type_inputs(self.encoder, token_type_ids)
        states = self.encoder(input_ids=input_ids, **types).last_hidden_state
        return nn.functional.normalize(states.mean(1), dim=1)


class _Span(nn.Module):  # type: ignore[misc]
    """Start and end logits of every token."""

    def __init__(self, reader: nn.Module):
        super().__init__()
        self.reader = reader

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        types = loading.token_type_inputs(self.reader, token_type_ids)
        output = self.reader(input_ids=input_ids, **types)
        return output.start_logits, output.end_logits


class AllHeads(nn.Module):  # type: ignore[misc]
    """The logits of all heads."""

    def __init__(self, reader: network.ReaderNetwork):
        super().__init__()
        self.reader = reader

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        """The logits, in the order of `ALL_HEADS`."""
        output = self.reader(input_ids, None, token_type_ids)
        return output.start, output.end, output.tags, output.verdict, output.relevance
