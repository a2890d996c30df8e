"""How much of the words of a claim a text covers: inflections, families of words, spellings, abbreviations."""

from collections.abc import Mapping
from functools import lru_cache

from bioqa.index.text import analyzer
from bioqa.qa.abbreviations import abbreviation_pairs

_FAMILY = 5  # letters that words of a family share, as inhibit and inhibitor


@lru_cache(4096)
def stems(text: str) -> frozenset[str]:
    """The terms of a text."""
    return frozenset(analyzer.terms(text))


def weight_covered(terms: Mapping[str, float], present: frozenset[str]) -> float:
    """The weight of the terms that are among those present."""
    return sum(weight for term, weight in terms.items() if is_among(term, present))


def weight_without(terms: Mapping[str, float], without: frozenset[str]) -> float:
    """The weight of all terms but these."""
    return sum(weight for term, weight in terms.items() if term not in without)


def is_among(term: str, present: frozenset[str]) -> bool:
    """Whether a term, one of its family or one in another spelling is among these."""
    if term in present:
        return True
    if len(term) < _FAMILY or not term.isalpha():
        return False
    plain = _spelled(term)
    return any(other[0] == term[0] and _are_family(plain, _spelled(other)) for other in present)


def _spelled(term: str) -> str:
    """A term in American spelling."""
    return term.replace("ae", "e").replace("oe", "e").replace("our", "or").replace("is", "iz")


def _are_family(one: str, other: str) -> bool:
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= _FAMILY and shared >= 0.6 * max(len(one), len(other))


def written_out(question: str, sentence: str, passage: str) -> frozenset[str]:
    """The terms of the question that stand in the sentence as an abbreviation or its long form."""
    found: set[str] = set()
    asked, said = stems(question), stems(sentence)
    for short, long in abbreviation_pairs(passage):
        shorts, longs = stems(short), stems(long)
        if shorts <= asked and longs <= said:
            found |= shorts
        if longs & asked and shorts <= said:
            found |= longs
    return frozenset(found)
