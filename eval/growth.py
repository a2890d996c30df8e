"""How build time, memory, disk and latency grow with the corpus: indexes of several sizes over grown documents."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import exp, log
from pathlib import Path

import numpy as np

from bioqa.eval import process, synthetic
from bioqa.eval.machine import Machine, this_machine
from bioqa.eval.phases import rate, searched, write_documents
from bioqa.eval.process import Figures, Groups, Job
from bioqa.eval.tables import Cell, Table
from bioqa.index import builder, corpus, model
from bioqa.index import passages as windows
from bioqa.index.encoder import Encoder
from bioqa.index.errors import InputError
from bioqa.index.filters import NO_FILTER
from bioqa.index.hybrid import DEPTH, Index, Query
from bioqa.index.layouts import open_structure, open_vectors
from bioqa.index.manifest import read_manifest
from bioqa.index.records import Passage
from bioqa.index.runtime import Array
from bioqa.index.segments import Store
from bioqa.index.vectors import VectorIndex

PUBMED = 38_000_000  # citations in 2025
_HELD_OUT = 50  # every so many-th real vector is a query, and nothing is grown from it
_REAL, _QUESTIONS = "real.npy", "questions.npy"


@dataclass(frozen=True, slots=True)
class Growth:
    """The figures of each size, and what two sizes say of all of PubMed, by the name of what was measured."""

    machine: Machine
    sizes: Mapping[int, Figures]
    on_paper: Figures


def encoding(job: Job) -> Groups:
    """Encode the questions and passages of the real corpus."""
    encoder = Encoder(model.shipped("encoder"))
    texts = [
        Passage(0, document, *span).titled
        for document in synthetic.real_documents(Path(job.corpus), job.passages)
        for span in windows.windows(document)
    ][: job.passages]
    if len(texts) < 2 * _HELD_OUT:
        raise InputError(f"{job.corpus}: {len(texts)} passages with an abstract; {2 * _HELD_OUT} are needed")
    began = time.perf_counter()
    np.save(Path(job.scratch) / _REAL, encoder.encode(texts))
    seconds = time.perf_counter() - began
    np.save(Path(job.scratch) / _QUESTIONS, encoder.encode(job.questions))
    return {"encoding": rate(seconds, passages=len(texts))}


def building(job: Job) -> Groups:
    """Build the index over the grown documents; with vectors where real ones were encoded."""
    encoder = synthetic.GrownEncoder(_real(job)[0]) if job.encoder_tokens else None
    source, folder = Path(job.scratch) / "grown.jsonl", Path(job.index)
    began = time.perf_counter()
    builder.build([source], folder, encoder, max_ram=job.max_ram)
    seconds = time.perf_counter() - began
    made = read_manifest(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {"build": {**rate(seconds, documents=made.documents, passages=made.passages), "disk_bytes": size}}


def opening(job: Job) -> Groups:
    """Open the index and search it once, nothing in memory but what the system has cached."""
    vectors = np.load(Path(job.scratch) / _QUESTIONS) if job.encoder_tokens else [None]
    began = time.perf_counter()
    index = Index(Path(job.index))
    opened = time.perf_counter() - began
    index.search(Query(job.questions[0], vectors[0]), DEPTH)
    first = time.perf_counter() - began
    return {"open": {"ms": opened * 1000, "first_search_ms": first * 1000}}


def searching(job: Job) -> Groups:
    """Search to the full depth: lexical, then dense, in a process that has the encoder open, as one that asks has."""
    index = Index(Path(job.index))
    index.open_encoder()
    _, lexical = searched(job, lambda question: list(index.lexical.search(question, DEPTH, NO_FILTER)))
    groups = {"lexical": lexical}
    if job.encoder_tokens:
        vectors = dict(zip(job.questions, np.load(Path(job.scratch) / _QUESTIONS), strict=True))

        def dense(question: str) -> list[int]:
            return [hit.passage.number for hit in index.search(Query(question, vectors[question]), 1, mode="dense")]

        groups["dense"] = searched(job, dense)[1]
    return groups


def recalling(job: Job) -> Groups:
    """The share of the nearest ten that a dense search finds: for the questions, and for held-out passages."""
    folder = Path(job.index)
    manifest = read_manifest(folder)
    store = Store(folder, manifest)
    index, flat = (open_vectors(manifest, store, lists) for lists in (open_structure(folder, manifest), None))
    if index is None or flat is None:
        raise InputError(f"{folder}: it has no vectors")
    queries = {"questions": np.load(Path(job.scratch) / _QUESTIONS), "passages": _real(job)[1]}
    shares = {}
    for name, vectors in queries.items():
        shares[f"{name}_recall"] = float(
            np.mean([_found(index, flat, vector) for vector in vectors[: len(job.questions)]])
        )
    return {"recall": shares}


def _found(index: VectorIndex, flat: VectorIndex, vector: Array) -> float:
    """The share of the nearest ten that are among the first ten of a search to the full depth."""
    nearest = flat.search(vector, 10)
    return len(set(nearest) & set(islice(index.search(vector, DEPTH), 10))) / len(nearest)


def _real(job: Job) -> tuple[Array, Array]:
    """The real vectors that others are grown from, and those that are held out."""
    every = np.load(Path(job.scratch) / _REAL)
    return np.delete(every, np.s_[::_HELD_OUT], axis=0), every[::_HELD_OUT]


def measure(
    job: Job,
    sizes: Sequence[int],
    folder: Path,
    *,
    dense: bool = False,
    talk: Callable[[str], None] = lambda _: None,
) -> Growth:
    """Build and search an index of each of `sizes` documents in `folder`, each step in a process of its own.

    Of the job, `corpus`, `questions`, `passages` (real ones encoded), `warm_up`, `repeat` and `max_ram` count. The
    indexes stay. `talk` hears what is being timed. Raises InputError where `folder` holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty; choose another folder")
    corpus.files([Path(job.corpus)])
    folder.mkdir(parents=True, exist_ok=True)
    tokens = model.open_model(model.shipped("encoder"), "encoder").card.max_tokens if dense else 0
    job = replace(job, scratch=str(folder), encoder_tokens=tokens)
    if dense:
        talk(f"encoding {job.passages:,} passages")
        process.call("bioqa.eval.growth:encoding", job)
    steps = ["building", "opening", "searching", *(["recalling"] if dense else [])]
    found: dict[int, Figures] = {}
    for size in sorted(set(sizes)):
        talk(f"writing {size:,} documents")
        source = folder / "grown.jsonl"
        write_documents(source, synthetic.documents(Path(job.corpus), size))
        figures: dict[str, float] = {}
        for step in steps:
            talk(f"{step} {size:,} documents")
            groups = process.call(f"bioqa.eval.growth:{step}", replace(job, index=str(folder / f"index-{size}")))
            figures |= {f"{name}_{key}": value for name, part in groups.items() for key, value in part.items()}
        source.unlink()
        found[size] = figures
    return Growth(this_machine(), found, extrapolated(found, PUBMED))


def extrapolated(sizes: Mapping[int, Figures], target: int) -> Figures:
    """Each figure at `target` documents: a straight line on logarithmic axes through the two largest sizes.

    With one size only, everything grows with the number of documents. Recall is no quantity that grows: it is left out.
    """
    larger = max(sizes)
    smaller = max((size for size in sizes if size < larger), default=None)
    found = {}
    for key, value in sizes[larger].items():
        before = sizes[smaller].get(key) if smaller else None
        if value <= 0 or "recall" in key or "samples" in key:
            continue
        slope = (log(value) - log(before)) / (log(larger) - log(smaller)) if smaller and before else 1.0
        found[key] = value * exp(slope * (log(target) - log(larger)))
    return found


_COLUMNS: dict[str, tuple[str, float]] = {  # a figure: how it is called, and what it is divided by
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


def table(found: Growth) -> Table:
    """The figures, a size a row, and on paper those of all of PubMed."""
    rows: list[list[Cell]] = []
    for size, figures in [*found.sizes.items(), (PUBMED, found.on_paper)]:
        rows.append([size, *(_cell(figures.get(key), scale) for key, (_, scale) in _COLUMNS.items())])
    shown = [place for place in range(len(_COLUMNS) + 1) if any(row[place] is not None for row in rows)]
    names = ["documents", *(name for name, _ in _COLUMNS.values())]
    return Table(
        f"Growth; the last line is not measured: it is a line through the two largest sizes, at {PUBMED:,} documents",
        [names[place] for place in shown],
        [[row[place] for place in shown] for row in rows],
    )


def _cell(value: float | None, scale: float) -> Cell:
    if value is None:
        return None
    scaled = value / scale
    return round(scaled) if scaled >= 100 else scaled
