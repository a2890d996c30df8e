"""An opened index: lexical and dense search, and the two fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import chain
from pathlib import Path

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import IndexFolderError, InputError, ModelError
from bioqa.index.models.encoder import Encoder
from bioqa.index.models.model import shipped
from bioqa.index.records import Hit, Passage
from bioqa.index.search import feedback, ties
from bioqa.index.search.dense import VectorIndex
from bioqa.index.search.filters import NO_FILTER, Filter
from bioqa.index.search.fusion import FUSION, FUSIONS
from bioqa.index.search.ivf import Structure
from bioqa.index.search.layout import open_structure, open_vectors
from bioqa.index.search.lexical import LexicalIndex, Living, open_lexical
from bioqa.index.search.search_index import Query
from bioqa.index.store.manifest import Manifest
from bioqa.index.store.segments import Store
from bioqa.index.store.snapshot import opened
from bioqa.index.text import analyzer

MODES = ("hybrid", "lexical", "dense")
DEPTH = 100  # passages taken from each search before fusion


class Index:
    """The last committed state of an index folder, read-only."""

    def __init__(self, folder: Path):
        """Raises IndexFolderError where there is none, or a file of it is missing or damaged."""
        self.folder = folder
        self.manifest, (self._store, self._structure, self.lexical) = opened(folder, self._opened)

    def _opened(self, manifest: Manifest) -> tuple[Store, Structure | None, LexicalIndex]:
        """All files of a commit, which later ones may delete."""
        store = Store(self.folder, manifest)
        store.hold()
        structure = open_structure(self.folder, manifest)
        living = Living(manifest.tokens, store.passage)
        return store, structure, open_lexical(self.folder, manifest, living)

    @property
    def location(self) -> str:
        """The index folder."""
        return str(self.folder)

    @property
    def fingerprint(self) -> str:
        """A digest of folder and commit."""
        return sha256(repr((self.folder.resolve(), self.manifest)).encode("utf-8", "replace")).hexdigest()

    @property
    def documents(self) -> int:
        """The number of documents."""
        return self.manifest.documents

    @property
    def passages(self) -> int:
        """The number of passages."""
        return self.manifest.passages

    @property
    def encoder_name(self) -> str | None:
        """The name of the encoder of its vectors; None for a lexical index."""
        return self.manifest.encoder.name if self.manifest.encoder else None

    def document_frequency(self, term: str) -> int:
        """The number of passages with this term, written as the analyzer writes it."""
        return self.lexical.document_frequency(term)

    def count_documents(self, document_ids: Sequence[str]) -> int:
        """How many of these documents the index holds; the ids are distinct."""
        return len(self.lexical.document_rows(document_ids))

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
            raise IndexFolderError(
                f"{self.folder}: the encoder it was built with cannot be opened: {error}; where it lies elsewhere now, "
                f"'bioqa index build INPUT --to {self.folder} --encoder DIR' has the index find it"
            ) from None
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
        self,
        query: Query,
        k: int,
        *,
        mode: str = "hybrid",
        filters: Filter = NO_FILTER,
        fusion: str = FUSION,
        feedback_passages: int = feedback.PASSAGES,
    ) -> list[Hit]:
        """The `k` best passages, best first; what scores alike comes in the order of document ids.

        `fusion` is one of `FUSIONS`. `hybrid` searches again with the topic of the first `feedback_passages` passages,
        0 for never, where both searches find any. Without vectors it is the lexical search, and `dense` raises
        InputError.
        """
        if mode not in MODES:
            raise InputError(f"unknown mode {mode!r}: choose one of {', '.join(MODES)}")
        if fusion not in FUSIONS:
            raise InputError(f"unknown fusion {fusion!r}: choose one of {', '.join(FUSIONS)}")
        vectors = self._vectors
        vector = query.vector if mode != "lexical" and vectors is not None else None
        if mode == "dense" and vector is None:
            raise InputError(
                f"{self.folder}: lexical only, it has no vectors; use --mode lexical or build it with an encoder"
            )
        depth = max(k, DEPTH)
        allowed = None if vector is None or filters.is_empty else self.lexical.matching(filters)
        weights = self.lexical.weights(query.text) if mode != "dense" else {}
        asked = self._found(weights, vector, depth, filters, allowed)
        best = asked.fused(fusion)
        if mode == "hybrid" and feedback_passages and asked.lexical and vector is not None and vectors is not None:
            first = list(ties.ordered(best, feedback_passages, self._store.place))
            drawn = feedback.vector(vector, vectors.of(first), len(asked.weights))
            best = self._found(self._fed_back(asked, first), drawn, depth, filters, allowed).fused(fusion)
        return self._hits(ties.ordered(best, k, self._store.place), asked, vector)

    def _found(
        self, weights: Mapping[str, float], vector: Array | None, depth: int, filters: Filter, allowed: Array | None
    ) -> "_Found":
        """What terms of these weights and this vector bring up, each to a depth; `allowed` pass the filter."""
        place = self._store.place
        found = self.lexical.weighted(weights, depth, filters)
        self._store.refuse_unknown(found)
        lexical = ties.ordered(found, depth, place)
        dense: dict[int, float] = {}
        if self._vectors is not None and vector is not None:
            vectors, wanted = self._vectors, vector
            dense = ties.ordered(ties.complete(lambda size: vectors.search(wanted, size, allowed), depth), depth, place)
        missing = [number for number in lexical if number not in dense] if dense else []
        return _Found(weights, lexical, dense, dense | self._cosines(missing, vector))

    def _fed_back(self, asked: "_Found", numbers: Sequence[int]) -> dict[str, float]:
        """Weights of terms that say what is asked and what these passages are about."""
        titles = [analyzer.terms(self._store.passage(number).document.title) for number in numbers]
        idf = {term: self.lexical.idf(term) for term in set(chain.from_iterable(titles))}
        return feedback.weights(asked.weights, titles, idf)

    def _hits(self, best: Mapping[int, float], asked: "_Found", vector: Array | None) -> list[Hit]:
        """The passages that scored best, with how well each of the two searches found them as it was asked."""
        cosines = asked.cosines
        if cosines:
            cosines = cosines | self._cosines([number for number in best if number not in cosines], vector)
        lexical_ranks, dense_ranks = _ranks(asked.lexical), _ranks(asked.dense)
        return [
            Hit(
                self._store.passage(number),
                max(score, 0.0),  # a cosine can be negative
                lexical_ranks.get(number),
                dense_ranks.get(number),
                asked.lexical.get(number),
                cosines.get(number),
            )
            for number, score in best.items()
        ]

    def _cosines(self, numbers: Sequence[int], vector: Array | None) -> dict[int, float]:
        """The cosines of passages that the dense search did not come to."""
        if not numbers or vector is None or self._vectors is None:
            return {}
        return dict(zip(numbers, (self._vectors.of(numbers) @ vector).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Found:
    """What the two searches brought up: BM25 scores for terms of these weights, and cosines, also of all passages that
    BM25 brought up where there are any."""

    weights: Mapping[str, float]
    lexical: Mapping[int, float]
    dense: Mapping[int, float]
    cosines: dict[int, float]

    def fused(self, fusion: str) -> dict[int, float]:
        """One ranking of the two."""
        rankings = [LexicalIndex.shares(self.weights, self.lexical), self.cosines]
        return FUSIONS[fusion]([ranking for ranking in rankings if ranking])


def _ranks(ranking: Mapping[int, float]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(ranking, start=1)}
