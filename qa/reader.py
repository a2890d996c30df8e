"""The span reader: a question and passages in, scored spans out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Encoding

from bioqa.index import sentences
from bioqa.index.model import Model, open_model
from bioqa.index.records import Passage
from bioqa.index.runtime import Network, tokenizer
from bioqa.qa import spans
from bioqa.qa.spans import Span

_QUESTION_TOKENS = 64  # what is beyond this of a question is not read
_OVERLAP = 64  # tokens that two windows of a long passage share


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
    """The best spans of one context, best first."""

    context: Context
    spans: tuple[Span, ...]


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
        self._tokenizer = tokenizer(self.model)
        self._network = Network(self.model)

    def read(self, question: str, passages: Sequence[Passage], *, max_tokens: int, count: int) -> list[Reading]:
        """The `count` best spans of at most `max_tokens` tokens in each passage, in the order of `passages`."""
        contexts = [context_of(passage) for passage in passages]
        pieces = [(i, *piece) for i, context in enumerate(contexts) for piece in self._windows(question, context)]
        outputs = self._network.run_all([sequence for _, sequence, _ in pieces])
        found: list[list[Span]] = [[] for _ in contexts]
        for (i, sequence, first), (start_logits, end_logits) in zip(pieces, outputs, strict=True):
            context = contexts[i]
            found[i] += spans.best_spans(
                start_logits[first:-1],
                end_logits[first:-1],
                np.array(sequence.offsets[first:-1]),
                context.text,
                list(context.sentences),
                null=float(start_logits[0] + end_logits[0]),
                max_tokens=max_tokens,
                count=count,
            )
        return [
            Reading(context, tuple(_distinct(sorted(ours, key=lambda span: -span.score))[:count]))
            for context, ours in zip(contexts, found, strict=True)
        ]

    def _windows(self, question: str, context: Context) -> list[tuple[Encoding, int]]:
        """The sequences to run for a context, and at which token of each the context begins."""
        asked = self._tokenizer.encode(question, add_special_tokens=False)
        asked.truncate(_QUESTION_TOKENS)
        text = self._tokenizer.encode(context.text, add_special_tokens=False)
        room = self.model.card.max_tokens - len(asked.ids) - 3
        text.truncate(room, stride=min(_OVERLAP, room // 2))
        return [(self._tokenizer.post_process(asked, part), len(asked.ids) + 2) for part in (text, *text.overflowing)]


def _distinct(best_first: Sequence[Span]) -> list[Span]:
    seen: dict[tuple[int, int], Span] = {}
    for span in best_first:
        seen.setdefault((span.start, span.end), span)
    return list(seen.values())
