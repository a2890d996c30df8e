"""Record types shared by all of bioqa: documents, passages, search hits, and the other records of a corpus file."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

RETRACTED, CONCERN = STATUSES = ("retracted", "concern")

# Of a title or a heading, which precede every passage in the index. The longest of 35,000 titles has 442.
_LONGEST_HEADING = 2_000  # characters
_SHOWN = 300  # characters of a place or a reason


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a full text: its heading, preceded by those of its parent sections, and one paragraph per line."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One citation, with its full text where available.

    `id` is the PMID as text, or another identifier such as `starter:cftr`. `status` is `retracted`, `concern` (the
    editors published an expression of concern) or empty. No section has an empty text. `file_number` identifies the
    PubMed file that the citation came from, as `listing.file_number` defines it; 0 for any other source. `source` names
    the kind of source, such as `pubmed` or `jats`. A document from several sources has one of its records of each in
    `parts`.
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
    source: str = field(default="", compare=False)
    parts: tuple["Document", ...] = ()

    def is_older_than(self, other: "Document") -> bool:
        """Whether this is an earlier state of the same citation, by version, then by PubMed file."""
        if self.version == other.version and self.file_number and other.file_number:
            return self.file_number < other.file_number
        return self.version < other.version

    @property
    def text(self) -> str:
        """Title, abstract, and heading and text of each section, joined by line breaks. Passage offsets refer to it."""
        body = (line for section in self.sections for line in (section.heading, section.text))
        return "\n".join(line for line in (self.title, self.abstract, *body) if line)

    @property
    def abstract_start(self) -> int:
        """Character offset in `text` at which the abstract begins."""
        return len(self.title) + bool(self.title and self.abstract)

    @property
    def section_starts(self) -> tuple[int, ...]:
        """Character offsets in `text` at which the section texts begin, after their headings."""
        starts = []
        end = self.abstract_start + len(self.abstract)
        for section in self.sections:
            start = end + bool(end) + (len(section.heading) + 1 if section.heading else 0)
            starts.append(start)
            end = start + len(section.text)
        return tuple(starts)

    @property
    def link(self) -> str | None:
        """The URL at PubMed for a PMID, at PubMed Central for a PMC id, otherwise None."""
        number = self.id.removeprefix("PMC")
        if not (number.isascii() and number.isdigit()):
            return None
        site = "pubmed.ncbi.nlm.nih.gov" if number == self.id else "pmc.ncbi.nlm.nih.gov/articles"
        return f"https://{site}/{self.id}/"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A `DeleteCitation` element of an update file, which withdraws the document with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class BadRecord:
    """An unusable record in an otherwise usable file."""

    source: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {_shortened(self.place)}: {_shortened(self.reason)}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True, slots=True)
class UnrecognizedFile:
    """A file in an archive that is skipped because its name does not indicate a known format."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}: {_shortened(self.name)}"


Record = Document | Deletion | BadRecord | UnrecognizedFile


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences: characters `start` to `end` of `document.text`. `number` is the row in the index."""

    number: int
    document: Document
    start: int
    end: int

    @property
    def text(self) -> str:
        """The text of the passage; the title is included only if the document has nothing else."""
        return self.document.text[self.start : self.end]

    @property
    def section(self) -> int | None:
        """The number of the section that contains the passage, None for title and abstract."""
        before = bisect_right(self.document.section_starts, self.start)
        return before - 1 if before else None

    @property
    def heading(self) -> str:
        """The heading of that section; empty for title and abstract."""
        number = self.section
        return "" if number is None else self.document.sections[number].heading

    @property
    def search_text(self) -> str:
        """Document title, section heading and passage text: the text that lexical and dense search index."""
        return next(search_texts([self]))


def search_fields(passages: Iterable[Passage]) -> Iterator[tuple[str, str, str]]:
    """Title, heading and text of passages as both searches index them. Fastest if grouped by document.

    An excessively long title or heading is truncated, because every passage repeats it.
    """
    document: Document | None = None
    text = title = ""
    starts: tuple[int, ...] = ()
    for passage in passages:
        if passage.document is not document:
            document = passage.document
            text, starts, title = document.text, document.section_starts, document.title[:_LONGEST_HEADING]
        own = text[passage.start : passage.end]
        if passage.start:
            section = bisect_right(starts, passage.start)
            yield title, document.sections[section - 1].heading[:_LONGEST_HEADING] if section else "", own
        else:
            yield "", "", own


def search_texts(passages: Iterable[Passage]) -> Iterator[str]:
    """The `Passage.search_text` of each passage. Fastest if the passages are grouped by document."""
    return (" ".join(filter(None, parts)) for parts in search_fields(passages))


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with its fused `score`.

    Ranks start at 1. The ranks and the BM25 score are None if that search did not return the passage; the cosine is
    None if there was no dense search.
    """

    passage: Passage
    score: float
    lexical_rank: int | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    dense_score: float | None = None
