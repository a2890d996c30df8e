"""Where an answer stands in a text: rules from the strictest to the loosest, of which the first that finds it counts.

Every rule looks for the letters of the answer in the letters of the text, and then asks whether what stands there is
the answer. Letters are what is left when case, accents, compatibility forms, Greek letters against their names, spaces
and punctuation make no difference; of each letter it is known where in the text it came from, so that a match is always
a piece of the text as it is: with the bracket that "factor (TNF)" ends in, but without a full stop behind it.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations

from bioqa.index import analyzer, sentences
from bioqa.qa.normalize import spelling

_KEPT = "%+"  # they tell 5% from 5 and CD4+ from CD4; the normaliser keeps them too
_PARENTHESIS = re.compile(r"\s[(\[][^()\[\]]{1,60}[)\]]")
_FINAL_S = re.compile(r"(?<=[^\WsS]{3})(?<![iuIU])['’]?s\b")  # not of words like virus, mitosis and AIDS
_DECIMAL = re.compile(r"\d[.,]\d")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\W+(?=\d)")
_LONG_AND_SHORT = re.compile(r"(?P<before>[^()]+?)\s*\((?P<inside>[^()]+)\)\W*")
RULES = ("exact", "case", "normal", "spelling", "plural", "parenthesis", "abbreviation")  # from the strictest
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


def find(answer: str, text: str, rules: Collection[str] = RULES) -> list[Match]:
    """All places of `answer` in `text` by the first of `rules` that finds one: in order, whole words, none overlapping.

    `exact`: the same characters. `case`: but for case. `normal`: equal to the normaliser of answers. `spelling`: but
    for accents too, and for spaces and hyphens, unless they part two digits. `plural`: but for an s, or 's, that its
    words end in. `parenthesis`: but for what either has in parentheses. `abbreviation`: one of the two names in
    "long form (LF)", by the other rules. A stop word is found by `exact` alone: AS is not "as".
    """
    for name, rule in _BY_LETTERS.items():
        found = [
            Match(start, end, name)
            for start, end in (_places(answer, text, rule) if name in rules else ())
            if name == "exact" or analyzer.terms(text[start:end])
        ]
        if found:
            return found
    parts = _long_and_short(answer) if "abbreviation" in rules else []
    return apart(replace(match, rule="abbreviation") for part in parts for match in find(part, text, rules))


def find_any(synonyms: Iterable[str], text: str, rules: Collection[str] = RULES) -> list[Match]:
    """The places of all strings that mean the same, apart from each other: see `apart`."""
    return apart(match for synonym in dict.fromkeys(synonyms) for match in find(synonym, text, rules))


def apart(matches: Iterable[Match]) -> list[Match]:
    """The matches in order, of those that overlap the longest, then the strictest: TNF-alpha, not the TNF in it."""
    longest = sorted(set(matches), key=lambda match: (match.start - match.end, RULES.index(match.rule), match.start))
    kept: list[Match] = []
    for match in longest:
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


def _places(answer: str, text: str, rule: _Rule) -> Iterator[tuple[int, int]]:
    sought, key = rule.letters(rule.core(answer)).text, rule.key(answer)
    if not any(map(str.isalnum, sought)):
        return
    letters = rule.letters(text)
    first = letters.text.find(sought)
    while first >= 0:
        after = first + len(sought)
        start, end = letters.starts[first], letters.ends[after - 1]
        whole = (first == 0 or letters.starts[first - 1] < start) and (
            after == len(letters.text) or letters.ends[after] > end
        )
        span = _closed(text, start, end)
        if whole and _edge(text, start) and _edge(text, end) and _agrees(text[slice(*span)], answer, key, rule):
            yield span
            first = letters.text.find(sought, after)
        else:
            first = letters.text.find(sought, first + 1)


def _agrees(found: str, answer: str, key: str, rule: _Rule) -> bool:
    """Whether the rule takes what was found for the answer; what a full stop parts is one only where the answer is."""
    return rule.key(found) == key and len(sentences.split(found)) <= max(1, len(sentences.split(answer)))


def _closed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range with the brackets around it of which it has only the other side."""
    for opening, closing in ("()", "[]"):
        unclosed = text.count(opening, start, end) - text.count(closing, start, end)
        while unclosed > 0 and text.startswith(closing, end):
            unclosed, end = unclosed - 1, end + 1
        while unclosed < 0 and start > 0 and text[start - 1] == opening:
            unclosed, start = unclosed + 1, start - 1
    return start, end


def _edge(text: str, position: int) -> bool:
    """Whether neither a word nor a number goes on over `position`."""
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
    """What is left of one character: letters and digits in lower case, Greek ones by name, without accents."""
    spelled = unicodedata.normalize("NFKD", spelling(character) or character.casefold())
    return "".join(letter for letter in spelled if letter.isalnum() or letter in _KEPT)


@lru_cache(maxsize=_CACHED)
def _singular_letters(text: str) -> _Letters:
    """Letters without the final s of words, which the letter before it stands for too."""
    ends = {match.start(): match.end() for match in _FINAL_S.finditer(text)}
    letters = _outside(_all_letters(text), {end - 1 for end in ends.values()})
    return replace(letters, ends=tuple(ends.get(end, end) for end in letters.ends))


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
    return _all_letters(_BETWEEN_DIGITS.sub("+", spelling(text))).text


def _singular(text: str) -> str:
    return _spelled(_FINAL_S.sub("", text))


def _bare(text: str) -> str:
    return _spelled(_PARENTHESIS.sub("", text))


def _long_and_short(answer: str) -> list[str]:
    """The two names in "long form (LF)" or "SF (short form)"; none where neither can be short for the other."""
    match = _LONG_AND_SHORT.fullmatch(answer)
    names = [match["before"], match["inside"]] if match else []
    return names if any(_is_short_for(*pair) for pair in permutations(names, 2)) else []


def _is_short_for(short: str, long: str) -> bool:
    """Whether a name begins like a longer one, and has only letters of it, in its order."""
    wanted, there = _all_letters(short).text, _all_letters(long).text
    rest = iter(there)
    return len(wanted) < len(there) and wanted[:1] == there[:1] and all(letter in rest for letter in wanted)


_BY_LETTERS: Mapping[str, _Rule] = {
    "exact": _Rule(_all_letters, _as_it_is, _as_it_is),
    "case": _Rule(_all_letters, _as_it_is, str.casefold),
    "normal": _Rule(_all_letters, spelling, spelling),
    "spelling": _Rule(_all_letters, spelling, _spelled),
    "plural": _Rule(_singular_letters, _as_it_is, _singular),
    "parenthesis": _Rule(_bare_letters, _as_it_is, _bare),
}
