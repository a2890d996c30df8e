"""Synthetic corpora of any size from a real one: documents of recombined sentences, and vectors near real ones."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bioqa.eval.speed import workloads
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Document
from bioqa.index.text import sentences

SOURCE_DOCUMENTS = 20_000  # the most real documents whose sentences are recombined
_NEIGHBOURS = 32
# Share of the difference between two random real vectors: it gives a cosine of 0.9 to the original vector.
_NOISE = 0.35


@dataclass(frozen=True, slots=True)
class _Source:
    """The material of synthetic documents; `lengths` holds the numbers of sentences of real abstracts."""

    titles: Sequence[str]
    journals: Sequence[str]
    sentences: Sequence[str]
    lengths: Sequence[int]


def documents(path: Path, count: int, seed: int = 1) -> Iterator[Document]:
    """`count` documents of random sentences from the corpus file at `path`, with the lengths of real ones.

    The same seed gives the same documents, and a smaller count gives the first of them. Raises InputError for a corpus
    without abstracts.
    """
    source, choose = _source(path), random.Random(seed)  # noqa: S311 (no secret)
    for number in range(count):
        yield Document(
            id=f"grown:{number}",
            title=choose.choice(source.titles),
            abstract=" ".join(choose.choices(source.sentences, k=choose.choice(source.lengths))),
            year=choose.randint(1980, 2025),
            journal=choose.choice(source.journals),
        )


def real_documents(path: Path, count: int) -> Iterator[Document]:
    """The first `count` documents of a corpus file that have an abstract."""
    return islice((document for document in workloads.documents(path) if document.abstract), count)


def _source(path: Path) -> _Source:
    titles, journals, lengths, pieces = [], [], [], []
    for document in real_documents(path, SOURCE_DOCUMENTS):
        ranges = sentences.split(document.abstract)
        titles.append(document.title)
        journals.append(document.journal)
        lengths.append(len(ranges))
        pieces += [document.abstract[start:end] for start, end in ranges]
    if not pieces:
        raise InputError(f"{path}: no abstracts in the corpus; synthetic documents need some")
    return _Source(titles, journals, pieces, lengths)


def grow_vectors(real: Array, neighbours: Array, count: int, seed: Sequence[int]) -> Array:
    """`count` unit vectors (float32), each between a real vector and a neighbour, plus a share of the difference of two
    other vectors: noise with the distribution of the data."""
    choose = np.random.default_rng(seed)
    start, one, other = choose.integers(len(real), size=(3, count))
    neighbour = neighbours[start, choose.integers(neighbours.shape[1], size=count)]
    position = choose.uniform(0, 0.5, (count, 1)).astype(np.float32)
    vectors = real[start] + position * (real[neighbour] - real[start]) + _NOISE * (real[one] - real[other])
    unit: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return unit


def nearest_neighbours(real: Array, block: int = 1024) -> Array:
    """The numbers of the 32 nearest other rows of each row, or of all others if there are fewer: int64 (n, 32)."""
    count = min(_NEIGHBOURS, len(real) - 1)
    nearest = []
    for first in range(0, len(real), block):
        scores = real[first : first + block] @ real.T
        scores[np.arange(len(scores)), np.arange(first, first + len(scores))] = -np.inf
        nearest.append(
            np.argpartition(-scores, count - 1, axis=1)[:, :count].copy()
        )  # a view would keep the whole array
    return np.concatenate(nearest)


class SyntheticEncoder(Encoder):
    """An encoder that returns synthetic vectors instead of encoding the texts."""

    def __init__(self, real: Array, seed: int = 1):
        """`real` holds at least two unit vectors, float32, from the encoder that ships."""
        super().__init__(model.shipped("encoder"))
        self._real, self._neighbours = real, nearest_neighbours(real)
        self._seed, self._encoded = seed, 0

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """One vector for each text; the next call continues the sequence."""
        vectors = grow_vectors(self._real, self._neighbours, len(texts), [self._seed, self._encoded])
        self._encoded += len(texts)
        if on_done:
            on_done(len(texts))
        return vectors
