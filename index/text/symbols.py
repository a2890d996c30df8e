"""Symbols that look like stop words: WAS, ALL, IT, and the letter behind a name, as in vitamin A."""

import re
from collections.abc import Sequence

_WORDS = frozenset(  # of the language; not those in capitals for emphasis or between queries: AND, OR, NOT
    re.findall(
        r"\w+",
        """all am any are as at be been but by can did do does had has have he her his how if in into is it its may no
        on our out she so such than that their then there these they this to up us via was we were who why will you""",
    )
)
# vitamin A-deficient, influenza A(H1N1), cytochrome c; other small letters are quantities and units
_LETTER = re.compile(r"[A-Z](?=[-‐‑–/(]|$)|[b-fk]$")
_NAME = re.compile(r"[^\W\d_]{3,}$")
_AND = frozenset(["and", "or", "and/or", "&"])
AROUND = '.,;:?!()[]"“”'  # punctuation around a word, which does not change its terms
_BEHIND_NAME, _IN_CAPITALS = "\0", "\1"  # before the terms of words for which their neighbours decide


def is_symbol(word: str) -> bool:
    """Whether a word of the language is written as a symbol."""
    return word.isupper() and len(word) > 1 and word.lower() in _WORDS


def is_marked(terms: str) -> bool:
    """Whether a mark is among these terms."""
    return _BEHIND_NAME in terms or _IN_CAPITALS in terms


def marked(word: str, terms: str) -> str:
    """The terms of a word without punctuation, behind a mark if its neighbours may add others."""
    if len(word) > 1 and not word[0].isupper():
        return terms
    if letter := _LETTER.match(word):
        return f"{_BEHIND_NAME}{letter[0].lower()}{terms}"
    return f"{_IN_CAPITALS}{terms}" if is_symbol(word) else terms


def in_punctuation(word: str, terms: str) -> str:
    """The terms of a word with punctuation around it: a letter behind a bracket stands behind no name."""
    return terms[2:] if terms.startswith(_BEHIND_NAME) and not word[0].isalnum() else terms


def with_neighbours(words: Sequence[str], marked_terms: Sequence[str]) -> str:
    """The terms of words, joined by blanks, with those that neighbours add: was_ for WAS, a_ and vitamin_a for
    vitamin A."""
    found = list(marked_terms)
    name, last = "", -1  # of the last letter behind a name, and its place
    for place in [place for place, terms in enumerate(marked_terms) if terms and terms[0] <= _IN_CAPITALS]:
        mark, own = marked_terms[place][0], marked_terms[place][1:]
        if mark == _BEHIND_NAME:
            letter, own = own[0], own[1:]
            name = _name_before(words, marked_terms, place) or (name if _continues(words, last, place) else "")
            if name:
                last = place
                own = f"{'a_ ' if letter == 'a' else ''}{name}_{letter} {own}"  # other letters have a term
        elif not _is_shouted(words, place):
            own = f"{words[place].strip(AROUND).lower()}_ {own}"
        found[place] = own.rstrip()
    return " ".join(filter(None, found))


def _name_before(words: Sequence[str], marked_terms: Sequence[str], place: int) -> str:
    """The term of the name that the letter in this place stands behind; empty if there is none."""
    if not place or not _NAME.search(words[place - 1]):
        return ""
    if words[place + 1 : place + 2] and words[place + 1][0] in "=<>≤≥":  # a quantity
        return ""
    term = marked_terms[place - 1].rsplit(" ", maxsplit=1)[-1]
    return "" if "_" in term or is_marked(term) else term


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
