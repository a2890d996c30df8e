"""Training losses of reader and retriever; unlabelled outputs do not count."""

import torch
from torch import Tensor
from torch.nn import functional

from bioqa.qa.question_types import QuestionType
from bioqa.train.data.batches import QUESTION_TYPES, UNKNOWN, WindowBatch
from bioqa.train.networks.reader import ReaderOutput

_LOWEST = torch.finfo(torch.float32).min  # instead of minus infinity, which gives NaN times a probability of 0


def span_loss(logits: Tensor, correct: Tensor, readable: Tensor) -> Tensor:
    """Negative log-likelihood of the correct borders (b,): 0 where none are labelled.

    The marginal likelihood over all occurrences of an answer (Clark and Gardner 2018): the reader may choose any of
    them.
    """
    known = correct.any(dim=1)
    denominator = logits.masked_fill(~readable, -torch.inf).logsumexp(dim=1)
    numerator = logits.masked_fill(~(correct | ~known[:, None]), -torch.inf).logsumexp(dim=1)
    return torch.where(known, denominator - numerator, 0.0)


def reader_loss(output: ReaderOutput, batch: WindowBatch, verdict_weights: Tensor) -> Tensor:
    """The sum of the heads' mean losses over their labelled outputs.

    `verdict_weights` (origins, 3) weigh the verdict classes of each origin of data.
    """
    spans = span_loss(output.start.float(), batch.starts, batch.readable)
    spans = (spans + span_loss(output.end.float(), batch.ends, batch.readable)) / 2
    known = batch.starts.any(dim=1).sum().clamp(min=1)
    return (
        spans.sum() / known
        + _classes(output.tags.float().flatten(0, 1), batch.tags.flatten())
        + _classes(output.verdict.float(), batch.verdict, verdict_weights[batch.origin, batch.verdict.clamp(min=0)])
        + _relevance(output.relevance.float(), batch.relevant)
    )


def distillation_loss(output: ReaderOutput, teacher: ReaderOutput, batch: WindowBatch) -> Tensor:
    """The sum of the heads' mean divergences from the teacher's outputs (Hinton, Vinyals and Dean 2015).

    Borders count for factoid and list questions, tags for lists, verdicts for yes/no, relevance for all.
    """
    lists = batch.question_type == QUESTION_TYPES.index(QuestionType.LIST)
    spans = lists | (batch.question_type == QUESTION_TYPES.index(QuestionType.FACTOID))
    yesno = batch.question_type == QUESTION_TYPES.index(QuestionType.YESNO)
    tokens = batch.readable & lists[:, None]
    borders = [
        _divergence(ours.masked_fill(~batch.readable, _LOWEST), theirs.masked_fill(~batch.readable, _LOWEST), spans)
        for ours, theirs in ((output.start.float(), teacher.start.float()), (output.end.float(), teacher.end.float()))
    ]
    relevance = functional.binary_cross_entropy_with_logits(
        output.relevance.float(), teacher.relevance.float().sigmoid()
    )
    return (
        torch.stack(borders).mean()
        + _divergence(output.tags.float(), teacher.tags.float(), tokens)
        + _divergence(output.verdict.float(), teacher.verdict.float(), yesno)
        + relevance
    )


def _divergence(ours: Tensor, theirs: Tensor, counted: Tensor) -> Tensor:
    """The mean KL divergence from `theirs` to `ours`, logits of shape (..., c), over the positions marked in `counted`
    (...)."""
    divergences = functional.kl_div(
        ours.log_softmax(-1), theirs.log_softmax(-1), log_target=True, reduction="none"
    ).sum(-1)
    return torch.where(counted, divergences, 0.0).sum() / counted.sum().clamp(min=1)


def contrastive_loss(cosines: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """The mean negative log-likelihood (InfoNCE) of the positive among it and the negatives of each of b queries.

    `cosines` (b, c) are those of all candidates, where number i is the positive of query i; `negatives` (b, c) marks
    the negatives. In-batch negatives: Henderson et al. 2017; temperature: van den Oord et al. 2018.
    """
    logits = (cosines / temperature).masked_fill(~_counted(negatives), -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(cosines), device=cosines.device))


def retriever_distillation_loss(cosines: Tensor, teacher: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """The mean KL divergence of the candidate distribution of b queries from a teacher's (Hinton, Vinyals and Dean
    2015).

    The candidates are the positive and the negatives; `teacher` (b, c) holds the teacher's cosines.
    """
    ours, theirs = (
        (divergences / temperature).masked_fill(~_counted(negatives), _LOWEST) for divergences in (cosines, teacher)
    )
    return _divergence(ours, theirs, torch.ones_like(ours[:, 0], dtype=torch.bool))


def without_doubtful(negatives: Tensor, judge: Tensor, margin: float) -> Tensor:
    """`negatives` (b, c) without candidates whose cosine by `judge` (b, c) exceeds the positive's by more than
    `margin`: probably unlabelled positives."""
    return negatives & (judge <= judge.diagonal()[:, None] + margin)


def _counted(negatives: Tensor) -> Tensor:
    """The negatives and the positive, which is on the diagonal."""
    return negatives | torch.eye(*negatives.shape, dtype=torch.bool, device=negatives.device)


def balanced_weights(counts: Tensor) -> Tensor:
    """Class weights per origin of data that make all classes of an origin count alike, with a mean of 1 over its
    examples.

    `counts` (origins, classes) are numbers of examples. Without the weights a network would learn to recognise the
    origin, since one data set is mostly yes and another half no.
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
