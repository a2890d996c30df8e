"""Probable misspellings: words that an index does not know, and the known word that was probably meant."""

import re

from bioqa.index.search.search_index import SearchIndex
from bioqa.index.text import analyzer

_WORD = re.compile(r"[^\W\d_]{6,}")
_MOST_WORDS = 12  # unknown words of a question that are looked up
_LONG = 10  # letters from which two edits are allowed
_ASKING = (  # words of questions, which an index need not hold
    "definition", "define", "difference", "differences", "symptoms", "treatment", "diagnosis", "prevention", "causes",
    "function", "mechanism", "inheritance", "transmission", "complications", "contraindications", "abbreviation",
    "describe", "explain", "overdose", "between", "which", "where", "medicine", "effects", "dosage",
)  # fmt: skip


def suggestion(question: str, index: SearchIndex) -> str:
    """The question with its probable misspellings corrected; empty if there are none.

    A word is a probable misspelling if the index does not know it and knows one with the same first letter that is one
    edit away, or two for a long word. The most frequent such word is suggested.
    """
    corrected = question
    for word in list(dict.fromkeys(_WORD.findall(question)))[:_MOST_WORDS]:
        terms = analyzer.terms(word)
        if not terms or any(map(index.document_frequency, terms)) or word.lower() in _ASKING:
            continue
        if word.isupper() and not question.isupper():
            continue  # a symbol
        meant = _nearest(word.lower(), index)
        if meant:
            written = meant.capitalize() if word.istitle() else meant.upper() if word.isupper() else meant
            corrected = re.sub(rf"\b{re.escape(word)}\b", written, corrected)
    return corrected if corrected != question else ""


def _nearest(word: str, index: SearchIndex) -> str | None:
    allowed = 2 if len(word) >= _LONG else 1
    for asking in _ASKING:
        if edits(word, asking, allowed) <= allowed:
            return asking
    near = [
        (edits(word, candidate, allowed), candidate)
        for candidate in index.similar_words(word, 2)
        if candidate[0] == word[0]
    ]
    possible = [
        (distance, -_frequency(candidate, index), candidate) for distance, candidate in near if distance <= allowed
    ]
    return min(possible)[2] if possible else None


def _frequency(word: str, index: SearchIndex) -> int:
    return min(map(index.document_frequency, analyzer.terms(word)), default=0)


def edits(one: str, other: str, most: int) -> int:
    """The insertions, deletions, replacements and swaps of neighbours between two words; more than `most` for any more.

    This is the optimal string alignment distance.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, its in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, last = last, current
    return last[-1]
