"""Where an answer stands in a text: rules from the strictest to the loosest, of which the first that finds it counts.

Every rule looks for the letters of the answer in the letters of the text, and then asks whether what stands there is
the answer. Letters are what is left when case, accents, compatibility forms, Greek letters against their names, spaces
and punctuation make no difference; of each letter it is known where in the text it came from, so that a match is always
a piece of the text as it is.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from bioqa.qa.normalize import normalize

_KEPT = "%+"  # they tell 5% from 5 and CD4+ from CD4; the normaliser keeps them too
_PARENTHESIS = re.compile(r"\s[(\[][^()\[\]]{1,60}[)\]]")
_PLURAL = re.compile(r"(?<=[^\Ws]{3})(?<![iu])s\b", re.IGNORECASE)  # not of words like virus and mitosis
_DECIMAL = re.compile(r"\d[.,]\d")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\W+(?=\d)")
_LONG_AND_SHORT = re.compile(r"(?P<before>[^()]+?)\s*\((?P<inside>[^()]+)\)\W*")
_CACHED = 512  # texts: the snippets of a question are asked for each of its answers


@dataclass(frozen=True, slots=True)
class Match:
    """The answer stands at characters `start` to `end` of the text, as the rule called `rule` sees it."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters of a text; letter i was made from characters starts[i] to ends[i] of the text."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Answer and text agree where their letters do and `key` of both is the same."""

    letters: Callable[[str], _Letters]
    core: Callable[[str], str]  # what of the answer is looked for
    key: Callable[[str], str]


def find(answer: str, text: str) -> list[Match]:
    """All places of `answer` in `text` by the first rule that finds one: in order, apart from each other, whole words.

    `exact`: the same characters. `case`: but for case. `normal`: equal to the normaliser of answers. `spelling`: but
    for accents too, and for spaces and hyphens, unless they part two digits. `plural`: but for the number of its words.
    `parenthesis`: but for what either has in parentheses. `abbreviation`: one of the two in "long form (LF)".
    """
    for name, rule in _RULES.items():
        found = [Match(start, end, name) for start, end in _places(answer, text, rule)]
        if found:
            return found
    parts = [match for part in _long_and_short(answer) for match in find(part, text)]
    return _apart(Match(match.start, match.end, "abbreviation") for match in parts)


def find_any(synonyms: Iterable[str], text: str) -> list[Match]:
    """The places of all strings that mean the same, in order; of two that overlap the stricter, then the longer."""
    return _apart(match for synonym in dict.fromkeys(synonyms) for match in find(synonym, text))


def _apart(matches: Iterable[Match]) -> list[Match]:
    strictest = sorted(set(matches), key=lambda match: (RULES.index(match.rule), match.start - match.end, match.start))
    kept: list[Match] = []
    for match in strictest:
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


def _places(answer: str, text: str, rule: _Rule) -> Iterator[tuple[int, int]]:
    sought, key = rule.letters(rule.core(answer)).text, rule.key(answer)
    if not sought:
        return
    letters = rule.letters(text)
    first = letters.text.find(sought)
    while first >= 0:
        after = first + len(sought)
        start, end = letters.starts[first], letters.ends[after - 1]
        whole = (first == 0 or letters.starts[first - 1] < start) and (
            after == len(letters.text) or letters.ends[after] > end
        )
        if whole and _edge(text, start) and _edge(text, end) and rule.key(text[start:end]) == key:
            yield start, end
            first = letters.text.find(sought, after)
        else:
            first = letters.text.find(sought, first + 1)


def _edge(text: str, position: int) -> bool:
    """Whether neither a word nor a number goes on over `position`."""
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
    """What is left of one character: letters and digits in lower case, Greek ones by name, without accents."""
    spelled = unicodedata.normalize("NFKD", normalize(character) or character.casefold())
    return "".join(letter for letter in spelled if letter.isalnum() or letter in _KEPT)


@lru_cache(maxsize=_CACHED)
def _singular_letters(text: str) -> _Letters:
    """Letters without the last one of plurals, which the letter before it stands for too."""
    dropped = {match.start() for match in _PLURAL.finditer(text)}
    letters = _outside(_all_letters(text), dropped)
    return replace(letters, ends=tuple(end + (end in dropped) for end in letters.ends))


@lru_cache(maxsize=_CACHED)
def _bare_letters(text: str) -> _Letters:
    """Letters without those in parentheses."""
    return _outside(_all_letters(text), {i for match in _PARENTHESIS.finditer(text) for i in range(*match.span())})


def _outside(letters: _Letters, places: set[int]) -> _Letters:
    kept = [i for i, start in enumerate(letters.starts) if start not in places]
    return _Letters(
        "".join(letters.text[i] for i in kept),
        tuple(letters.starts[i] for i in kept),
        tuple(letters.ends[i] for i in kept),
    )


def _as_it_is(text: str) -> str:
    return text


def _spelled(text: str) -> str:
    """The letters, and the places where something parts two digits: 1.5 is not 15."""
    return _all_letters(_BETWEEN_DIGITS.sub("+", normalize(text))).text


def _singular(text: str) -> str:
    return _spelled(_PLURAL.sub("", text))


def _bare(text: str) -> str:
    return _spelled(_PARENTHESIS.sub("", text))


def _long_and_short(answer: str) -> list[str]:
    """The two names in "long form (LF)"; none in other answers."""
    match = _LONG_AND_SHORT.fullmatch(answer)
    return [match["before"], match["inside"]] if match else []


_RULES: Mapping[str, _Rule] = {
    "exact": _Rule(_all_letters, _as_it_is, _as_it_is),
    "case": _Rule(_all_letters, _as_it_is, str.casefold),
    "normal": _Rule(_all_letters, normalize, normalize),
    "spelling": _Rule(_all_letters, normalize, _spelled),
    "plural": _Rule(_singular_letters, _as_it_is, _singular),
    "parenthesis": _Rule(_bare_letters, _as_it_is, _bare),
}
RULES = (*_RULES, "abbreviation")
