"""Pseudo-relevance feedback: the query is extended from the first passages and searched again (Rocchio 1971).

A short query says little about its topic, and the passages that it finds say much; a long query is sufficient. So the
weight of the feedback corresponds to a fixed number of query words.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bioqa.index.search import bm25

if TYPE_CHECKING:
    from bioqa.index.arrays import Array

PASSAGES = 3  # feedback passages
_TERMS = 10  # highest-weighted terms of their titles
_DENSE_WORDS, _LEXICAL_WORDS = 2.5, 0.75  # weight of the feedback in query words; at most that of the whole query


def feedback_vector(question: "Array", passages: "Array", words: int) -> "Array":
    """The unit vector (d,) of a question with `words` words, moved towards the vectors of passages (n, d)."""
    drawn: Array = question + _share(_DENSE_WORDS, words) * passages.mean(axis=0)
    return drawn / (drawn @ drawn) ** 0.5


def feedback_weights(
    question: Mapping[str, float], titles: Sequence[Sequence[str]], idf: Mapping[str, float]
) -> dict[str, float]:
    """The term weights of a question, extended by the highest-weighted terms of passage titles.

    `idf` covers all terms of the titles.
    """
    title_weights: dict[str, float] = {}
    for title in titles:
        for term, count in Counter(title).items():
            title_weights[term] = title_weights.get(term, 0.0) + idf[term] * count / (count + bm25.K1)
    if not question or not title_weights:
        return dict(question)
    best = sorted(title_weights, key=lambda term: (-title_weights[term], term))[:_TERMS]
    share = _share(_LEXICAL_WORDS, len(question)) * sum(question.values()) / sum(title_weights[term] for term in best)
    return dict(question) | {term: question.get(term, 0.0) + share * title_weights[term] for term in best}


def _share(counted: float, words: int) -> float:
    """The weight of the feedback relative to the question."""
    return min(1.0, counted / words)
