"""What an index finds for queries, as runs: rankings of documents, one run for every way to search."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bioqa.eval import trec
from bioqa.eval.trec import Run
from bioqa.index import feedback
from bioqa.index.errors import InputError
from bioqa.index.fusion import FUSION
from bioqa.index.hybrid import Index, Query
from bioqa.index.progress import Progress, Silent
from bioqa.index.records import Hit
from bioqa.qa.reranking import Reranker

MODES = ("lexical", "dense", "hybrid")
RERANKED = "reranked"
DOCUMENTS = 100  # ranked a query: the deepest that the measures of BEIR look
_PASSAGES = 2 * DOCUMENTS  # first taken: abstracts have two passages on average


def modes_of(index: Index, mode: str | None = None) -> tuple[str, ...]:
    """The ways to search that an index allows, or the one that is asked for. Raises InputError where it has no vectors
    for that."""
    if index.manifest.encoder is None:
        if mode not in (None, "lexical"):
            raise InputError(
                f"{index.folder}: lexical only, it has no vectors; use --mode lexical or build it with an encoder"
            )
        return ("lexical",)
    return (mode,) if mode else MODES


def runs(
    queries: Mapping[str, str],
    index: Index,
    modes: Sequence[str],
    progress: Progress | None = None,
    fusion: str = FUSION,
    rerank: Reranker | None = None,
    speaking: int = feedback.PASSAGES,
) -> dict[str, Run]:
    """The documents found for every query in every mode, up to `DOCUMENTS` of them, each with its score; with a
    reranker also what it makes of the last mode."""
    encoder = index.open_encoder() if set(modes) - {"lexical"} else None
    found: dict[str, dict[str, dict[str, float]]] = {mode: {} for mode in [*modes, *([RERANKED] if rerank else [])]}
    for place, (identity, text) in enumerate(queries.items(), start=1):
        query = Query.of(text, encoder)
        for mode in modes:
            hits = passages(index, query, mode, fusion=fusion, speaking=speaking)
            found[mode][identity] = documents(hits)
        if rerank:
            found[RERANKED][identity] = documents(rerank(text, hits))
        (progress or Silent()).update(place / len(queries), place)
    return dict(found)


def passages(
    index: Index,
    query: Query,
    mode: str,
    count: int = DOCUMENTS,
    fusion: str = FUSION,
    speaking: int = feedback.PASSAGES,
) -> list[Hit]:
    """The best passages, best first: so many that there are `count` documents among them, or no more passages."""
    depth, hits = _PASSAGES, index.search(query, _PASSAGES, mode=mode, fusion=fusion, speaking=speaking)
    while len({hit.passage.document.id for hit in hits}) < count and len(hits) == depth:
        depth *= 2
        hits = index.search(query, depth, mode=mode, fusion=fusion, speaking=speaking)
    return hits


def documents(hits: Iterable[Hit], count: int = DOCUMENTS) -> dict[str, float]:
    """The `count` best documents: {id: score}, best first; a document scores as its best passage does."""
    scores: dict[str, float] = {}
    for hit in hits:
        if len(scores) < count:
            scores.setdefault(hit.passage.document.id, hit.score)
    return scores


def save(path: Path, runs: Mapping[str, Run]) -> None:
    """Write the runs in the form of TREC: one alone to `path`, each of several to a file with the mode in its name.

    Raises InputError for an id that the form cannot hold, StorageError where the disk refuses.
    """
    for mode, run in runs.items():
        trec.write_run(_place(path, mode) if len(runs) > 1 else path, run, f"bioqa-{mode}")


def _place(path: Path, mode: str) -> Path:
    """run.lexical.trec.gz for run.trec.gz."""
    ending = "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
    return path.with_name(f"{path.name.removesuffix(ending)}.{mode}{ending}")
