"""Corpora of any size grown from a real one: documents of recombined sentences, vectors around real ones."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bioqa.eval import phases
from bioqa.index import model, sentences
from bioqa.index.encoder import Encoder
from bioqa.index.errors import InputError
from bioqa.index.records import Document
from bioqa.index.runtime import Array

POOL = 20_000  # documents whose sentences are recombined
_NEIGHBOURS = 32
# Of a difference between two random real vectors: with it, a grown vector has a cosine of 0.9 to the one it came from.
_NOISE = 0.35


@dataclass(frozen=True, slots=True)
class _Pool:
    """What documents are grown from; each of `lengths` is the number of sentences of a real abstract."""

    titles: Sequence[str]
    journals: Sequence[str]
    sentences: Sequence[str]
    lengths: Sequence[int]


def documents(path: Path, count: int, seed: int = 1) -> Iterator[Document]:
    """`count` documents of random sentences of the corpus file at `path`, as long as real ones, one after another.

    The same seed gives the same documents, and fewer of them are the first of more. Raises InputError for a corpus
    without abstracts.
    """
    pool, choose = _pool(path), random.Random(seed)  # noqa: S311 (no secret)
    for number in range(count):
        yield Document(
            id=f"grown:{number}",
            title=choose.choice(pool.titles),
            abstract=" ".join(choose.choices(pool.sentences, k=choose.choice(pool.lengths))),
            year=choose.randint(1980, 2025),
            journal=choose.choice(pool.journals),
        )


def real_documents(path: Path, count: int) -> Iterator[Document]:
    """The first `count` documents of a corpus file that have an abstract."""
    return islice((document for document in phases.documents(path) if document.abstract), count)


def _pool(path: Path) -> _Pool:
    titles, journals, lengths, pieces = [], [], [], []
    for document in real_documents(path, POOL):
        ranges = sentences.split(document.abstract)
        titles.append(document.title)
        journals.append(document.journal)
        lengths.append(len(ranges))
        pieces += [document.abstract[start:end] for start, end in ranges]
    if not pieces:
        raise InputError(f"{path}: no abstract in it to grow documents from")
    return _Pool(titles, journals, pieces, lengths)


def grow(real: Array, neighbours: Array, count: int, seed: Sequence[int]) -> Array:
    """`count` unit vectors (float32), each on the way from a real one to a near one, and off it by a part of the
    difference between two others: noise that is shaped as the data is."""
    choose = np.random.default_rng(seed)
    start, one, other = choose.integers(len(real), size=(3, count))
    near = neighbours[start, choose.integers(neighbours.shape[1], size=count)]
    way = choose.uniform(0, 0.5, (count, 1)).astype(np.float32)
    grown = real[start] + way * (real[near] - real[start]) + _NOISE * (real[one] - real[other])
    unit: Array = grown / np.maximum(np.linalg.norm(grown, axis=1, keepdims=True), 1e-6)
    return unit


def nearest(real: Array, block: int = 1024) -> Array:
    """The places of the 32 nearest other rows of each, or of all others where there are fewer: int64 (n, 32)."""
    count = min(_NEIGHBOURS, len(real) - 1)
    found = []
    for first in range(0, len(real), block):
        scores = real[first : first + block] @ real.T
        scores[np.arange(len(scores)), np.arange(first, first + len(scores))] = -np.inf
        found.append(np.argpartition(-scores, count - 1, axis=1)[:, :count].copy())  # a view would keep all of it
    return np.concatenate(found)


class GrownEncoder(Encoder):
    """Stands where the encoder stands, and gives grown vectors in place of those of the texts."""

    def __init__(self, real: Array, seed: int = 1):
        """`real` holds at least two unit vectors, float32, of the encoder that ships."""
        super().__init__(model.shipped("encoder"))
        self._real, self._neighbours, self._seed, self._given = real, nearest(real), seed, 0

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """As many vectors as there are texts; the next call goes on where this one ended."""
        vectors = grow(self._real, self._neighbours, len(texts), [self._seed, self._given])
        self._given += len(texts)
        if on_done:
            on_done(len(texts))
        return vectors
