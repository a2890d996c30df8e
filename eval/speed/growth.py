"""The growth of build time, memory, disk space and latency with the corpus, on indexes over synthetic documents."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import exp, log
from pathlib import Path

import numpy as np

from bioqa.eval.speed import process, synthetic
from bioqa.eval.speed.machine import Machine, this_machine
from bioqa.eval.speed.process import Figures, Groups, Job
from bioqa.eval.speed.workloads import throughput, time_searches, write_documents
from bioqa.eval.tables import Cell, Table
from bioqa.index.arrays import Array
from bioqa.index.corpus import files
from bioqa.index.errors import InputError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Passage
from bioqa.index.search.dense import VectorIndex
from bioqa.index.search.filters import NO_FILTER
from bioqa.index.search.hybrid import DEPTH, Index
from bioqa.index.search.layout import open_inverted_lists, open_vectors
from bioqa.index.search.search_index import Query
from bioqa.index.store.manifest import read_manifest
from bioqa.index.store.segments import Store
from bioqa.index.text import passages as windows

PUBMED = 38_000_000  # citations in 2025
_HELD_OUT = 50  # every 50th real vector is a query, and no source of synthetic vectors
_REAL, _QUESTIONS = "real.npy", "questions.npy"


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The figures of each size, and `on_paper`, their extrapolation to all of PubMed."""

    machine: Machine
    sizes: Mapping[int, Figures]
    on_paper: Figures


def encoding(job: Job) -> Groups:
    """Encode the questions and passages of the real corpus."""
    encoder = Encoder(model.shipped("encoder"))
    texts = [
        Passage(0, document, *span).search_text
        for document in synthetic.real_documents(Path(job.corpus), job.passages)
        for span in windows.windows(document)
    ][: job.passages]
    if len(texts) < 2 * _HELD_OUT:
        raise InputError(f"{job.corpus}: {len(texts)} passages with an abstract; growing vectors needs {2 * _HELD_OUT}")
    began = time.perf_counter()
    np.save(Path(job.scratch) / _REAL, encoder.encode(texts))
    seconds = time.perf_counter() - began
    np.save(Path(job.scratch) / _QUESTIONS, encoder.encode(job.questions))
    return {"encoding": throughput(seconds, passages=len(texts))}


def building(job: Job) -> Groups:
    """Build the index over synthetic documents, with vectors if real ones were encoded."""
    encoder = synthetic.SyntheticEncoder(_real(job)[0]) if job.encoder_tokens else None
    source, folder = Path(job.scratch) / "grown.jsonl", Path(job.index)
    began = time.perf_counter()
    builder.build([source], folder, encoder, max_ram=job.max_ram)
    seconds = time.perf_counter() - began
    manifest = read_manifest(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    figures = throughput(seconds, documents=manifest.documents, passages=manifest.passages)
    return {"build": {**figures, "disk_bytes": size}}


def opening(job: Job) -> Groups:
    """Open the index and search it once, with only the cache of the system warm."""
    vectors = np.load(Path(job.scratch) / _QUESTIONS) if job.encoder_tokens else [None]
    began = time.perf_counter()
    index = Index(Path(job.index))
    opened = time.perf_counter() - began
    index.search(Query(job.questions[0], vectors[0]), DEPTH)
    first = time.perf_counter() - began
    return {"open": {"ms": opened * 1000, "first_search_ms": first * 1000}}


def searching(job: Job) -> Groups:
    """Search to the full depth, lexical and then dense, with the encoder open as in `bioqa ask`."""
    index = Index(Path(job.index))
    index.open_encoder()
    _, lexical = time_searches(job, lambda question: list(index.lexical.search(question, DEPTH, NO_FILTER)))
    groups = {"lexical": lexical}
    if job.encoder_tokens:
        vectors = dict(zip(job.questions, np.load(Path(job.scratch) / _QUESTIONS), strict=True))

        def dense(question: str) -> list[int]:
            return [hit.passage.number for hit in index.search(Query(question, vectors[question]), 1, mode="dense")]

        groups["dense"] = time_searches(job, dense)[1]
    return groups


def recalling(job: Job) -> Groups:
    """The recall of a dense search at ten: for the questions, and for held-out passages."""
    folder = Path(job.index)
    manifest = read_manifest(folder)
    store = Store(folder, manifest)
    index, flat = (open_vectors(manifest, store, lists) for lists in (open_inverted_lists(folder, manifest), None))
    if index is None or flat is None:
        raise InputError(f"{folder}: it has no vectors")
    queries = {"questions": np.load(Path(job.scratch) / _QUESTIONS), "passages": _real(job)[1]}
    shares = {}
    for name, vectors in queries.items():
        shares[f"{name}_recall"] = float(
            np.mean([_recall(index, flat, vector) for vector in vectors[: len(job.questions)]])
        )
    return {"recall": shares}


def _recall(index: VectorIndex, flat: VectorIndex, vector: Array) -> float:
    """The share of the exact nearest ten among the first ten of a search to the full depth."""
    nearest = flat.search(vector, 10)
    return len(set(nearest) & set(islice(index.search(vector, DEPTH), 10))) / len(nearest)


def _real(job: Job) -> tuple[Array, Array]:
    """The real vectors that are sources of synthetic ones, and the held-out ones."""
    vectors = np.load(Path(job.scratch) / _REAL)
    return np.delete(vectors, np.s_[::_HELD_OUT], axis=0), vectors[::_HELD_OUT]


def measure(
    job: Job,
    sizes: Sequence[int],
    folder: Path,
    *,
    dense: bool = False,
    talk: Callable[[str], None] = lambda _: None,
) -> GrowthReport:
    """Build and search an index of each of `sizes` documents in `folder`, each step in its own process.

    Uses the fields `corpus`, `questions`, `passages` (real ones to encode), `warm_up`, `repeat` and `max_ram` of the
    job. The indexes remain. `talk` receives progress messages. Raises InputError if `folder` is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: the folder is not empty; choose another one")
    files.input_files([Path(job.corpus)])
    folder.mkdir(parents=True, exist_ok=True)
    tokens = model.open_model(model.shipped("encoder"), "encoder").card.max_tokens if dense else 0
    job = replace(job, scratch=str(folder), encoder_tokens=tokens)
    if dense:
        talk(f"encoding {job.passages:,} passages")
        process.run_function(f"{__name__}:encoding", job)
    steps = ["building", "opening", "searching", *(["recalling"] if dense else [])]
    measured: dict[int, Figures] = {}
    for size in sorted(set(sizes)):
        talk(f"writing {size:,} documents")
        source = folder / "grown.jsonl"
        write_documents(source, synthetic.documents(Path(job.corpus), size))
        figures: dict[str, float] = {}
        for step in steps:
            talk(f"{step} {size:,} documents")
            groups = process.run_function(f"{__name__}:{step}", replace(job, index=str(folder / f"index-{size}")))
            figures |= {f"{name}_{key}": value for name, part in groups.items() for key, value in part.items()}
        source.unlink()
        measured[size] = figures
    return GrowthReport(this_machine(), measured, extrapolate(measured, PUBMED))


def extrapolate(sizes: Mapping[int, Figures], target: int) -> Figures:
    """Each figure at `target` documents, by a straight line on logarithmic axes through the two largest sizes.

    A single size implies growth in proportion to the number of documents. Recall is left out.
    """
    larger = max(sizes)
    smaller = max((size for size in sizes if size < larger), default=None)
    figures = {}
    for key, value in sizes[larger].items():
        before = sizes[smaller].get(key) if smaller else None
        if value <= 0 or "recall" in key or "samples" in key:
            continue
        slope = (log(value) - log(before)) / (log(larger) - log(smaller)) if smaller and before else 1.0
        figures[key] = value * exp(slope * (log(target) - log(larger)))
    return figures


_COLUMNS: dict[str, tuple[str, float]] = {  # figure: its label and its divisor
    "build_passages": ("passages", 1),
    "build_seconds": ("build s", 1),
    "build_documents_per_s": ("documents/s", 1),
    "build_peak_bytes": ("build MB", 1e6),
    "build_disk_bytes": ("disk MB", 1e6),
    "open_ms": ("open ms", 1),
    "lexical_p50_ms": ("lexical p50", 1),
    "lexical_p95_ms": ("p95", 1),
    "dense_p50_ms": ("dense p50", 1),
    "dense_p95_ms": ("p95 ", 1),
    "recall_questions_recall": ("recall, questions", 1),
    "recall_passages_recall": ("recall, passages", 1),
    "lexical_peak_bytes": ("search MB", 1e6),
}


def table(report: GrowthReport) -> Table:
    """The figures of each size, and those extrapolated to all of PubMed."""
    rows: list[list[Cell]] = []
    for size, figures in [*report.sizes.items(), (PUBMED, report.on_paper)]:
        rows.append([size, *(_cell(figures.get(key), scale) for key, (_, scale) in _COLUMNS.items())])
    shown = [column for column in range(len(_COLUMNS) + 1) if any(row[column] is not None for row in rows)]
    names = ["documents", *(name for name, _ in _COLUMNS.values())]
    return Table(
        f"Growth; the last line is not measured but extrapolated from the two largest sizes to {PUBMED:,} documents",
        [names[column] for column in shown],
        [[row[column] for column in shown] for row in rows],
    )


def _cell(value: float | None, scale: float) -> Cell:
    if value is None:
        return None
    scaled = value / scale
    return round(scaled) if scaled >= 100 else scaled
