"""The sentence encoder, with an optional separate network for questions."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import ModelError
from bioqa.index.models import sandbox
from bioqa.index.models.model import Model, ModelCard, open_sides, shipped
from bioqa.index.models.runtime import Network, load_tokenizer, panics_as_errors
from bioqa.index.store.manifest import EncoderIdentity


class Encoder:
    """An exported sentence encoder. Mean pooling and normalisation are part of the network."""

    def __init__(self, folder: Path):
        model, *of_questions = open_sides(folder, "encoder")
        self.card: ModelCard = model.card
        for own in of_questions:
            if own.card.dimensions != self.card.dimensions:
                raise ModelError(
                    f"{own.folder}: its vectors have {own.card.dimensions} dimensions, those of the "
                    f"passages {self.card.dimensions}; export both sides of one training"
                )
        self._of_passages = _TextEncoder(model)
        self._of_questions = _TextEncoder(of_questions[0]) if of_questions else self._of_passages
        self.identity = EncoderIdentity(
            model.card.name,
            model.card.digest,
            model.card.dimensions,
            folder="" if folder == shipped("encoder") else os.path.realpath(folder),
            questions=of_questions[0].card.digest if of_questions else "",
        )

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """Unit vectors of `texts`: float32, shape (len(texts), dimensions). Long texts are truncated."""
        return self._of_passages.encode(texts, on_done)

    def encode_question(self, text: str) -> Array:
        """The vector of a question: float32, shape (dimensions,)."""
        (vector,) = self._of_questions.encode([text], None)
        return np.asarray(vector)


class _TextEncoder:
    """A network with its tokenizer."""

    def __init__(self, model: Model):
        sandbox.require(model)
        self._card = model.card
        self._tokenizer = load_tokenizer(model)
        self._network = Network(model)

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None) -> Array:
        with panics_as_errors():
            pieces = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        room = self._card.max_tokens - self._tokenizer.num_special_tokens_to_add(is_pair=False)
        for piece in pieces:
            piece.truncate(room)
        outputs = self._network.run_all([self._tokenizer.post_process(piece) for piece in pieces], on_done)
        vectors = np.array([output[0] for output in outputs], dtype=np.float32)
        return vectors.reshape(len(texts), self._card.dimensions)
