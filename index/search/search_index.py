"""The SearchIndex protocol: the interface of an index to question answering and evaluation, for any search engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bioqa.index.arrays import Array
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Hit, Passage
from bioqa.index.search import feedback
from bioqa.index.search.filters import NO_FILTER, Filter, FilterReport
from bioqa.index.search.fusion import FUSION


@dataclass(frozen=True, slots=True)
class Query:
    """A query as text and vector; `vector` is None without dense search."""

    text: str
    vector: Array | None

    @classmethod
    def of(cls, text: str, encoder: Encoder | None) -> "Query":
        """The query with its vector, or without one if there is no encoder."""
        return cls(text, encoder.encode_question(text) if encoder else None)


class SearchIndex(Protocol):
    """One committed state of an index, read-only."""

    @property
    def location(self) -> str:
        """Where the index is, as users name it."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest of the index and its state, which changes with every commit."""
        ...

    @property
    def documents(self) -> int:
        """The number of documents."""
        ...

    @property
    def passages(self) -> int:
        """The number of passages."""
        ...

    @property
    def encoder_name(self) -> str | None:
        """The name of the encoder of its vectors; None for a lexical index."""
        ...

    def open_encoder(self) -> Encoder | None:
        """The encoder of its vectors; None for a lexical index. Raises IndexFolderError if it cannot be opened."""
        ...

    def document_frequency(self, term: str) -> int:
        """The number of passages with this analyzed term."""
        ...

    def similar_words(self, word: str, distance: int) -> list[str]:
        """Words of the index, in lower case, that may differ from `word` by at most `distance` edits."""
        ...

    def count_documents(self, document_ids: Sequence[str]) -> int:
        """How many of these documents the index holds; the ids are distinct."""
        ...

    def passages_of(self, document_ids: Sequence[str]) -> list[Passage]:
        """All passages of these documents by number; none for documents that the index does not hold."""
        ...

    def filter_report(self, filters: Filter) -> FilterReport:
        """How the values of a filter are understood, and why no paper passes, if none does."""
        ...

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
        """The `k` best passages, best first. Raises InputError for a mode or fusion that the index does not have."""
        ...
