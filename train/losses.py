"""What the heads of the reader are trained to: losses that leave out whatever is not known of an example."""

import torch
from torch import Tensor
from torch.nn import functional

from bioqa.train.batches import UNKNOWN, Batch
from bioqa.train.network import Output


def span_loss(logits: Tensor, right: Tensor, readable: Tensor) -> Tensor:
    """Minus the log-probability that the border is at any right place (b,), 0 where no place is known to be right.

    Marginal likelihood over all places of an answer (Clark and Gardner 2018): which one the reader takes is its choice.
    """
    known = right.any(dim=1)
    every = logits.masked_fill(~readable, -torch.inf).logsumexp(dim=1)
    wanted = logits.masked_fill(~(right | ~known[:, None]), -torch.inf).logsumexp(dim=1)
    return torch.where(known, every - wanted, 0.0)


def total(output: Output, batch: Batch) -> Tensor:
    """The sum of the heads' mean losses over what is known in a batch."""
    spans = span_loss(output.start.float(), batch.starts, batch.readable)
    spans = (spans + span_loss(output.end.float(), batch.ends, batch.readable)) / 2
    known = batch.starts.any(dim=1).sum().clamp(min=1)
    return (
        spans.sum() / known
        + _classes(output.tags.float().flatten(0, 1), batch.tags.flatten())
        + _classes(output.verdict.float(), batch.verdict)
        + _relevance(output.relevance.float(), batch.relevant)
    )


def _classes(logits: Tensor, labels: Tensor) -> Tensor:
    known = (labels != UNKNOWN).sum().clamp(min=1)
    return functional.cross_entropy(logits, labels, ignore_index=UNKNOWN, reduction="sum") / known


def _relevance(logits: Tensor, labels: Tensor) -> Tensor:
    known = labels != UNKNOWN
    loss = functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)
