"""The arithmetic of snippets as BioASQ's official evaluator does it (EvaluatorTask1b, -e 8).

Both ends of a snippet count as inside, although the offsets of gold files end behind the last character. Snippets of
one document overlap where they share the sections they begin and end in. Before anything else, overlapping snippets of
each side are merged into one. All of this was found out from the figures that the evaluator prints and from its public
source.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan

from bioqa.eval.gold import Snippet


def size(snippet: Snippet) -> int:
    """Characters in a snippet."""
    return snippet.end - snippet.begin + 1


def overlap(some: Snippet, other: Snippet) -> int:
    """Characters that two snippets share; negative where a snippet ends before it begins, as some gold ones do."""
    return min(some.end, other.end) - max(some.begin, other.begin) + 1 if _meet(some, other) else 0


def merged(snippets: Sequence[Snippet]) -> list[Snippet]:
    """The snippets with those that overlap made one, each in the place of its first.

    The evaluator goes over the pairs with two indices into the list that it is shortening, and after a merge never
    looks at the first snippet again from where it stands: a chain of overlaps can stay in two pieces. The same walk is
    done here, because average precision counts the pieces.
    """
    pieces = list(snippets)
    here = 0
    while here < len(pieces):
        other = 0
        while other < len(pieces) and here < len(pieces):
            if other != here and _meet(pieces[here], pieces[other]):
                pieces[here] = _union(pieces[here], pieces[other])
                del pieces[other]
                other = 0
            other += 1
        here += 1
    return pieces


def shared(some: Sequence[Snippet], others: Sequence[Snippet]) -> int:
    """Characters that two lists of snippets share, pair by pair."""
    return sum(overlap(one, other) for one in some for other in others)


def average_precision(given: Sequence[Snippet], gold: Sequence[Snippet]) -> float:
    """The average precision of merged snippets, precision being the share of characters that are gold.

    A snippet counts as relevant when its document has any gold snippet, wherever that is. Without gold snippets there
    is no figure: nan.
    """
    documents = {snippet.document for snippet in gold}
    right = length = 0
    total = 0.0
    for snippet in given:
        right += shared([snippet], gold)
        length += size(snippet)
        if snippet.document in documents and length:
            total += right / length
    return total / min(10, len(gold)) if gold else nan


def _meet(some: Snippet, other: Snippet) -> bool:
    return _place(some) == _place(other) and some.begin <= other.end and other.begin <= some.end


def _place(snippet: Snippet) -> tuple[str, str, str]:
    return snippet.document, snippet.begin_section, snippet.end_section


def _union(some: Snippet, other: Snippet) -> Snippet:
    return replace(some, begin=min(some.begin, other.begin), end=max(some.end, other.end))
