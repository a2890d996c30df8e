"""Abbreviations that a text defines, as in "cystic fibrosis transmembrane conductance regulator (CFTR)"."""

import re
from collections.abc import Iterable, Iterator

from bioqa.qa.normalize import normalize_answer

_BRACKETS = re.compile(r"[(\[]([^()\[\]]{2,200})[)\]]")
_LONGEST = 10  # characters in a short form
_BEFORE = 300  # characters before a bracket that are searched for its long form
_WORD = re.compile(r"\S+")
_CLAUSE = re.compile(r"[;,]\s")


def abbreviation_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The short and the long form of every abbreviation defined in `text`, in order.

    The method is that of Schwartz and Hearst (2003): one form follows the other in brackets, and the letters of the
    short form occur in the long form in the same order, the first one at the start of a word.
    """
    for match in _BRACKETS.finditer(text):
        inside = _CLAUSE.split(match[1])[0].strip()
        before = text[max(0, match.start() - _BEFORE) : match.start()].rstrip()
        if _is_short(inside):
            short, long = inside, _long_form(inside, before)
        else:
            last = before.rsplit(maxsplit=1)[-1:] or [""]
            short, long = last[0], _long_form(last[0], inside) if _is_short(last[0]) else None
            long = long if long == inside else None  # the brackets hold the long form and nothing else
        if long:
            yield short, long


def expansions(texts: Iterable[str]) -> dict[str, str]:
    """Map from the key of each abbreviation to the key of its long form; keys are those of `normalize_answer`.

    Both forms written together, in either order, also map to the long form. An abbreviation with several meanings in
    the texts is left out, except where it is written together with one of them.
    """
    meanings: dict[str, set[str]] = {}
    together: dict[str, str] = {}
    for text in texts:
        for short, long in abbreviation_pairs(text):
            meaning = normalize_answer(long)
            meanings.setdefault(normalize_answer(short), set()).add(meaning)
            together |= {normalize_answer(both): meaning for both in (f"{long} ({short})", f"{short} ({long})")}
    return together | {short: long for short, longs in meanings.items() if len(longs) == 1 for long in longs}


def abbreviates(short: str, long: str) -> bool:
    """Whether the letters of `short` occur in `long` in order, the first one at its start."""
    found = _long_form(short, long)
    return found is not None and found == long.strip()


def _is_short(form: str) -> bool:
    return (
        2 <= len(form) <= _LONGEST
        and len(form.split()) <= 2
        and form[0].isalnum()
        and any(letter.isupper() for letter in form)
    )


def _long_form(short: str, text: str) -> str | None:
    """The shortest end of `text` that `short` can abbreviate."""
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
