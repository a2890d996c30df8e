"""Abbreviations that a text defines, as in "cystic fibrosis transmembrane conductance regulator (CFTR)"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import inf
from typing import NamedTuple

from bioqa.index.text import greek
from bioqa.qa.normalize import normalize_answer

_BRACKETS = re.compile(r"[(\[]([^()\[\]]{2,200})[)\]]")
_LONGEST = 10  # characters in a short form
_BEFORE = 300  # characters before a bracket that are searched for its long form
_TOKEN = re.compile(r"\S+")
_RUN, _LETTER = re.compile(r"[^\W_]+"), re.compile(r"[^\W_]")
_UNIT = re.compile(rf"(?<![a-z])(?:{greek.NAME.pattern}|{greek.NAME.pattern.title()})(?![a-z])|[^\W_]")
_CLAUSE = re.compile(r"[;,]\s")
_MARKS = ((";", 3.0), (":", 3.0), (". ", 3.0), (",", 1.0))  # what a boundary inside a long form counts against it
_SMALL = frozenset(re.findall(r"\w+", "a an and as at by for from in of on or that the this to with"))
_HYPHENS = frozenset("-‐‑–/")
_PREFIX = re.compile(r"(?:^|[^\w])(?:anti|non|pre|pro|post|co|sub|inter|intra|multi|hyper|hypo)\W$", re.IGNORECASE)
_SECOND = re.compile(r"(?:type|like|linked|related|associated|induced|dependent|derived|based|mediated|specific)\b")
_INSIDE, _SECOND_PART = 0.5, 1.5  # cost of half a hyphenated word, and of a half that cannot stand alone
_CACHED = 4_096  # brackets: passages are searched again after every few that are read


def abbreviation_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The short and the long form of every abbreviation defined in `text`, in order.

    As by Schwartz and Hearst (2003), one form follows the other in brackets, and the letters of the short form occur in
    the long form in the same order, the first one at the start of a word. Where several long forms fit, theirs is the
    shortest; here it is the one in which more letters begin words, as in multiple myeloma (MM).
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
    return any(_alignments(letters, _words_of(long, 0, letters))[:1] not in ([], [None]) for letters in _letters(short))


def _is_short(form: str) -> bool:
    return (
        2 <= len(form) <= _LONGEST
        and len(form.split()) <= 2
        and form[0].isalnum()
        and (any(letter.isupper() for letter in form) or greek.LETTER.search(form) is not None)
    )


@lru_cache(_CACHED)
def _long_form(short: str, text: str) -> str | None:
    """The end of `text` that `short` can abbreviate; of several the one in which more letters begin words.

    Words without a letter in the short form count against a long form, so do boundaries of clauses inside it; of equals
    the shortest is taken.
    """
    for letters in _letters(short):
        most = min(len(letters) + 5, len(letters) * 2)
        starts = [token.start() for token in _TOKEN.finditer(text)][-most:]
        words = _words_of(text, starts[0] if starts else 0, letters)
        found = [
            (score - _cost_of_start(text, word), word.start)
            for word, score in zip(words, _alignments(letters, words), strict=True)
            if score is not None
        ]
        long = text[max(found)[1] :].strip() if found else ""
        if len(long) > len(short) and short not in long.split():
            return long
    return None


def _letters(short: str) -> Iterator[list[str]]:
    """The letters and digits of a short form, a Greek letter or its name as one; also without the s of a plural, and
    with a name taken for letters, as in RhoA."""
    joined = [greek.spell_out(part).strip() for part in _UNIT.findall(short)]
    for parts in (joined, list(short)) if any(len(part) > 1 for part in _UNIT.findall(short)) else (joined,):
        letters = [part.casefold() for part in parts if part.isalnum()]
        yield letters
        if short[-1] == "s" and short[-2].isupper() and len(letters) > 2:
            yield letters[:-1]


class _Word(NamedTuple):
    """A run of letters and digits: its place in the text, and its letters in lower case."""

    start: int
    units: Sequence[str]
    cost: float  # of leaving it out
    boundary: float  # cost of the mark before it


def _words_of(text: str, start: int, letters: Sequence[str]) -> list[_Word]:
    """The words of a text from `start`; the name of a Greek letter is one unit if the short form has one."""
    named = any(len(letter) > 1 for letter in letters)
    words: list[_Word] = []
    for run in _RUN.finditer(text, start):
        gap = text[start : run.start()]
        units: Sequence[str] = run[0].lower()
        if named or not run[0].isascii():
            units = [greek.spell_out(unit).strip().casefold() for unit in (_UNIT if named else _LETTER).findall(run[0])]
        cost = 0.0 if run[0] in _SMALL else 1.0
        words.append(_Word(run.start(), units, cost, max((cost for mark, cost in _MARKS if mark in gap), default=0.0)))
        start = run.end()
    return words


def _alignments(letters: Sequence[str], words: Sequence[_Word]) -> list[float | None]:
    """How well `letters` abbreviate the words from each one on: those that begin a word, less the words without a
    letter; None where they do not occur in order or the first one does not begin the word."""
    found: list[float | None] = []
    later: dict[int, float] = {len(letters): 0.0}  # the best score of the words behind, by the letters placed before
    boundary = 0.0
    for word in reversed(words):
        best: dict[int, float] = {}
        first: float | None = None
        for placed in range(len(letters) + 1):
            for taken, begins in _placements(letters[placed:], word.units):
                if placed + taken in later:
                    gain = float(begins) if taken else -word.cost
                    score = later[placed + taken] - boundary + gain
                    best[placed] = max(best.get(placed, -inf), score)
                    if begins and not placed:
                        first = score if first is None else max(first, score)
        found.append(first)
        later, boundary = best, word.boundary
    return found[::-1]


def _placements(letters: Sequence[str], units: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """How many of the next letters a word can hold, from none on, and whether the first of them begins it."""
    yield 0, False
    for begins in (True, False):
        at = 0 if begins else 1
        for taken, letter in enumerate(letters, start=1):
            last = 1 if begins and taken == 1 else len(units)
            at = next((place for place in range(at, last) if _stands_for(letter, units[place])), -1) + 1
            if not at:
                break
            yield taken, begins


def _stands_for(letter: str, unit: str) -> bool:
    """Whether a letter abbreviates a letter, or the name of a Greek one."""
    return letter == unit or (len(letter) == 1 and unit.startswith(letter))


def _cost_of_start(text: str, word: _Word) -> float:
    """What counts against a long form that begins with a small word, or behind a hyphen and no prefix."""
    before = text[: word.start]
    inside = before[-1:] in _HYPHENS and before[-2:-1].isalnum() and not _PREFIX.search(before)
    return inside * (_SECOND_PART if _SECOND.match(text, word.start) else _INSIDE) + (1.0 - word.cost)
