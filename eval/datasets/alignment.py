"""The alignment of an answer with a text, by rules from the strictest to the loosest; the first that matches counts.

Every rule searches for the letters of the answer among the letters of the text, and then checks the candidate. Letters
ignore case, accents, compatibility forms, spaces and punctuation, and spell out Greek letters. Each letter keeps its
offset in the text, so a match is always a range of the original text: it includes the bracket at the end of "factor
(TNF)", but no full stop after it.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations

from bioqa.index.text import analyzer, sentences
from bioqa.qa.normalize import spelling

_KEPT = "%+"  # they distinguish 5% from 5 and CD4+ from CD4; the normaliser keeps them too
_PARENTHESIS = re.compile(r"\s[(\[][^()\[\]]{1,60}[)\]]")
_FINAL_S = re.compile(r"(?<=[^\WsS]{3})(?<![iuIU])['’]?s\b")  # but not in virus, mitosis and AIDS
_DECIMAL = re.compile(r"\d[.,]\d")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\W+(?=\d)")
_LONG_AND_SHORT = re.compile(r"(?P<before>[^()]+?)\s*\((?P<inside>[^()]+)\)\W*")
RULES = ("exact", "case", "normal", "spelling", "plural", "parenthesis", "abbreviation")  # from the strictest
_CACHED = 512  # texts: each snippet of a question is searched for each of its answers


@dataclass(frozen=True, slots=True)
class Match:
    """An answer at characters `start` to `end` of a text, matched by the rule `rule`."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters of a text; letter i comes from characters starts[i] to ends[i] of the text."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Answer and text match where their letters match and `key` of both is equal."""

    letters: Callable[[str], _Letters]
    core: Callable[[str], str]  # the part of the answer to search for
    key: Callable[[str], str]


def find(answer: str, text: str, rules: Collection[str] = RULES) -> list[Match]:
    """All matches of `answer` in `text` by the first of `rules` that has one: whole words, in order, without overlaps.

    `exact`: the same characters. `case`: ignoring case. `normal`: equal after normalisation of answers. `spelling`:
    also ignoring accents, and spaces and hyphens except between two digits. `plural`: also ignoring a final s or 's of
    words. `parenthesis`: also ignoring text in parentheses. `abbreviation`: one of the two names in "long form (LF)",
    by the other rules. Only `exact` matches a stop word: AS is not "as".
    """
    for name, rule in _RULES.items():
        matches = [
            Match(start, end, name)
            for start, end in (_ranges(answer, text, rule) if name in rules else ())
            if name == "exact" or analyzer.terms(text[start:end])
        ]
        if matches:
            return matches
    names = _long_and_short(answer) if "abbreviation" in rules else []
    return without_overlaps(replace(match, rule="abbreviation") for name in names for match in find(name, text, rules))


def find_any(synonyms: Iterable[str], text: str, rules: Collection[str] = RULES) -> list[Match]:
    """The matches of all synonyms, without overlaps."""
    return without_overlaps(match for synonym in dict.fromkeys(synonyms) for match in find(synonym, text, rules))


def without_overlaps(matches: Iterable[Match]) -> list[Match]:
    """The matches in order; of overlapping ones the longest, then the strictest: TNF-alpha, not the TNF inside."""
    longest = sorted(set(matches), key=lambda match: (match.start - match.end, RULES.index(match.rule), match.start))
    kept: list[Match] = []
    for match in longest:
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


def _ranges(answer: str, text: str, rule: _Rule) -> Iterator[tuple[int, int]]:
    query, key = rule.letters(rule.core(answer)).text, rule.key(answer)
    if not any(map(str.isalnum, query)):
        return
    letters = rule.letters(text)
    first = letters.text.find(query)
    while first >= 0:
        after = first + len(query)
        start, end = letters.starts[first], letters.ends[after - 1]
        whole = (first == 0 or letters.starts[first - 1] < start) and (
            after == len(letters.text) or letters.ends[after] > end
        )
        span = _closed(text, start, end)
        if whole and _edge(text, start) and _edge(text, end) and _agrees(text[slice(*span)], answer, key, rule):
            yield span
            first = letters.text.find(query, after)
        else:
            first = letters.text.find(query, first + 1)


def _agrees(candidate: str, answer: str, key: str, rule: _Rule) -> bool:
    """Whether the rule accepts the candidate, which may span several sentences only if the answer does."""
    return rule.key(candidate) == key and len(sentences.split(candidate)) <= max(1, len(sentences.split(answer)))


def _closed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range extended by adjacent brackets that close or open its unpaired ones."""
    for opening, closing in ("()", "[]"):
        unclosed = text.count(opening, start, end) - text.count(closing, start, end)
        while unclosed > 0 and text.startswith(closing, end):
            unclosed, end = unclosed - 1, end + 1
        while unclosed < 0 and start > 0 and text[start - 1] == opening:
            unclosed, start = unclosed + 1, start - 1
    return start, end


def _edge(text: str, position: int) -> bool:
    """Whether no word and no number extends across `position`."""
    if position < len(text) and unicodedata.combining(text[position]):
        return False
    if 0 < position < len(text) and text[position - 1].isalnum() and text[position].isalnum():
        return False
    around = _DECIMAL.finditer(text, max(0, position - 2), position + 2)
    return not any(match.start() < position < match.end() for match in around)


@lru_cache(maxsize=_CACHED)
def _all_letters(text: str) -> _Letters:
    letters = [(letter, place) for place, character in enumerate(text) for letter in _reduced(character)]
    starts = tuple(place for _, place in letters)
    return _Letters("".join(letter for letter, _ in letters), starts, tuple(place + 1 for place in starts))


@lru_cache(maxsize=4096)
def _reduced(character: str) -> str:
    """The letters of one character: letters and digits in lower case, without accents, Greek letters by name."""
    spelled = unicodedata.normalize("NFKD", spelling(character) or character.casefold())
    return "".join(letter for letter in spelled if letter.isalnum() or letter in _KEPT)


@lru_cache(maxsize=_CACHED)
def _singular_letters(text: str) -> _Letters:
    """Letters without the final s of words; the range of the preceding letter includes it."""
    ends = {match.start(): match.end() for match in _FINAL_S.finditer(text)}
    letters = _outside(_all_letters(text), {end - 1 for end in ends.values()})
    return replace(letters, ends=tuple(ends.get(end, end) for end in letters.ends))


@lru_cache(maxsize=_CACHED)
def _bare_letters(text: str) -> _Letters:
    """Letters outside parentheses."""
    return _outside(_all_letters(text), {i for match in _PARENTHESIS.finditer(text) for i in range(*match.span())})


def _outside(letters: _Letters, places: set[int]) -> _Letters:
    kept = [i for i, start in enumerate(letters.starts) if start not in places]
    return _Letters(
        "".join(letters.text[i] for i in kept),
        tuple(letters.starts[i] for i in kept),
        tuple(letters.ends[i] for i in kept),
    )


def _unchanged(text: str) -> str:
    return text


def _spelled(text: str) -> str:
    """The letters, with separators between digits kept: 1.5 is not 15."""
    return _all_letters(_BETWEEN_DIGITS.sub("+", spelling(text))).text


def _singular(text: str) -> str:
    return _spelled(_FINAL_S.sub("", text))


def _bare(text: str) -> str:
    return _spelled(_PARENTHESIS.sub("", text))


def _long_and_short(answer: str) -> list[str]:
    """The two names in "long form (LF)" or "SF (short form)"; none if neither can abbreviate the other."""
    match = _LONG_AND_SHORT.fullmatch(answer)
    names = [match["before"], match["inside"]] if match else []
    return names if any(_abbreviates(*pair) for pair in permutations(names, 2)) else []


def _abbreviates(short: str, long: str) -> bool:
    """Whether `short` starts with the first letter of `long` and has only letters of it, in their order."""
    abbreviation, name = _all_letters(short).text, _all_letters(long).text
    rest = iter(name)
    is_shorter = len(abbreviation) < len(name) and abbreviation[:1] == name[:1]
    return is_shorter and all(letter in rest for letter in abbreviation)


_RULES: Mapping[str, _Rule] = {
    "exact": _Rule(_all_letters, _unchanged, _unchanged),
    "case": _Rule(_all_letters, _unchanged, str.casefold),
    "normal": _Rule(_all_letters, spelling, spelling),
    "spelling": _Rule(_all_letters, spelling, _spelled),
    "plural": _Rule(_singular_letters, _unchanged, _singular),
    "parenthesis": _Rule(_bare_letters, _unchanged, _bare),
}
