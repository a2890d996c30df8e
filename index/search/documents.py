"""Search for documents: each is found by its best passage."""

from collections.abc import Iterable

from bioqa.index.records import Hit
from bioqa.index.search import feedback
from bioqa.index.search.filters import NO_FILTER, Filter
from bioqa.index.search.fusion import FUSION
from bioqa.index.search.search_index import Query, SearchIndex


def search_passages(
    index: SearchIndex,
    query: Query,
    mode: str,
    documents: int,
    depth: int,
    *,
    filters: Filter = NO_FILTER,
    fusion: str = FUSION,
    feedback_passages: int = feedback.PASSAGES,
) -> list[Hit]:
    """The best passages, best first, from at least this number of documents unless the index has fewer.

    The first search is for `depth` passages, each further one for twice as many.
    """
    while True:
        hits = index.search(
            query, depth, mode=mode, filters=filters, fusion=fusion, feedback_passages=feedback_passages
        )
        if len(hits) < depth or len({hit.passage.document.id for hit in hits}) >= documents:
            return hits
        depth *= 2


def best_passages(hits: Iterable[Hit]) -> list[Hit]:
    """The first hit of each document."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.document.id, hit)
    return list(best.values())
