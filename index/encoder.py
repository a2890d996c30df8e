"""Texts to unit vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bioqa.index.manifest import EncoderIdentity
from bioqa.index.model import ModelCard, open_model, shipped
from bioqa.index.runtime import Array, Network, tokenizer


class Encoder:
    """An exported sentence encoder (mean pooling and normalisation are part of the network)."""

    def __init__(self, folder: Path):
        model = open_model(folder, "encoder")
        self.card: ModelCard = model.card
        self.identity = EncoderIdentity(
            model.card.name,
            model.card.digest,
            model.card.dimensions,
            folder="" if folder == shipped("encoder") else str(folder.resolve()),
        )
        self._tokenizer = tokenizer(model)
        self._network = Network(model)

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """Vectors of `texts`: float32, shape (len(texts), dimensions), rows of length 1. Long texts are cut."""
        sequences = self._tokenizer.encode_batch_fast(list(texts))
        for sequence in sequences:
            sequence.truncate(self.card.max_tokens)
        outputs = self._network.run_all(sequences, on_done)
        vectors = np.array([output[0] for output in outputs], dtype=np.float32)
        return vectors.reshape(len(texts), self.card.dimensions)
