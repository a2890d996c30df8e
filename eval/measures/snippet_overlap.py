"""The overlap of snippets, computed as BioASQ's official evaluator does (EvaluatorTask1b, -e 8).

Both end points of a snippet count as inside, although offsets in gold files end after the last character. Snippets of
one document can overlap only if they begin in the same section and end in the same section. Overlapping snippets of
each side are merged first. These rules come from the evaluator's public source and from the figures that it prints.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan

from bioqa.eval.datasets.bioasq import Snippet


def length(snippet: Snippet) -> int:
    """The number of characters in a snippet."""
    return snippet.end - snippet.begin + 1


def overlap(some: Snippet, other: Snippet) -> int:
    """The number of characters that two snippets share; negative if a snippet ends before it begins, as some do."""
    return min(some.end, other.end) - max(some.begin, other.begin) + 1 if _overlaps(some, other) else 0


def merge(snippets: Sequence[Snippet]) -> list[Snippet]:
    """The snippets with overlapping ones merged, each in the place of its first.

    The evaluator walks over the pairs with two indices into the list that it shortens. After a merge it skips some
    pairs, so a chain of overlaps can remain in two pieces. This function does the same walk, because average precision
    counts the pieces.
    """
    pieces = list(snippets)
    here = 0
    while here < len(pieces):
        other = 0
        while other < len(pieces) and here < len(pieces):
            if other != here and _overlaps(pieces[here], pieces[other]):
                pieces[here] = _union(pieces[here], pieces[other])
                del pieces[other]
                other = 0
            other += 1
        here += 1
    return pieces


def total_overlap(some: Sequence[Snippet], others: Sequence[Snippet]) -> int:
    """The overlaps of all pairs from two lists, added up."""
    return sum(overlap(one, other) for one in some for other in others)


def average_precision(submitted: Sequence[Snippet], gold: Sequence[Snippet]) -> float:
    """The average precision of merged snippets; precision is the share of characters that are gold.

    A snippet counts as relevant if its document has any gold snippet, wherever that is. Without gold snippets the
    result is nan.
    """
    documents = {snippet.document for snippet in gold}
    gold_characters = characters = 0
    total = 0.0
    for snippet in submitted:
        gold_characters += total_overlap([snippet], gold)
        characters += length(snippet)
        if snippet.document in documents and characters:
            total += gold_characters / characters
    return total / min(10, len(gold)) if gold else nan


def _overlaps(some: Snippet, other: Snippet) -> bool:
    return _place(some) == _place(other) and some.begin <= other.end and other.begin <= some.end


def _place(snippet: Snippet) -> tuple[str, str, str]:
    return snippet.document, snippet.begin_section, snippet.end_section


def _union(some: Snippet, other: Snippet) -> Snippet:
    return replace(some, begin=min(some.begin, other.begin), end=max(some.end, other.end))
