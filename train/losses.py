"""What the heads of the reader and the vectors of the retriever are trained to; what is not known is left out."""

import torch
from torch import Tensor
from torch.nn import functional

from bioqa.qa.questions import QuestionType
from bioqa.train.batches import QUESTION_TYPES, UNKNOWN, WindowBatch
from bioqa.train.network import ReaderOutput

_LOWEST = torch.finfo(torch.float32).min  # in place of minus infinity, which times a probability of 0 would be none


def span_loss(logits: Tensor, right: Tensor, readable: Tensor) -> Tensor:
    """Minus the log-probability that the border is at any right place (b,), 0 where no place is known to be right.

    Marginal likelihood over all places of an answer (Clark and Gardner 2018): which one the reader takes is its choice.
    """
    known = right.any(dim=1)
    every = logits.masked_fill(~readable, -torch.inf).logsumexp(dim=1)
    wanted = logits.masked_fill(~(right | ~known[:, None]), -torch.inf).logsumexp(dim=1)
    return torch.where(known, every - wanted, 0.0)


def reader_loss(output: ReaderOutput, batch: WindowBatch, verdict_weights: Tensor) -> Tensor:
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


def distillation_loss(output: ReaderOutput, said: ReaderOutput, batch: WindowBatch) -> Tensor:
    """The sum of the heads' mean divergences from what a teacher said (Hinton, Vinyals and Dean 2015): of borders for
    factoids and lists, of tags for lists, of verdicts for yes/no, of relevance for all."""
    listed = batch.question_type == QUESTION_TYPES.index(QuestionType.LIST)
    spans = listed | (batch.question_type == QUESTION_TYPES.index(QuestionType.FACTOID))
    polar = batch.question_type == QUESTION_TYPES.index(QuestionType.YESNO)
    tokens = batch.readable & listed[:, None]
    borders = [
        _divergence(ours.masked_fill(~batch.readable, _LOWEST), theirs.masked_fill(~batch.readable, _LOWEST), spans)
        for ours, theirs in ((output.start.float(), said.start.float()), (output.end.float(), said.end.float()))
    ]
    relevance = functional.binary_cross_entropy_with_logits(output.relevance.float(), said.relevance.float().sigmoid())
    return (
        torch.stack(borders).mean()
        + _divergence(output.tags.float(), said.tags.float(), tokens)
        + _divergence(output.verdict.float(), said.verdict.float(), polar)
        + relevance
    )


def _divergence(ours: Tensor, theirs: Tensor, counted: Tensor) -> Tensor:
    """The mean divergence of the probabilities by logits (..., c) from another's, over what is `counted` (...)."""
    found = functional.kl_div(ours.log_softmax(-1), theirs.log_softmax(-1), log_target=True, reduction="none").sum(-1)
    return torch.where(counted, found, 0.0).sum() / counted.sum().clamp(min=1)


def contrastive_loss(cosines: Tensor, wrong: Tensor, temperature: float) -> Tensor:
    """The mean over b queries of minus the log-probability of the right passage among it and the wrong ones.

    `cosines` (b, c) are those of all candidates, of which number i is right for query i; `wrong` (b, c) marks those
    that are known not to be. In-batch negatives: Henderson et al. 2017; the temperature: van den Oord et al. 2018.
    """
    logits = (cosines / temperature).masked_fill(~_counted(wrong), -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(cosines), device=cosines.device))


def retriever_distillation_loss(cosines: Tensor, teacher: Tensor, wrong: Tensor, temperature: float) -> Tensor:
    """The mean over b queries of the divergence of the probabilities of right and wrong candidates from a teacher's,
    who gave the cosines `teacher` (b, c) (Hinton, Vinyals and Dean 2015)."""
    ours, theirs = ((found / temperature).masked_fill(~_counted(wrong), _LOWEST) for found in (cosines, teacher))
    return _divergence(ours, theirs, torch.ones_like(ours[:, 0], dtype=torch.bool))


def without_doubtful(wrong: Tensor, judge: Tensor, margin: float) -> Tensor:
    """`wrong` (b, c) without candidates whose cosine by a judge (b, c) is above that of the right one by more than a
    margin: those may be right, too, and nobody has said so."""
    return wrong & (judge <= judge.diagonal()[:, None] + margin)


def _counted(wrong: Tensor) -> Tensor:
    """The wrong candidates and the right one, which is on the diagonal."""
    return wrong | torch.eye(*wrong.shape, dtype=torch.bool, device=wrong.device)


def balanced_weights(counts: Tensor) -> Tensor:
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
