"""Vectors and segments without an encoder; and property tests take as long as a busy machine makes them take."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from bioqa.index import storage
from bioqa.index.manifest import EncoderIdentity, Manifest
from bioqa.index.records import Document
from bioqa.index.rows import Rows
from bioqa.index.runtime import Array

settings.register_profile("index", deadline=None)
settings.load_profile("index")

DIMENSIONS = 16
MakeRows = Callable[[int, int], Array]


@pytest.fixture(scope="session")
def unit_rows() -> MakeRows:
    """Makes random unit vectors in fp16: how many, and the seed."""

    def make(count: int, seed: int) -> Array:
        rows = np.random.default_rng(seed).standard_normal((count, DIMENSIONS))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)

    return make


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Sequence[Array]], Rows]:
    """Rows over segments that are in memory."""
    return lambda segments: Rows([len(part) for part in segments], segments.__getitem__, DIMENSIONS, 10**9)


@pytest.fixture
def add_segment() -> Callable[..., Manifest]:
    """Commits a segment of documents with one passage each, and what is removed, without a lexical index."""

    def add(folder: Path, manifest: Manifest | None, vectors: Array, removed: Sequence[int] = ()) -> Manifest:
        before = manifest or Manifest("none", 150, EncoderIdentity("toy", "0" * 64, vectors.shape[1]))
        name = f"{before.commit + 1:06}"
        first = sum(segment.passages for segment in before.segments)
        documents = [Document(str(first + place), "A title") for place in range(len(vectors))]
        with storage.writing(folder):
            segment = storage.write_segment(folder, name, documents, [[(0, 7)]] * len(vectors), vectors)
            if len(removed):
                np.save(folder / f"removed-{name}.npy", np.array(removed, dtype=np.int64))
            total = first + len(vectors)
            return storage.commit(
                folder,
                before,
                replace(
                    before,
                    documents=total - len(removed),
                    passages=total - len(removed),
                    segments=(*before.segments, segment),
                    removed=f"removed-{name}.npy" if len(removed) else "",
                ),
            )

    return add
