"""The choice among several abstracts of one paper: English and technical before other languages and kinds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENGLISH = {"eng", "en", ""}  # unknown languages included
_TECHNICAL = {"", "aamc", "aids", "abstract", "kie", "nasa", "pip", "publisher", "structured"}
_NO_SUMMARY = {
    "graphical",
    "graphical-abstract",
    "highlights",
    "key-points",
    "teaser",
    "toc",
    "video",
    "video-abstract",
}


@dataclass(frozen=True, slots=True)
class Abstract:
    """An abstract with its language, as PubMed abbreviates it, and its kind, such as "plain-language-summary"."""

    text: str
    language: str = ""
    kind: str = ""

    @property
    def is_english(self) -> bool:
        """Whether it is in English, or does not say."""
        return self.language.lower() in ENGLISH

    @property
    def as_field(self) -> Mapping[str, str]:
        """What is kept of an abstract that was not chosen."""
        return {"language": self.language, "type": self.kind, "text": self.text}


def choose(abstracts: Iterable[Abstract]) -> tuple[Abstract, list[Mapping[str, str]]]:
    """The abstract to index, empty if there is none, and the others; the first among equals."""
    every = [abstract for abstract in abstracts if abstract.text]
    if not every:
        return Abstract(""), []
    best = min(every, key=_rank)
    return best, [other.as_field for other in every if other is not best and other.text != best.text]


def _rank(abstract: Abstract) -> tuple[bool, bool, bool]:
    kind = abstract.kind.lower()
    return kind in _NO_SUMMARY, not abstract.is_english, kind not in _TECHNICAL
