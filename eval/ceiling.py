"""What can be answered at all by pointing at text: whether a gold answer stands in it."""

from collections.abc import Iterable
from itertools import product

from bioqa.eval import alignment
from bioqa.eval.gold import GoldQuestion

_SCORED = {"exact", "case"}  # the rules under which a span that is found also scores


def stands_in(synonyms: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether one of the strings stands in one of the texts, as words of their own and but for case."""
    return any(alignment.find(synonym, text, _SCORED) for synonym, text in product(synonyms, texts))


def extractable_items(gold: GoldQuestion) -> list[bool]:
    """For each gold item, whether it stands in a gold snippet."""
    texts = [snippet.text for snippet in gold.snippets]
    return [stands_in(item, texts) for item in gold.exact]
