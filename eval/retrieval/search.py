"""Search of an index for queries, as runs: rankings of documents, one run for each search mode."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bioqa.eval.datasets import trec
from bioqa.eval.datasets.trec import Run
from bioqa.index.errors import InputError
from bioqa.index.progress import NoProgress, Progress
from bioqa.index.records import Hit
from bioqa.index.search import documents, feedback
from bioqa.index.search.fusion import FUSION
from bioqa.index.search.search_index import Query, SearchIndex
from bioqa.qa import wording
from bioqa.qa.reranking import Reranker

MODES = ("lexical", "dense", "hybrid")
RERANKED = "reranked"
DOCUMENTS = 100  # ranked for each query: the deepest cutoff of BEIR's measures
_PASSAGES = 200  # in the first search: abstracts have two passages on average


def modes_of(index: SearchIndex, mode: str | None = None) -> tuple[str, ...]:
    """The requested search mode, or all modes of the index.

    Raises InputError if the mode needs vectors and the index has none.
    """
    if index.encoder_name is None:
        if mode not in (None, "lexical"):
            raise InputError(
                f"{index.location}: the index has no vectors; use --mode lexical or build it with an encoder"
            )
        return ("lexical",)
    return (mode,) if mode else MODES


def search_all(
    queries: Mapping[str, str],
    index: SearchIndex,
    modes: Sequence[str],
    progress: Progress | None = None,
    fusion: str = FUSION,
    rerank: Reranker | None = None,
    feedback_passages: int = feedback.PASSAGES,
) -> dict[str, Run]:
    """A run for each mode: up to `DOCUMENTS` documents for every query, with their scores. A reranker adds a run that
    reranks the last mode."""
    encoder = index.open_encoder() if set(modes) - {"lexical"} else None
    runs: dict[str, dict[str, dict[str, float]]] = {mode: {} for mode in [*modes, *([RERANKED] if rerank else [])]}
    for place, (identity, text) in enumerate(queries.items(), start=1):
        query = Query.of(wording.clean(text), encoder)
        for mode in modes:
            hits = search_passages(index, query, mode, fusion=fusion, feedback_passages=feedback_passages)
            runs[mode][identity] = rank_documents(hits, but=identity)
        if rerank:
            runs[RERANKED][identity] = rank_documents(rerank(query.text, hits), but=identity)
        (progress or NoProgress()).update(place / len(queries), place)
    return dict(runs)


def search_passages(
    index: SearchIndex,
    query: Query,
    mode: str,
    count: int = DOCUMENTS + 1,
    fusion: str = FUSION,
    feedback_passages: int = feedback.PASSAGES,
) -> list[Hit]:
    """The best passages, best first, from at least `count` documents unless the index has fewer."""
    return documents.search_passages(
        index, query, mode, count, _PASSAGES, fusion=fusion, feedback_passages=feedback_passages
    )


def rank_documents(hits: Iterable[Hit], count: int = DOCUMENTS, but: str = "") -> dict[str, float]:
    """The `count` best documents `but` one, best first, by id; a document has the score of its best passage."""
    scores: dict[str, float] = {}
    for hit in hits:
        if len(scores) < count and hit.passage.document.id != but:
            scores.setdefault(hit.passage.document.id, hit.score)
    return scores


def save_runs(path: Path, runs: Mapping[str, Run]) -> None:
    """Write the runs in TREC format: a single run to `path`, several to files with the mode in their names.

    Raises InputError for an id that the format cannot hold, StorageError if a file cannot be written.
    """
    for mode, run in runs.items():
        trec.write_run(_path_of(path, mode) if len(runs) > 1 else path, run, f"bioqa-{mode}")


def _path_of(path: Path, mode: str) -> Path:
    """The path with the mode in its name: run.lexical.trec.gz for run.trec.gz."""
    ending = "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
    return path.with_name(f"{path.name.removesuffix(ending)}.{mode}{ending}")
