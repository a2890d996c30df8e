"""The values that travel through bioqa: documents, passages, hits, and what a corpus file can hold besides."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

RETRACTED, CONCERN = STATUSES = ("retracted", "concern")

# Of a title and of a heading, each: what stands before every passage. Of 35,000 titles the longest has 442.
_LONGEST_BEFORE = 2_000  # characters
_SHOWN = 300  # characters of a place or a reason


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a full text: its heading, after those of the parts it stands in, and its paragraphs, one a line."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One citation, with its full text where that is at hand.

    `id` is the PMID as text, or any other identifier such as `starter:cftr`. `status` is `retracted`, `concern` where
    the editors have published an expression of concern, or empty. No section has an empty text. `file_number` tells
    which of PubMed's files it came in, 0 for none of them: `listing.file_number` says how.
    """

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
    status: str = ""
    sections: tuple[Section, ...] = ()
    file_number: int = 0

    def is_older_than(self, other: "Document") -> bool:
        """Whether this is an earlier state of the same citation: by its version, else by PubMed's files."""
        if self.version == other.version and self.file_number and other.file_number:
            return self.file_number < other.file_number
        return self.version < other.version

    @property
    def text(self) -> str:
        """Title, abstract, and heading and text of each section, a line each; all offsets of passages refer to it."""
        body = (line for section in self.sections for line in (section.heading, section.text))
        return "\n".join(line for line in (self.title, self.abstract, *body) if line)

    @property
    def abstract_start(self) -> int:
        """Character offset in `text` at which the abstract begins."""
        return len(self.title) + bool(self.title and self.abstract)

    @property
    def section_starts(self) -> tuple[int, ...]:
        """Character offsets in `text` at which the texts of the sections begin, behind their headings."""
        starts = []
        end = self.abstract_start + len(self.abstract)
        for section in self.sections:
            start = end + bool(end) + (len(section.heading) + 1 if section.heading else 0)
            starts.append(start)
            end = start + len(section.text)
        return tuple(starts)

    @property
    def link(self) -> str | None:
        """The address of the citation at PubMed for a real PMID, of the article at PubMed Central for a PMC id."""
        number = self.id.removeprefix("PMC")
        if not (number.isascii() and number.isdigit()):
            return None
        site = "pubmed.ncbi.nlm.nih.gov" if number == self.id else "pmc.ncbi.nlm.nih.gov/articles"
        return f"https://{site}/{self.id}/"


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
        return f"{self.source}: {_shortened(self.place)}: {_shortened(self.reason)}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file in an archive that is not read, since its name says no format."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}: {_shortened(self.name)}"


Record = Document | Deletion | BadRecord | PassedOver


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
    def section(self) -> int | None:
        """The number of the section that the passage is of, None for one of title or abstract."""
        before = bisect_right(self.document.section_starts, self.start)
        return before - 1 if before else None

    @property
    def heading(self) -> str:
        """The heading of that section, empty where there is none."""
        number = self.section
        return "" if number is None else self.document.sections[number].heading

    @property
    def titled(self) -> str:
        """The passage behind its document's title and its section's heading: what both searches see."""
        return next(titled([self]))


def pieces(passages: Iterable[Passage]) -> Iterator[tuple[str, str, str]]:
    """Title, heading and text of passages as both searches see them; those of one document are best in a row.

    A title or heading that is longer than any is cut: it would be repeated as often as there are passages.
    """
    document: Document | None = None
    text = title = ""
    starts: tuple[int, ...] = ()
    for passage in passages:
        if passage.document is not document:
            document = passage.document
            text, starts, title = document.text, document.section_starts, document.title[:_LONGEST_BEFORE]
        own = text[passage.start : passage.end]
        if passage.start:
            section = bisect_right(starts, passage.start)
            yield title, document.sections[section - 1].heading[:_LONGEST_BEFORE] if section else "", own
        else:
            yield "", "", own


def titled(passages: Iterable[Passage]) -> Iterator[str]:
    """Each passage behind its document's title and its section's heading, quickest for those of one document in a
    row."""
    return (" ".join(filter(None, parts)) for parts in pieces(passages))


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `score` is the fused one. Ranks count from 1 and are None, like the BM25 score, where
    that search did not return it; the cosine is None where there are no vectors, or they were not asked."""

    passage: Passage
    score: float
    lexical_rank: int | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    dense_score: float | None = None
