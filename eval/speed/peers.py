"""Benchmark workloads of other libraries on the same texts, terms and questions; each runs in its own process."""

import json
import os
import time
from pathlib import Path

import numpy as np

from bioqa.eval.speed import workloads
from bioqa.eval.speed.process import Figures, Groups, Job
from bioqa.index.cpus import processors
from bioqa.index.text import analyzer

_K1, _B = 1.2, 0.75  # of BM25, as in tantivy
_BATCH_SIZES = (8, 32, 128)


def bm25s(job: Job) -> Groups:
    """Lexical search in bm25s, which computes scores when indexing and keeps them as a sparse matrix in memory."""
    import bm25s as library  # type: ignore[import-not-found, unused-ignore]

    texts = _texts(job)
    began = time.perf_counter()
    terms = [analyzer.terms(text) for text in texts]
    analysed = time.perf_counter()
    index = library.BM25(method="lucene", k1=_K1, b=_B)
    index.index(terms, show_progress=False)
    indexed = time.perf_counter()
    del terms

    def search(question: str) -> list[int]:
        query = [analyzer.query_terms(question)]
        numbers, scores = index.retrieve(query, k=min(workloads.TOP, len(texts)), show_progress=False)
        return [int(number) for number, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    results, times = workloads.time_searches(job, search)
    return {
        "lexical_indexing": _indexing(len(texts), analysed - began, indexed - analysed),
        "lexical_search": {**times, "same_top_10": _agreement(job, results)},
    }


def rank_bm25(job: Job) -> Groups:
    """Lexical search in rank-bm25, which scores every passage for every question."""
    from rank_bm25 import BM25Okapi

    texts = _texts(job)
    began = time.perf_counter()
    terms = [analyzer.terms(text) for text in texts]
    analysed = time.perf_counter()
    index = BM25Okapi(terms, k1=_K1, b=_B)
    indexed = time.perf_counter()
    del terms

    def search(question: str) -> list[int]:
        scores = index.get_scores(analyzer.query_terms(question))
        best = np.argsort(scores)[::-1][: workloads.TOP]  # the same as get_top_n
        return [int(number) for number in best if scores[number] > 0]

    results, times = workloads.time_searches(job, search)
    return {
        "lexical_indexing": _indexing(len(texts), analysed - began, indexed - analysed),
        "lexical_search": {**times, "same_top_10": _agreement(job, results)},
    }


def sentence_transformers(job: Job) -> Groups:
    """Encoding with sentence-transformers in fp32 on the CPU, at the best of three batch sizes.

    `cosine` is the mean cosine of its vectors and bioqa's over the passages.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"  # read at import
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(processors())
    model = SentenceTransformer(job.peer_encoder, device="cpu").float()
    model.max_seq_length = job.encoder_tokens
    texts = [passage.search_text for passage in workloads.evenly_spaced(workloads.sample_passages(job), job.passages)]
    model.encode(texts[: workloads.WARM_UP_TEXTS])
    taken = {}
    for size in _BATCH_SIZES:
        began = time.perf_counter()
        vectors = model.encode(texts, batch_size=size, normalize_embeddings=True)
        taken[size] = time.perf_counter() - began
    best = min(taken, key=lambda size: taken[size])
    ours = np.load(Path(job.scratch) / workloads.VECTORS)
    others = {f"batch_{size}_passages_per_s": len(texts) / seconds for size, seconds in taken.items()}
    cosine = float((vectors * ours).sum(axis=1).mean())
    return {
        "encoding": {
            **workloads.throughput(taken[best], passages=len(texts)),
            "batch_size": best,
            **others,
            "cosine": cosine,
        }
    }


def _texts(job: Job) -> list[str]:
    return [passage.search_text for passage in workloads.sample_passages(job)]


def _indexing(passages: int, analysis: float, indexing: float) -> Figures:
    total = workloads.throughput(analysis + indexing, passages=passages)
    return {**total, "analysis_seconds": analysis, "without_analysis_passages_per_s": passages / indexing}


def _agreement(job: Job, results: list[list[int]]) -> float:
    """The share of these passages that bioqa's search also returned."""
    ours = json.loads((Path(job.scratch) / workloads.RESULTS).read_text(encoding="utf-8"))
    shared = sum(len(set(mine) & set(theirs)) for mine, theirs in zip(ours, results, strict=True))
    return shared / max(1, sum(map(len, results)))
