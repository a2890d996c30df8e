"""Benchmark workloads of bioqa: functions from a job to figures, each run in its own process.

They exchange files in the scratch folder of the job. `parsing` writes the sample of the corpus for the others.
`lexical` writes its search results and `encoding` its vectors, for comparison with other libraries.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from bioqa.eval.speed.process import Figures, Groups, Job
from bioqa.index.corpus import files
from bioqa.index.errors import InputError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.records import Document, Passage
from bioqa.index.search.filters import NO_FILTER
from bioqa.index.search.fusion import FUSION, FUSIONS
from bioqa.index.search.hybrid import DEPTH, Index
from bioqa.index.search.lexical import LexicalIndex
from bioqa.index.search.lexical_writer import LexicalWriter
from bioqa.index.search.search_index import Query, SearchIndex
from bioqa.index.store.manifest import read_manifest
from bioqa.index.text import passages as windows
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.reader import Reader

TOP = 10  # passages of a lexical search: the number read for a question
WARM_UP_TEXTS = 32  # for a network before its time counts
RESULTS, VECTORS = "found.json", "vectors.npy"
_SAMPLE = "sample.jsonl"

Item = TypeVar("Item")


def latencies(seconds: Sequence[float]) -> Figures:
    """The median, 95th percentile (linear interpolation) and maximum of durations, in milliseconds."""
    p50, p95, largest = (np.percentile(seconds, (50, 95, 100)) * 1000).tolist()
    return {"samples": len(seconds), "p50_ms": p50, "p95_ms": p95, "max_ms": largest}


def throughput(seconds: float, **counts: int) -> Figures:
    """Counts, the time they took, and their rates: `documents` adds `documents_per_s`."""
    rates = {f"{unit}_per_s": count / seconds for unit, count in counts.items()}
    return {**counts, "seconds": seconds, **rates}


def evenly_spaced(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` of the items, in order and at equal distances."""
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def sample_passages(job: Job) -> list[Passage]:
    """The passages of the corpus sample."""
    ranges = (
        (document, span) for document in documents(Path(job.scratch) / _SAMPLE) for span in windows.windows(document)
    )
    return [Passage(number, document, *span) for number, (document, span) in enumerate(ranges)]


def time_searches(job: Job, search: Callable[[str], list[int]]) -> tuple[list[list[int]], Figures]:
    """The results of `search` for each question, and its latencies after the warm-up."""
    for question in job.questions[: job.warm_up]:
        search(question)
    seconds = []
    results = []
    for _ in range(job.repeat):
        for question in job.questions:
            began = time.perf_counter()
            hits = search(question)
            seconds.append(time.perf_counter() - began)
            results.append(hits)
    return results[: len(job.questions)], latencies(seconds)


def parsing(job: Job) -> Groups:
    """Read the records of the corpus; megabytes are file sizes, compressed or not."""
    records = size = 0
    began = time.perf_counter()
    for file in files.input_files([Path(job.corpus)]):
        opened, read = files.CorpusFile(file), 0
        for _ in islice(opened.records(), job.documents - records):
            records, read = records + 1, opened.bytes_read
        size += read
    seconds = time.perf_counter() - began
    _write_sample(job)
    return {"parsing": {**throughput(seconds, records=records), "bytes": size, "megabytes_per_s": size / 1e6 / seconds}}


def building(job: Job) -> Groups:
    """Build an index without vectors over the sample: parsing, splitting into passages, BM25, and text storage."""
    folder = Path(job.scratch) / "built"
    began = time.perf_counter()
    builder.build([Path(job.scratch) / _SAMPLE], folder, None)
    seconds = time.perf_counter() - began
    manifest = read_manifest(folder)
    figures = throughput(seconds, documents=manifest.documents, passages=manifest.passages)
    return {"lexical_build": figures}


def lexical(job: Job) -> Groups:
    """Index the sample with BM25 alone, including text analysis and disk writes; then search for the questions."""
    passages = sample_passages(job)
    folder = Path(job.scratch) / "lexical"
    folder.mkdir()
    began = time.perf_counter()
    writer = LexicalWriter(folder)
    for passage in passages:
        writer.add(passage, passage.number)
    writer.commit()
    seconds = time.perf_counter() - began
    index = LexicalIndex(folder)
    results, times = time_searches(job, lambda question: list(index.search(question, TOP, NO_FILTER))[:TOP])
    (Path(job.scratch) / RESULTS).write_text(json.dumps(results), encoding="utf-8")
    return {"lexical_indexing": throughput(seconds, passages=len(passages)), "lexical_search": times}


def encoding(job: Job) -> Groups:
    """Encode passages of the sample with the encoder of the index."""
    encoder = Index(Path(job.index)).open_encoder()
    if encoder is None:
        raise InputError(f"{job.index}: the index has no vectors; build it with an encoder")
    texts = [passage.search_text for passage in evenly_spaced(sample_passages(job), job.passages)]
    encoder.encode(texts[:WARM_UP_TEXTS])
    began = time.perf_counter()
    vectors = encoder.encode(texts)
    seconds = time.perf_counter() - began
    np.save(Path(job.scratch) / VECTORS, vectors)
    return {"encoding": throughput(seconds, passages=len(texts))}


def reading(job: Job) -> Groups:
    """Read passages of the sample for the first question."""
    reader = Reader(Path(job.reader) if job.reader else model.shipped("reader"))
    config = AskConfig()
    passages = evenly_spaced(sample_passages(job), job.passages)

    def read(batch: Sequence[Passage]) -> None:
        reader.read(job.questions[0], batch, max_tokens=config.factoid_tokens, count=config.spans_per_passage)

    read(passages[:WARM_UP_TEXTS])
    began = time.perf_counter()
    read(passages)
    return {"reading": throughput(time.perf_counter() - began, passages=len(passages))}


def answering(job: Job) -> Groups:
    """Ask the questions of the index, and time each stage over the questions that reach it."""
    began = time.perf_counter()
    engine = Engine.open(job.index, job.reader or None)
    loaded = time.perf_counter() - began
    config = AskConfig()
    for question in job.questions[: job.warm_up]:
        engine.ask(question, config)
        _search_stages(engine, question, config)
    seconds: dict[str, list[float]] = {}
    for _ in range(job.repeat):
        for question in job.questions:
            for stage, milliseconds in engine.ask(question, config).timings_ms.items():
                seconds.setdefault(stage, []).append(milliseconds / 1000)
        for question in job.questions:
            for stage, taken in _search_stages(engine, question, config).items():
                seconds.setdefault(stage, []).append(taken)
    stages = {f"stage_{stage}": latencies(taken) for stage, taken in sorted(seconds.items(), key=_stage_number)}
    return {"answering": {"questions": len(job.questions), "load_ms": loaded * 1000}, **stages}


_STAGES = (
    *("question", "search", "search_lexical", "search_dense", "search_fusion"),
    *("read", "sentences", "merge", "write", "total"),
)


def _stage_number(stage: tuple[str, list[float]]) -> int:
    return _STAGES.index(stage[0]) if stage[0] in _STAGES else len(_STAGES)


def _search_stages(engine: Engine, question: str, config: AskConfig) -> dict[str, float]:
    """The times of the parts of a search: each side to its full depth, and the fusion of the two rankings."""
    query = engine.analyze(question, config).query
    stages, rankings = {}, []
    for mode in ["lexical"] if query.vector is None else ["lexical", "dense"]:
        began = time.perf_counter()
        engine.index.search(query, 1, mode=mode)  # returns one passage, but searches to the full depth
        stages[f"search_{mode}"] = time.perf_counter() - began
        rankings.append(_ranking(engine.index, query, mode))
    began = time.perf_counter()
    FUSIONS[FUSION]([ranking for ranking in rankings if ranking])
    stages["search_fusion"] = time.perf_counter() - began
    return stages


def _ranking(index: SearchIndex, query: Query, mode: str) -> dict[int, float]:
    return {hit.passage.number: hit.score for hit in index.search(query, DEPTH, mode=mode)}


def documents(path: Path) -> Iterator[Document]:
    """The documents of a corpus file."""
    return (record for record in files.CorpusFile(path).records() if isinstance(record, Document))


def write_documents(path: Path, documents: Iterable[Document]) -> int:
    """Write the indexed fields of documents as JSON lines, one at a time; returns their number."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            fields = {name: getattr(document, name) for name in ("id", "title", "abstract", "year", "journal")}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
            written += 1
    return written


def _write_sample(job: Job) -> None:
    every = (document for file in files.input_files([Path(job.corpus)]) for document in documents(file))
    if not write_documents(Path(job.scratch) / _SAMPLE, islice(every, job.documents)):
        raise InputError(f"{job.corpus}: no document in the corpus; the benchmark needs at least one")
