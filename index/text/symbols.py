"""Symbols that look like stop words: WAS, ALL, IT, and the letter behind a name, as in vitamin A."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

_WORDS = frozenset(  # of the language; not those in capitals for emphasis or between queries: AND, OR, NOT
    re.findall(
        r"\w+",
        """all am any are as at be been but by can did do does had has have he her his how if in into is it its may no
        on our out she so such than that their then there these they this to up us via was we were who why will you""",
    )
)
# vitamin A-deficient, influenza A(H1N1), cytochrome c; other small letters are quantities and units
_LETTER = re.compile(r"[A-Z](?=[-‐‑–/(]|$)|[b-fk]$")
_AND = frozenset(["and", "or", "and/or", "&"])
AROUND = '.,;:?!()[]"'  # punctuation around a word, which does not change its terms


def is_symbol(word: str) -> bool:
    """Whether a word of the language is written as a symbol."""
    return word.isupper() and len(word) > 1 and word.lower() in _WORDS


def depends_on_neighbours(word: str, bare: str) -> bool:
    """Whether neighbours decide what a word is, which is `bare` without punctuation. Behind a bracket a letter is no
    part of a name."""
    return is_symbol(bare) or (_LETTER.match(bare) is not None and word[0] == bare[0])


def terms_beside(words: Sequence[str], beside: Iterable[str], terms_of: Mapping[str, str]) -> list[str]:
    """The terms that neighbours add to the words `beside`: was_ for WAS, a_ and vitamin_a for vitamin A."""
    found: list[str] = []
    name, last = "", -1  # of the last letter behind a name, and its place
    for place in sorted(place for word in beside for place in _places(word, words)):
        bare = words[place].strip(AROUND)
        if is_symbol(bare):
            if not _is_shouted(words, place):
                found.append(f"{bare.lower()}_")
            continue
        name = _name_before(words, place, terms_of) or (name if _continues(words, last, place) else "")
        if name:
            last = place
            letter = bare[0].lower()
            found += [f"{name}_{letter}", *(["a_"] if letter == "a" else [])]  # other letters have a term
    return found


def _places(word: str, words: Sequence[str]) -> Iterator[int]:
    place = -1
    for _ in range(words.count(word)):
        place = words.index(word, place + 1)
        yield place


def _name_before(words: Sequence[str], place: int, terms_of: Mapping[str, str]) -> str:
    """The term of the name that the letter in this place stands behind; empty if there is none."""
    last_letters = words[place - 1][-3:] if place else ""
    if len(last_letters) < 3 or not last_letters.isalpha():
        return ""
    if words[place + 1 : place + 2] and words[place + 1][0] in "=<>≤≥":  # a quantity
        return ""
    term = terms_of[words[place - 1]].rsplit(" ", maxsplit=1)[-1]
    return "" if "_" in term else term


def _continues(words: Sequence[str], last: int, place: int) -> bool:
    """Whether the letter in this place continues an enumeration, as in vitamins A, D and E."""
    if last < 0:
        return False
    between = words[last + 1 : place]
    return len(between) == 1 and between[0] in _AND if between else words[last][-1] in ",/"


def _is_shouted(words: Sequence[str], place: int) -> bool:
    """Whether the words beside this one are in capitals as well, so that these say nothing."""
    beside = [*words[max(0, place - 1) : place], *words[place + 1 : place + 2]]
    return bool(beside) and all(len(word) > 1 and word.isupper() for word in beside)
