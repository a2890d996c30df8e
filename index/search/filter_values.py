"""Values of filters and the values of an index that they mean: case, number, order and signs do not matter."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from bioqa.index.corpus.values import journals, languages

_WORD = re.compile(r"[^\W_]+")
_UNSAID = {"a", "an", "and", "in", "of", "the"}
_SINGULAR_S = ("ss", "is", "us")  # ends of words that are no plurals
_LIKE = 0.5  # least likeness of a near value
_BEHIND = 0.2  # at most, in likeness, behind the best
_NEAR = 3  # near values offered

Values = Mapping[str, int]  # a value in lower case: the number of its passages


def key(value: str) -> tuple[str, ...]:
    """The words of a value in alphabetical order, in lower case and in the singular, without articles."""
    return tuple(sorted(_words(value)))


def by_key(values: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """The values of each key."""
    found: dict[tuple[str, ...], list[str]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return found


def meant(field: str, value: str, values: Values, keys: Mapping[tuple[str, ...], Iterable[str]]) -> list[str]:
    """The values of the index that `value` means; none if it means none of them. `keys` has them by their keys."""
    if field == "language":
        return [alias for alias in map(str.casefold, languages.aliases(value)) if alias in values]
    spelled = (journals.spelling(value) if field == "journal" else value).casefold()
    return [spelled] if spelled in values else list(keys.get(key(value) or ("",), ()))


def near(value: str, values: Values, most: int = _NEAR) -> list[str]:
    """The values that look most like `value`, best first; among equals, the more frequent one first."""
    wanted = _words(value)
    if not wanted:
        return []
    ranked = []
    for candidate, count in values.items():
        words = _words(candidate)
        likeness = 1.0 if _abbreviates(wanted, words) else _likeness(wanted, words)
        if likeness >= _LIKE:
            ranked.append((-likeness, -count, candidate))
    ranked.sort()
    return [candidate for unlike, _, candidate in ranked[:most] if unlike <= ranked[0][0] + _BEHIND]


def _words(value: str) -> list[str]:
    return [_singular(word) for word in _WORD.findall(value.casefold()) if word not in _UNSAID]


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(_SINGULAR_S):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]


def _likeness(wanted: list[str], words: list[str]) -> float:
    """How well the wanted words are found among these words, 0..1; each further word counts a little against it."""
    found = sum(max((_overlap(_trigrams(one), _trigrams(other)) for other in words), default=0) for one in wanted)
    return found / len(wanted) - 0.01 * max(len(words) - len(wanted), 0)


@lru_cache(maxsize=20_000)
def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient."""
    return 2 * len(one & other) / (len(one) + len(other))


def _abbreviates(wanted: list[str], words: list[str]) -> bool:
    """Whether the wanted words are short forms of these words one by one, as in "j natl cancer inst"."""
    return len(wanted) > 1 and len(wanted) == len(words) and all(map(_is_short_form, wanted, words))


def _is_short_form(short: str, word: str) -> bool:
    letters = iter(word)
    return short[0] == word[0] and all(letter in letters for letter in short)
