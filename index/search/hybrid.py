"""An opened index folder with lexical, dense and hybrid search."""

import re
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
from bioqa.index.search.filters import NO_FILTER, Filter, FilterReport
from bioqa.index.search.fusion import FUSION, FUSIONS
from bioqa.index.search.ivf import InvertedLists
from bioqa.index.search.layout import open_inverted_lists, open_vectors
from bioqa.index.search.lexical import LexicalIndex, LivePassages, open_lexical
from bioqa.index.search.search_index import Query
from bioqa.index.store.manifest import Manifest
from bioqa.index.store.segments import Store
from bioqa.index.store.snapshot import read_snapshot
from bioqa.index.text import analyzer

MODES = ("hybrid", "lexical", "dense")
_LIKE = 30  # passages in which words like a misspelt one are looked for
_WORD = re.compile(r"[^\W\d_]+")
DEPTH = 100  # passages per search before fusion


class Index:
    """The last committed state of an index folder, read-only."""

    def __init__(self, folder: Path):
        """Raises IndexFolderError if there is no index, or a file is missing or damaged."""
        self.folder = folder
        self.manifest, (self._store, self._structure, self.lexical) = read_snapshot(folder, self._opened)

    def _opened(self, manifest: Manifest) -> tuple[Store, InvertedLists | None, LexicalIndex]:
        """Open all files of a commit, which later commits may delete."""
        store = Store(self.folder, manifest)
        store.map_files()
        structure = open_inverted_lists(self.folder, manifest)
        living = LivePassages(manifest.tokens, store.passage)
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

    def similar_words(self, word: str, distance: int) -> list[str]:
        """Words of the index, in lower case, that may differ from `word` by at most `distance` edits."""
        found: dict[str, None] = {}
        for term in analyzer.terms(word)[:1]:
            for number in self.lexical.passages_like(term, distance, _LIKE):
                found |= dict.fromkeys(_WORD.findall(self._store.passage(number).search_text.lower()))
        return [candidate for candidate in found if abs(len(candidate) - len(word)) <= distance]

    def count_documents(self, document_ids: Sequence[str]) -> int:
        """How many of these documents the index holds; the ids are distinct."""
        return len(self.lexical.document_rows(document_ids))

    @cached_property
    def _vectors(self) -> VectorIndex | None:
        return open_vectors(self.manifest, self._store, self._structure)

    def open_encoder(self) -> Encoder | None:
        """The encoder of the vectors of this index; None for a lexical index.

        Raises IndexFolderError if that encoder is no longer available.
        """
        made = self.manifest.encoder
        if made is None:
            return None
        try:
            encoder = Encoder(Path(made.folder) if made.folder else shipped("encoder"))
        except ModelError as error:
            raise IndexFolderError(
                f"{self.folder}: the encoder it was built with cannot be opened: {error}; if the encoder was moved, "
                f"'bioqa index build INPUT --to {self.folder} --encoder DIR' records its new place"
            ) from None
        if encoder.identity.digests != made.digests:
            raise IndexFolderError(
                f"{self.folder}: built with another encoder ({made.name}) than the present {encoder.card.name}; "
                "rebuild with 'bioqa index build'"
            )
        return encoder

    def passages_of(self, document_ids: Sequence[str]) -> list[Passage]:
        """All passages of these documents by number; none for documents that the index does not hold."""
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
        """The `k` best passages, best first; ties are ordered by document id.

        `fusion` is one of `FUSIONS`. If both searches find passages, `hybrid` searches again with relevance feedback
        from the first `feedback_passages` passages (0: no feedback). Without vectors, `hybrid` is lexical search and
        `dense` raises InputError.
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
        allowed = None if vector is None or filters.is_empty else self.lexical.filtered_passages(filters)
        weights = self.lexical.weights(query.text) if mode != "dense" else {}
        results = self._search_both(weights, vector, depth, filters, allowed)
        best = results.fused(fusion)
        if mode == "hybrid" and feedback_passages and results.lexical and vector is not None and vectors is not None:
            first = list(ties.rank_with_ties(best, feedback_passages, self._store.place))
            moved = feedback.feedback_vector(vector, vectors.vectors_of(first), len(results.weights))
            best = self._search_both(self._feedback_weights(results, first), moved, depth, filters, allowed).fused(
                fusion
            )
        return self._hits(ties.rank_with_ties(best, k, self._store.place), results, vector)

    def filter_report(self, filters: Filter) -> FilterReport:
        """How the values of a filter are understood, and why no paper passes, if none does."""
        if filters.is_empty:
            return FilterReport()
        from bioqa.index.search import filter_report

        return filter_report.report(filters, self.lexical, lambda number: self._store.passage(number).document)

    def _search_both(
        self, weights: Mapping[str, float], vector: Array | None, depth: int, filters: Filter, allowed: Array | None
    ) -> "_Candidates":
        """The passages found by these term weights and by this vector, each to a depth; `allowed` pass the filter."""
        place = self._store.place
        found = self.lexical.search_terms(weights, depth, filters)
        self._store.refuse_unknown(found)
        lexical = ties.rank_with_ties(found, depth, place)
        dense: dict[int, float] = {}
        if self._vectors is not None and vector is not None:
            vectors, wanted = self._vectors, vector
            dense = ties.rank_with_ties(
                ties.search_with_ties(lambda size: vectors.search(wanted, size, allowed), depth), depth, place
            )
        missing = [number for number in lexical if number not in dense] if dense else []
        return _Candidates(weights, lexical, dense, dense | self._cosines(missing, vector))

    def _feedback_weights(self, results: "_Candidates", numbers: Sequence[int]) -> dict[str, float]:
        """Term weights of the query, extended by terms from the titles of these passages."""
        analyzed = (analyzer.analyze(self._store.passage(number).document.title) for number in numbers)
        titles = [analyzer.analyzed_by(self.manifest.analyzer, title).split() for title in analyzed]
        idf = {term: self.lexical.idf(term) for term in set(chain.from_iterable(titles))}
        return feedback.feedback_weights(results.weights, titles, idf)

    def _hits(self, best: Mapping[int, float], results: "_Candidates", vector: Array | None) -> list[Hit]:
        """The best passages, each with its ranks and scores from the searches before feedback."""
        cosines = results.cosines
        if cosines:
            cosines = cosines | self._cosines([number for number in best if number not in cosines], vector)
        lexical_ranks, dense_ranks = _ranks(results.lexical), _ranks(results.dense)
        return [
            Hit(
                self._store.passage(number),
                max(score, 0.0),  # a cosine can be negative
                lexical_ranks.get(number),
                dense_ranks.get(number),
                results.lexical.get(number),
                cosines.get(number),
            )
            for number, score in best.items()
        ]

    def _cosines(self, numbers: Sequence[int], vector: Array | None) -> dict[int, float]:
        """The cosines of passages that the dense search did not return."""
        if not numbers or vector is None or self._vectors is None:
            return {}
        return dict(zip(numbers, (self._vectors.vectors_of(numbers) @ vector).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The results of both searches: BM25 scores for these term weights, and cosines of all passages found by either."""

    weights: Mapping[str, float]
    lexical: Mapping[int, float]
    dense: Mapping[int, float]
    cosines: dict[int, float]

    def fused(self, fusion: str) -> dict[int, float]:
        """The fused scores."""
        rankings = [LexicalIndex.normalized(self.weights, self.lexical), self.cosines]
        return FUSIONS[fusion]([ranking for ranking in rankings if ranking])


def _ranks(ranking: Mapping[int, float]) -> dict[int, int]:
    return {number: rank for rank, number in enumerate(ranking, start=1)}
