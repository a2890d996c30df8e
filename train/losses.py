"""What the heads of the reader and the vectors of the retriever are trained to; what is not known is left out."""

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


def total(output: Output, batch: Batch, verdict_weights: Tensor) -> Tensor:
    """The sum of the heads' mean losses over what is known in a batch; a text weighs what its verdict does among those
    of its origin (origins, 3)."""
    spans = span_loss(output.start.float(), batch.starts, batch.readable)
    spans = (spans + span_loss(output.end.float(), batch.ends, batch.readable)) / 2
    known = batch.starts.any(dim=1).sum().clamp(min=1)
    return (
        spans.sum() / known
        + _classes(output.tags.float().flatten(0, 1), batch.tags.flatten())
        + _classes(output.verdict.float(), batch.verdict, verdict_weights[batch.origin, batch.verdict.clamp(min=0)])
        + _relevance(output.relevance.float(), batch.relevant)
    )


def contrastive(cosines: Tensor, wrong: Tensor, temperature: float) -> Tensor:
    """The mean over b queries of minus the log-probability of the right passage among it and the wrong ones.

    `cosines` (b, c) are those of all candidates, of which number i is right for query i; `wrong` (b, c) marks those
    that are known not to be. In-batch negatives: Henderson et al. 2017; the temperature: van den Oord et al. 2018.
    """
    logits = (cosines / temperature).masked_fill(~_counted(wrong), -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(cosines), device=cosines.device))


def imitation(cosines: Tensor, teacher: Tensor, wrong: Tensor, temperature: float) -> Tensor:
    """The mean over b queries of the divergence of the probabilities of right and wrong candidates from a teacher's,
    who gave the cosines `teacher` (b, c) (Hinton, Vinyals and Dean 2015)."""
    # the least number in place of minus infinity, which times a probability of 0 would be none
    lowest = torch.finfo(cosines.dtype).min
    ours, theirs = (
        (found / temperature).masked_fill(~_counted(wrong), lowest).log_softmax(dim=1) for found in (cosines, teacher)
    )
    return functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")


def undoubted(wrong: Tensor, judge: Tensor, margin: float) -> Tensor:
    """`wrong` (b, c) without candidates whose cosine by a judge (b, c) is above that of the right one by more than a
    margin: those may be right, too, and nobody has said so."""
    return wrong & (judge <= judge.diagonal()[:, None] + margin)


def _counted(wrong: Tensor) -> Tensor:
    """The wrong candidates and the right one, which is on the diagonal."""
    return wrong | torch.eye(*wrong.shape, dtype=torch.bool, device=wrong.device)


def balanced(counts: Tensor) -> Tensor:
    """A weight for each class of each origin with which all that occur in one count alike, 1 on average over its
    `counts` (origins, classes) of examples.

    What is mostly yes in one kind of data and half no in another would teach to tell the data, not the answer.
    """
    occurring = (counts > 0).sum(dim=1, keepdim=True).clamp(min=1)
    return counts.sum(dim=1, keepdim=True) / (occurring * counts.clamp(min=1))


def _classes(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    known = (labels != UNKNOWN).sum().clamp(min=1)
    losses = functional.cross_entropy(logits, labels, ignore_index=UNKNOWN, reduction="none")
    return (losses if weights is None else losses * weights).sum() / known


def _relevance(logits: Tensor, labels: Tensor) -> Tensor:
    known = labels != UNKNOWN
    loss = functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)
