"""An opened index: lexical and dense search, and the two fused."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bioqa.index import ties
from bioqa.index.encoder import Encoder
from bioqa.index.errors import IndexFolderError, InputError, ModelError
from bioqa.index.filters import NO_FILTER, Filter
from bioqa.index.fusion import FUSION, FUSIONS
from bioqa.index.layouts import open_structure, open_vectors
from bioqa.index.lexical import LexicalIndex, Living
from bioqa.index.manifest import read_manifest
from bioqa.index.model import shipped
from bioqa.index.records import Hit, Passage
from bioqa.index.runtime import Array
from bioqa.index.storage import Store
from bioqa.index.vectors import VectorIndex

MODES = ("hybrid", "lexical", "dense")
DEPTH = 100  # passages taken from each search before fusion


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the two searches see it; `vector` is None where there is no dense search."""

    text: str
    vector: Array | None

    @classmethod
    def of(cls, text: str, encoder: Encoder | None) -> "Query":
        """The question with the vector that this encoder gives it, without one where there is no encoder."""
        return cls(text, encoder.encode_question(text) if encoder else None)


class Index:
    """The last committed state of an index folder, read-only."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.manifest = read_manifest(folder)
        self._store = Store(folder, self.manifest)
        self._structure = open_structure(folder, self.manifest)
        self.lexical = LexicalIndex(
            folder / "lexical" / self.manifest.lexical, Living(self.manifest.tokens, self._store.passage)
        )

    @cached_property
    def _vectors(self) -> VectorIndex | None:
        return open_vectors(self.manifest, self._store, self._structure)

    def open_encoder(self) -> Encoder | None:
        """The encoder that made the vectors of this index, None where it is lexical only.

        Raises IndexFolderError where that encoder is no longer to be had.
        """
        made = self.manifest.encoder
        if made is None:
            return None
        try:
            encoder = Encoder(Path(made.folder) if made.folder else shipped("encoder"))
        except ModelError as error:
            raise IndexFolderError(f"{self.folder}: the encoder it was built with cannot be opened: {error}") from None
        if encoder.identity.digests != made.digests:
            raise IndexFolderError(
                f"{self.folder}: built with another encoder ({made.name}) than {encoder.card.name} of now; "
                "rebuild with 'bioqa index build'"
            )
        return encoder

    def passages_of(self, document_ids: Sequence[str]) -> list[Passage]:
        """All passages of these documents, by their number; of those that the index does not hold, none."""
        rows = np.array(list(self.lexical.document_rows(document_ids)), dtype=np.int64)
        return [self._store.passage(number) for number in self._store.passages_of(rows).tolist()]

    def search(
        self, query: Query, k: int, *, mode: str = "hybrid", narrow: Filter = NO_FILTER, fusion: str = FUSION
    ) -> list[Hit]:
        """The `k` best passages, best first; what scores alike comes in the order of document ids.

        `fusion` is one of `FUSIONS`. `hybrid` falls back to the lexical side alone where the index has no vectors;
        `dense` raises InputError there.
        """
        if mode not in MODES:
            raise InputError(f"unknown mode {mode!r}: choose one of {', '.join(MODES)}")
        if fusion not in FUSIONS:
            raise InputError(f"unknown fusion {fusion!r}: choose one of {', '.join(FUSIONS)}")
        if mode == "dense" and (self._vectors is None or query.vector is None):
            raise InputError(
                f"{self.folder}: lexical only, it has no vectors; use --mode lexical or build it with an encoder"
            )
        depth, place = max(k, DEPTH), self._store.place
        lexical: dict[int, float] = {}
        if mode != "dense":
            lexical = ties.ordered(self.lexical.search(query.text, depth, narrow), depth, place)
        dense: dict[int, float] = {}
        vectors, vector = self._vectors if mode != "lexical" else None, query.vector
        if vectors is not None and vector is not None:
            allowed = None if narrow.is_empty else self.lexical.matching(narrow)
            nearest = ties.complete(lambda size: vectors.search(vector, size, allowed), depth)
            dense = ties.ordered(nearest, depth, place)
        cosines = dense | self._cosines([number for number in lexical if number not in dense], vector) if dense else {}
        rankings = [ranking for ranking in (self.lexical.shares(query.text, lexical), cosines) if ranking]
        best = ties.ordered(FUSIONS[fusion](rankings), k, place)
        lexical_ranks, dense_ranks = _ranks(lexical), _ranks(dense)
        return [
            Hit(
                self._store.passage(number),
                max(score, 0.0),  # a cosine can be negative
                lexical_ranks.get(number),
                dense_ranks.get(number),
                lexical.get(number),
                cosines.get(number),
            )
            for number, score in best.items()
        ]

    def _cosines(self, numbers: Sequence[int], vector: Array | None) -> dict[int, float]:
        """The cosines of passages that the dense search did not come to."""
        if not numbers or vector is None:
            return {}
        rows = np.stack([self._store.vector(number) for number in numbers]).astype(np.float32)
        return dict(zip(numbers, (rows @ vector).tolist(), strict=True))


def _ranks(ranking: dict[int, float]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(ranking, start=1)}
