"""The ceiling of extractive answers: whether a text contains a gold answer."""

from collections.abc import Iterable
from itertools import product

from bioqa.eval.datasets import alignment
from bioqa.eval.datasets.bioasq import GoldQuestion

_SCORED = {"exact", "case"}  # the rules whose matches also score as correct


def any_occurs(synonyms: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether any of the synonyms occurs in any of the texts as whole words, ignoring case."""
    return any(alignment.find(synonym, text, _SCORED) for synonym, text in product(synonyms, texts))


def extractable_items(gold: GoldQuestion) -> list[bool]:
    """For each gold item, whether it occurs in a gold snippet."""
    texts = [snippet.text for snippet in gold.snippets]
    return [any_occurs(item, texts) for item in gold.exact]
