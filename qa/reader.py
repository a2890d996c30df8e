"""The span reader: a question and passages in, scored spans out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tokenizers import Encoding, Tokenizer

from bioqa.index.arrays import Array
from bioqa.index.models import runtime, sandbox
from bioqa.index.models.model import Model, open_model
from bioqa.index.models.runtime import Network, panics_as_errors
from bioqa.index.records import Passage
from bioqa.index.text import sentences
from bioqa.qa import spans
from bioqa.qa.spans import Span
from bioqa.qa.windows import Window, split_windows

VERDICTS = ("yes", "no", "neither")  # what a text says to a yes/no question, in the order of its probabilities


@dataclass(frozen=True, slots=True)
class Context:
    """What is read of a passage: its document's title and the passage, one after the other, and its sentences."""

    passage: Passage
    text: str
    sentences: tuple[tuple[int, int], ...]

    def sentence_of(self, start: int) -> tuple[int, int]:
        """The range of the sentence that holds the character at `start`."""
        return next(((a, b) for a, b in self.sentences if a <= start < b), (0, len(self.text)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one context: the best spans, best first, and what its other heads say, where it has any.

    `items` are the spans marked as items of a list, in order. `verdict` holds the probabilities that the context says
    yes, no and neither to a yes/no question; `relevance` is the probability that it is to the point.
    """

    context: Context
    spans: tuple[Span, ...]
    items: tuple[Span, ...] = ()
    verdict: tuple[float, float, float] | None = None
    relevance: float | None = None
    tokens: int = 0  # that the network saw, those of the question included


class SpanNetwork(Protocol):
    """A network: sequences in, for each its outputs: start and end logits (n,), and of a reader with all heads also
    those of tags (n, 3), verdict (3,) and relevance ()."""

    def run_all(self, sequences: Sequence[Encoding]) -> list[list[Array]]:
        """The outputs for every sequence of n tokens."""
        ...


def context_of(passage: Passage) -> Context:
    """The text that the reader sees of a passage."""
    title = passage.document.title if passage.start else ""
    lead = f"{title}\n" if title else ""
    ranges = [(0, len(title))] if title else []
    ranges += [(start + len(lead), end + len(lead)) for start, end in sentences.split(passage.text)]
    return Context(passage, lead + passage.text, tuple(ranges))


class Reader:
    """An exported span reader."""

    def __init__(self, folder: Path):
        self.model: Model = open_model(folder, "reader")
        sandbox.require(self.model)
        self._tokenizer = runtime.load_tokenizer(self.model)
        self._network = Network(self.model)

    def read(self, question: str, passages: Sequence[Passage], *, max_tokens: int, count: int) -> list[Reading]:
        """The `count` best spans of at most `max_tokens` tokens in each passage, in the order of `passages`."""
        room = self.model.card.max_tokens
        contexts = [context_of(passage) for passage in passages]
        return read(self._network, self._tokenizer, room, question, contexts, max_tokens=max_tokens, count=count)


def read(
    network: SpanNetwork,
    tokenizer: Tokenizer,
    room: int,
    question: str,
    contexts: Sequence[Context],
    *,
    max_tokens: int,
    count: int,
) -> list[Reading]:
    """What a network that sees `room` tokens at once makes of each context, in their order."""
    with panics_as_errors():
        cut = [split_windows(tokenizer, question, context.text, room) for context in contexts]
    outputs = iter(network.run_all([window.sequence for ours in cut for window in ours]))
    return [
        _reading(context, [(window, next(outputs)) for window in ours], max_tokens=max_tokens, count=count)
        for context, ours in zip(contexts, cut, strict=True)
    ]


def _reading(context: Context, seen: Sequence[tuple[Window, list[Array]]], *, max_tokens: int, count: int) -> Reading:
    found: list[Span] = []
    items: list[Span] = []
    whole: list[Array] = []
    tokens = sum(len(window.sequence.ids) for window, _ in seen)
    for window, (start_logits, end_logits, *others) in seen:
        offsets = np.array(window.offsets, dtype=int).reshape(-1, 2)  # also where the text is empty
        segments = list(context.sentences)
        tags = others[0][window.first : -1] if others else None
        found += spans.best_spans(
            start_logits[window.first : -1],
            end_logits[window.first : -1],
            offsets,
            context.text,
            segments,
            null=float(start_logits[0] + end_logits[0]),
            max_tokens=max_tokens,
            count=count,
            tag_logits=tags,
        )
        if tags is not None:
            _, verdict, relevance = others
            items += spans.tagged_spans(tags, offsets, context.text, segments)
            whole.append(np.append(spans.softmax(verdict), spans.sigmoid(relevance)))
    best = tuple(_distinct(sorted(found, key=lambda span: -span.score))[:count])
    if not whole:
        return Reading(context, best, tokens=tokens)
    yes, no, neither, relevance = max(whole, key=lambda probabilities: float(probabilities[-1])).tolist()
    return Reading(context, best, tuple(_distinct(items)), (yes, no, neither), relevance, tokens)


def _distinct(best_first: Sequence[Span]) -> list[Span]:
    seen: dict[tuple[int, int], Span] = {}
    for span in best_first:
        seen.setdefault((span.start, span.end), span)
    return list(seen.values())
