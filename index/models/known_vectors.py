"""An encoder with the vectors of texts that it has encoded before, kept in a file."""

import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np

from bioqa.index import atomic
from bioqa.index.arrays import Array
from bioqa.index.models.encoder import Encoder

_BYTES = 16  # of a text's digest


class RememberingEncoder(Encoder):
    """An encoder that does not encode known texts again."""

    def __init__(self, folder: Path, known: Path):
        """`known` is a file by `write`. If it is missing or of another encoder, all texts are encoded."""
        super().__init__(folder)
        self._vectors = _read(known, self.card.digest)

    def encode(self, texts: Sequence[str], on_done: Callable[[int], None] | None = None) -> Array:
        """As `Encoder.encode`, with the known vectors to the precision that an index keeps."""
        digests = [_digest(text) for text in texts]
        fresh = [place for place, digest in enumerate(digests) if digest not in self._vectors]
        vectors = np.zeros((len(texts), self.card.dimensions), dtype=np.float32)
        if fresh:
            vectors[fresh] = super().encode([texts[place] for place in fresh], on_done)
        for place, digest in enumerate(digests):
            if digest in self._vectors:
                vectors[place] = self._vectors[digest]
        return vectors


def write(texts: Sequence[str], encoder: Encoder, path: Path) -> None:
    """Write the vectors of these texts. Raises StorageError where the disk refuses."""
    content = BytesIO()
    digests = np.frombuffer(b"".join(map(_digest, texts)), dtype=np.uint8).reshape(len(texts), _BYTES)
    vectors = encoder.encode(texts).astype(np.float16)
    np.savez(content, encoder=np.array(encoder.card.digest), digests=digests, vectors=vectors)
    atomic.write(path, content.getvalue())


def _read(path: Path, encoder: str) -> dict[bytes, Array]:
    """The vectors in a file, by the digests of their texts; none if it is of another encoder."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["encoder"]) != encoder:
                return {}
            return dict(zip(map(bytes, file["digests"]), file["vectors"], strict=True))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return {}


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()[:_BYTES]
