"""Batches for the reader: examples cut into windows, labelled token by token, grouped by length and padded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from bioqa.index.arrays import Array
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import VERDICTS
from bioqa.qa.windows import Window, split_windows
from bioqa.train.data.examples import Ranges, ReaderExample

UNKNOWN = -100  # the label of unlabelled outputs, which no loss counts
QUESTION_TYPES = tuple(QuestionType)
_POOL = 50  # batches whose sequences are sorted by length at once


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """A window of an example with labels for its n tokens.

    `ids` and `types` are int32 (n,). `text_start` is the first token of the text. `starts` and `ends` are the first and
    last tokens of the answers: token 0 if the window has no answer, empty if unlabelled. `tags` is int8 (n,), empty if
    unlabelled. `question_type` is an index into `QUESTION_TYPES`, `origin` the number of the data set.
    """

    ids: Array
    types: Array
    text_start: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tags: Array
    verdict: int
    relevant: int
    question_type: int
    origin: int


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """b sequences padded to n tokens.

    `readable` (b, n) marks the first token and those of the text; `starts` and `ends` (b, n) mark correct borders;
    `tags` (b, n), `verdict` (b,) and `relevant` (b,) hold classes, or `UNKNOWN`; `question_type` (b,) are indices into
    `QUESTION_TYPES`, `origin` (b,) numbers of data sets.
    """

    ids: Tensor
    mask: Tensor
    types: Tensor
    readable: Tensor
    starts: Tensor
    ends: Tensor
    tags: Tensor
    verdict: Tensor
    relevant: Tensor
    question_type: Tensor
    origin: Tensor

    def to(self, device: str) -> "WindowBatch":
        """The batch on another device."""
        return WindowBatch(*(getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)))


def label_windows(examples: Iterable[ReaderExample], tokenizer: Tokenizer, max_tokens: int) -> Iterator[LabelledWindow]:
    """The labelled windows of all examples, in order."""
    for example in examples:
        for window in split_windows(tokenizer, example.question, example.text, max_tokens):
            yield _label(example, window)


def _label(example: ReaderExample, window: Window) -> LabelledWindow:
    offsets = np.array(window.offsets, dtype=np.int64).reshape(-1, 2)
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    if example.answers is not None:
        answers = [(window.first + first, window.first + last) for first, last in _tokens(example.answers, offsets)]
        starts = tuple(first for first, _ in answers) or (0,)
        ends = tuple(last for _, last in answers) or (0,)
    tags = np.zeros(0, dtype=np.int8)
    if example.items is not None:
        tags = np.full(len(window.sequence.ids), UNKNOWN, dtype=np.int8)
        tags[window.first : -1] = 0
        for first, last in _tokens(example.items, offsets):
            tags[window.first + first] = 1
            tags[window.first + first + 1 : window.first + last + 1] = 2
    return LabelledWindow(
        ids=np.array(window.sequence.ids, dtype=np.int32),
        types=np.array(window.sequence.type_ids, dtype=np.int32),
        text_start=window.first,
        starts=starts,
        ends=ends,
        tags=tags,
        verdict=UNKNOWN if example.verdict is None else VERDICTS.index(example.verdict),
        relevant=UNKNOWN if example.relevant is None else int(example.relevant),
        question_type=QUESTION_TYPES.index(example.question_type),
        origin=example.origin,
    )


def _tokens(ranges: Ranges, offsets: Array) -> Iterator[tuple[int, int]]:
    """The first and last token of each range of characters that lies within the window."""
    if not len(offsets):
        return
    for start, end in ranges:
        first = int(np.searchsorted(offsets[:, 1], start, side="right"))
        last = int(np.searchsorted(offsets[:, 0], end, side="left")) - 1
        if first <= last and offsets[0, 0] <= start and end <= offsets[-1, 1]:
            yield first, last


def shuffled_batches(lengths: Sequence[int], size: int, seed: Sequence[int]) -> list[list[int]]:
    """Batches of at most `size` indices into `lengths`, shuffled, each of sequences of similar length.

    Equal seeds give equal batches.
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(lengths))
    pool = size * _POOL
    batches = [
        part[first : first + size].tolist()
        for start in range(0, len(shuffled), pool)
        for part in [sort_by_length(shuffled[start : start + pool], lengths)]
        for first in range(0, len(part), size)
    ]
    return [batches[i] for i in generator.permutation(len(batches))]


def sort_by_length(numbers: Array, lengths: Sequence[int]) -> Array:
    """The indices in the order of their lengths."""
    return numbers[np.argsort([lengths[number] for number in numbers], kind="stable")]


def collate(rows: Sequence[LabelledWindow]) -> WindowBatch:
    """The windows as one batch, padded to the longest."""
    shape = len(rows), max(len(row.ids) for row in rows)
    ids, types, mask = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    readable, starts, ends = (np.zeros(shape, dtype=bool) for _ in range(3))
    tags = np.full(shape, UNKNOWN, dtype=np.int64)
    for i, row in enumerate(rows):
        n = len(row.ids)
        ids[i, :n], types[i, :n], mask[i, :n] = row.ids, row.types, 1
        readable[i, 0] = readable[i, row.text_start : n - 1] = True
        starts[i, list(row.starts)] = ends[i, list(row.ends)] = True
        tags[i, : len(row.tags)] = row.tags
    per_text = (
        np.array([getattr(row, name) for row in rows]) for name in ("verdict", "relevant", "question_type", "origin")
    )
    return WindowBatch(*map(torch.from_numpy, (ids, mask, types, readable, starts, ends, tags, *per_text)))
