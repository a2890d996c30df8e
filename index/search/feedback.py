"""Asking again with what was found: the first passages speak for the question, too (Rocchio 1971).

A question of two words says little of what it is about, and the passages that it brings up say much; a long one says
enough. So what is taken from them counts as much as a number of words in the question do.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bioqa.index.search import bm25

if TYPE_CHECKING:
    from bioqa.index.arrays import Array

PASSAGES = 3  # that speak for a question
_TERMS = 10  # of their titles, those that weigh most
_DENSE_WORDS, _LEXICAL_WORDS = 2.5, 0.75  # of the question, that they count as much as; never more than all of it


def vector(question: "Array", passages: "Array", words: int) -> "Array":
    """The unit vector (d,) of a question of so many words, drawn towards the vectors of passages (n, d)."""
    drawn: Array = question + _share(_DENSE_WORDS, words) * passages.mean(axis=0)
    return drawn / (drawn @ drawn) ** 0.5


def weights(
    question: Mapping[str, float], titles: Sequence[Sequence[str]], idf: Mapping[str, float]
) -> dict[str, float]:
    """What the terms of a question weigh, and with them the terms that say most in the titles of passages; `idf` holds
    theirs."""
    said: dict[str, float] = {}
    for title in titles:
        for term, count in Counter(title).items():
            said[term] = said.get(term, 0.0) + idf[term] * count / (count + bm25.K1)
    if not question or not said:
        return dict(question)
    most = sorted(said, key=lambda term: (-said[term], term))[:_TERMS]
    share = _share(_LEXICAL_WORDS, len(question)) * sum(question.values()) / sum(said[term] for term in most)
    return dict(question) | {term: question.get(term, 0.0) + share * said[term] for term in most}


def _share(counted: float, words: int) -> float:
    """What so many words are of those of the question."""
    return min(1.0, counted / words)
