"""Abbreviations that a text explains, as in "cystic fibrosis transmembrane conductance regulator (CFTR)"."""

import re
from collections.abc import Iterable, Iterator

from bioqa.qa.normalize import normalize

_BRACKETS = re.compile(r"[(\[]([^()\[\]]{2,200})[)\]]")
_LONGEST = 10  # characters of a short form
_BEFORE = 300  # characters before a bracket in which its long form may begin
_WORD = re.compile(r"\S+")
_CLAUSE = re.compile(r"[;,]\s")


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The short and the long form of every abbreviation that `text` explains, in order.

    After Schwartz and Hearst (2003): one form stands in brackets behind the other, and the letters of the short form
    come in the long form in their order, the first one at the beginning of a word.
    """
    for match in _BRACKETS.finditer(text):
        inside = _CLAUSE.split(match[1])[0].strip()
        before = text[max(0, match.start() - _BEFORE) : match.start()].rstrip()
        if _is_short(inside):
            short, long = inside, _long_form(inside, before)
        else:
            last = before.rsplit(maxsplit=1)[-1:] or [""]
            short, long = last[0], _long_form(last[0], inside) if _is_short(last[0]) else None
            long = long if long == inside else None  # what stands in brackets is the long form as a whole
        if long:
            yield short, long


def meanings(texts: Iterable[str]) -> dict[str, str]:
    """The key of what each abbreviation stands for, by the key of the abbreviation, and of both written together, in
    either order.

    An abbreviation that the texts explain in several ways is left out where it stands alone.
    """
    found: dict[str, set[str]] = {}
    together: dict[str, str] = {}
    for text in texts:
        for short, long in pairs(text):
            meaning = normalize(long)
            found.setdefault(normalize(short), set()).add(meaning)
            together |= {normalize(both): meaning for both in (f"{long} ({short})", f"{short} ({long})")}
    return together | {short: long for short, several in found.items() if len(several) == 1 for long in several}


def _is_short(form: str) -> bool:
    return (
        2 <= len(form) <= _LONGEST
        and len(form.split()) <= 2
        and form[0].isalnum()
        and any(letter.isupper() for letter in form)
    )


def _long_form(short: str, text: str) -> str | None:
    """The shortest end of `text` that `short` can stand for."""
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    folded = text.casefold()
    if len(folded) != len(text):
        return None
    at = len(text)
    for place in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and not (folded[at] == letters[place] and (place or _begins_word(folded, at))):
            at -= 1
        if at < 0:
            return None
    long = text[at:].strip()
    words = len(_WORD.findall(long))
    usable = len(long) > len(short) and words <= min(len(letters) + 5, len(letters) * 2)
    return long if usable and short not in long.split() else None


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()
