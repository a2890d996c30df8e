"""The values that travel through bioqa: documents, passages, hits, and what a corpus file can hold besides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """One citation. `id` is the PMID as text, or any other identifier such as `starter:cftr`."""

    id: str
    title: str = ""
    abstract: str = ""
    year: int | None = None
    journal: str = ""
    authors: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    language: str = ""
    version: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Title and abstract on two lines; all character offsets of passages refer to it."""
        return f"{self.title}\n{self.abstract}" if self.title and self.abstract else self.title or self.abstract

    @property
    def abstract_start(self) -> int:
        """Character offset in `text` at which the abstract begins."""
        return len(self.text) - len(self.abstract)

    @property
    def link(self) -> str | None:
        """The address of the citation at PubMed, for a real PMID only."""
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.id}/" if self.id.isascii() and self.id.isdigit() else None


@dataclass(frozen=True, slots=True)
class Deletion:
    """A `DeleteCitation` of an update file: the document with this id is withdrawn."""

    id: str


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be used in a file that otherwise can."""

    source: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.place}: {self.reason}"


Record = Document | Deletion | BadRecord


@dataclass(frozen=True, slots=True)
class Passage:
    """A window of whole sentences: characters `start` to `end` of `document.text`; `number` is its row in the index."""

    number: int
    document: Document
    start: int
    end: int

    @property
    def text(self) -> str:
        """The passage itself, without the title unless the title is all there is."""
        return self.document.text[self.start : self.end]

    @property
    def titled(self) -> str:
        """The passage with its document's title before it: what the encoder sees."""
        return f"{self.document.title} {self.text}" if self.start else self.text


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `score` is the fused one. Ranks count from 1 and are None, like the BM25 score and the
    cosine, where that search did not return it."""

    passage: Passage
    score: float
    lexical_rank: int | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    dense_score: float | None = None
