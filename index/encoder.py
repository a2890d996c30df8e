"""Texts to unit vectors, by one encoder or by a pair, of which one is for questions."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bioqa.index.errors import ModelError
from bioqa.index.manifest import EncoderIdentity
from bioqa.index.model import ModelCard, of_questions, open_model, shipped
from bioqa.index.runtime import Array, Network, tokenizer


class Encoder:
    """An exported sentence encoder (mean pooling and normalisation are part of the network)."""

    def __init__(self, folder: Path):
        self._folder = folder
        model = open_model(folder, "encoder")
        self.card: ModelCard = model.card
        self._tokenizer = tokenizer(model)
        self._network = Network(model)
        own = of_questions(folder)
        self._of_questions = Encoder(own) if own else self
        if self._of_questions.card.dimensions != self.card.dimensions:
            raise ModelError(
                f"{own}: its vectors have {self._of_questions.card.dimensions} dimensions, those of the "
                f"passages {self.card.dimensions}; export both sides of one training"
            )
        self.identity = EncoderIdentity(
            model.card.name,
            model.card.digest,
            model.card.dimensions,
            folder="" if folder == shipped("encoder") else str(folder.resolve()),
            questions=self._of_questions.card.digest if own else "",
        )

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """Vectors of `texts`: float32, shape (len(texts), dimensions), rows of length 1. Long texts are cut."""
        pieces = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        room = self.card.max_tokens - self._tokenizer.num_special_tokens_to_add(is_pair=False)
        for piece in pieces:
            piece.truncate(room)
        outputs = self._network.run_all([self._tokenizer.post_process(piece) for piece in pieces], on_done)
        vectors = np.array([output[0] for output in outputs], dtype=np.float32)
        if len(texts) and vectors.shape[1:] != (self.card.dimensions,):
            raise ModelError(
                f"{self._folder}: the network gives vectors {vectors.shape[1:]}, its card says {self.card.dimensions}"
            )
        return vectors.reshape(len(texts), self.card.dimensions)

    def encode_question(self, text: str) -> Array:
        """The vector of a question: float32, shape (dimensions,)."""
        (vector,) = self._of_questions.encode([text])
        return np.asarray(vector)
