"""Other names and spellings of the words in a question, so that it meets passages that use those."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bioqa.index.records import Hit
from bioqa.index.text import analyzer

_TOKEN = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 3  # letters before an ending
_MOST_WORDS = 60  # of a question that are looked up; a longer one meets passages anyhow


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in the words of an index.

    `text` is the question with words that the index does not know, or hardly knows, replaced by others of the same
    meaning. `others` are further names and spellings that the index knows. `aliases` are the search terms of those,
    each with the terms in `text`. `replaced` are the words that `text` no longer has, and `brands`
    maps the brand names among them to their drugs.
    """

    text: str
    others: tuple[str, ...] = ()
    aliases: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    brands: Mapping[str, str] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """The text to search for: the question with all other names and spellings."""
        return " ".join([self.text, *self.others])

    @property
    def notice(self) -> str:
        """A line that explains the brand names that were replaced."""
        return " ".join(f"{brand} is a brand name of {drug}." for brand, drug in self.brands.items())


def in_words_of(question: str, document_frequency: Callable[[str], int]) -> Wording:
    """The question in the words of an index, which tells the number of passages with a search term."""
    text = question
    others: list[str] = []
    aliases: list[tuple[frozenset[str], frozenset[str]]] = []
    brands: dict[str, str] = {}
    replaced: list[str] = []
    for written, candidates, is_brand in _replaceable(question):
        counts = {candidate: _frequency(candidate, document_frequency) for candidate in (written, *candidates)}
        best = max(counts, key=lambda candidate: (counts[candidate], candidate == written))
        if not counts[best]:
            continue
        chosen = written if counts[written] * 2 >= counts[best] else best
        if chosen != written:
            text = re.sub(rf"\b{re.escape(written)}\b", chosen, text)
            replaced.append(written)
            aliases.append((frozenset(analyzer.terms(written)), frozenset(analyzer.terms(chosen))))
            if is_brand:
                brands[written] = chosen
        for other in (candidate for candidate, count in counts.items() if count and candidate != chosen):
            others.append(other)
            if other != written:
                aliases.append((frozenset(analyzer.terms(other)), frozenset(analyzer.terms(chosen))))
    return Wording(text, tuple(dict.fromkeys(others)), tuple(aliases), brands, tuple(replaced))


def used(words: Sequence[str], hits: Sequence[Hit]) -> bool:
    """Whether passages use one of these words."""
    return any(word.lower() in hit.passage.text.lower() for word in words for hit in hits)


def _replaceable(question: str) -> Iterator[tuple[str, list[str], bool]]:
    """The names and words of a question, as written, with their other forms, and whether they are brand names."""
    words = [found[0] for found in _TOKEN.finditer(question)][:_MOST_WORDS]
    taken: set[str] = set()
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            name = " ".join(words[start : start + length])
            if name.lower() in _names() and name in question and taken.isdisjoint(name.split()):
                meant, is_brand = _names()[name.lower()]
                taken |= set(name.split())
                yield name, list(meant), is_brand
    for word in dict.fromkeys(words):
        if word not in taken and _WORD.fullmatch(word) and (others := spellings(word)):
            yield word, others, False


def _frequency(name: str, document_frequency: Callable[[str], int]) -> int:
    return min((document_frequency(term) for term in analyzer.query_terms(name, document_frequency)), default=0)


def spellings(word: str) -> list[str]:
    """The British and American forms of a word, in lower case, without the word itself."""
    lowered = word.lower()
    forms = {american(lowered)}
    for british, us, place in _spelling_rows():
        at = lowered.find(us)
        if at >= 0 and _fits(lowered, at, us, place):
            forms.add(lowered[:at] + british + lowered[at + len(us) :])
    return sorted(forms - {lowered})


def american(text: str) -> str:
    """A lower-case text with British forms of words in American spelling."""
    for british, us, place in _spelling_rows():
        at = text.find(british)
        while at >= 0:
            if _fits(text, at, british, place):
                text = text[:at] + us + text[at + len(british) :]
            at = text.find(british, at + 1)
    return text


def _fits(text: str, at: int, part: str, place: str) -> bool:
    """Whether a part of a word stands where it may: at the start, at the end after some letters, alone, anywhere."""
    end = at + len(part)
    starts = at == 0 or not text[at - 1].isalnum()
    ends = end == len(text) or not text[end].isalnum()
    if place == "end":
        return ends and text[max(0, at - _STEM) : at].isalpha() and at >= _STEM
    return (starts or place == "any") and (ends or place != "whole")


@cache
def _spelling_rows() -> list[tuple[str, str, str]]:
    """British part, American part and place, the longest first."""
    return sorted(_rows("spelling.tsv"), key=lambda row: -len(row[0]))


@cache
def _names() -> Mapping[str, tuple[tuple[str, ...], bool]]:
    """By name in lower case: the other names, and whether it is a brand name."""
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    for name, kind, other in _rows("names.tsv"):
        is_brand = kind == "brand"
        found[name.lower()] = ((other,), is_brand)
        if not is_brand:
            others = found.get(other.lower(), ((), False))[0]
            found[other.lower()] = ((*others, name), False)
    for name, (others, is_brand) in list(found.items()):
        if is_brand:
            further = [more for other in others for more in found.get(other.lower(), ((), False))[0]]
            found[name] = ((*others, *further), True)
    return found


def _rows(file: str) -> list[tuple[str, str, str]]:
    import bioqa.data

    text = (Path(str(bioqa.data.__file__)).parent / "names" / file).read_text(encoding="utf-8")
    cells = (line.split("\t") for line in text.splitlines()[1:])
    return [(one, two, three) for one, two, three in cells]
