import statistics
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.speed import workloads
from bioqa.eval.speed.process import Job
from bioqa.index.errors import InputError
from bioqa.index.ingest import builder
from bioqa.index.search.filters import NO_FILTER
from bioqa.index.search.hybrid import Index
from bioqa.qa.engine import Engine

QUESTIONS = ["what gene causes cystic fibrosis?", "is Huntington disease dominant?", "what is metformin?"]


@pytest.fixture
def job(small_index: Path, corpus_file: Path, tmp_path: Path) -> Job:
    """A job over the small corpus and its index."""
    return Job(str(small_index), str(corpus_file), QUESTIONS, str(tmp_path), warm_up=1, passages=3)


@pytest.fixture
def sampled(job: Job) -> Job:
    """The job after the corpus was parsed."""
    workloads.parsing(job)
    return job


@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=300))
def test_percentiles_are_those_of_the_standard_library(seconds: list[float]) -> None:
    found = workloads.latencies(seconds)
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    assert found["p50_ms"] == pytest.approx(statistics.median(seconds) * 1000)
    assert found["p95_ms"] == pytest.approx(cuts[94] * 1000)
    assert found["max_ms"] == max(seconds) * 1000
    assert found["samples"] == len(seconds)


def test_one_duration_is_its_own_percentile() -> None:
    assert workloads.latencies([0.25]) == {"samples": 1, "p50_ms": 250, "p95_ms": 250, "max_ms": 250}


def test_a_rate_is_the_count_over_the_time() -> None:
    assert workloads.throughput(0.5, documents=3, passages=4) == {
        "documents": 3,
        "passages": 4,
        "seconds": 0.5,
        "documents_per_s": 6,
        "passages_per_s": 8,
    }


@given(st.integers(0, 300), st.integers(1, 60))
def test_spaced_items_come_in_order_from_the_whole_length(count: int, most: int) -> None:
    chosen = workloads.evenly_spaced(range(count), most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    gaps = [after - before for before, after in pairwise([*chosen, count])]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_the_corpus_is_counted_and_its_sample_has_the_passages_of_an_index(job: Job, corpus_file: Path) -> None:
    found = workloads.parsing(job)["parsing"]
    assert found["records"] == len(corpus_file.read_text().splitlines())
    assert found["bytes"] == corpus_file.stat().st_size
    assert found["megabytes_per_s"] == pytest.approx(found["bytes"] / 1e6 / found["seconds"])
    index = Index(Path(job.index))
    sample = workloads.sample_passages(job)
    assert [p.number for p in sample] == list(range(index.manifest.passages))
    ids = list(dict.fromkeys(p.document.id for p in sample))
    assert [p.search_text for p in sample] == [p.search_text for p in index.passages_of(ids)]


def test_no_more_documents_than_asked_for_are_taken(job: Job) -> None:
    fewer = replace(job, documents=2)
    assert workloads.parsing(fewer)["parsing"]["records"] == 2
    assert len({passage.document.id for passage in workloads.sample_passages(fewer)}) == 2
    assert workloads.building(fewer)["lexical_build"]["documents"] == 2


def test_a_corpus_without_documents_is_refused(job: Job, write_jsonl: Callable[..., Path]) -> None:
    path = write_jsonl("empty.jsonl", [{"pmid": 1}])
    with pytest.raises(InputError, match="no document in the corpus"):
        workloads.parsing(replace(job, corpus=str(path)))


def test_the_questions_that_warm_up_do_not_count() -> None:
    asked: list[str] = []

    def search(question: str) -> list[int]:
        asked.append(question)
        return [len(asked)]

    job = Job("", "", ["a", "b", "c"], warm_up=2, repeat=2)
    found, times = workloads.time_searches(job, search)
    assert asked == ["a", "b", "a", "b", "c", "a", "b", "c"]
    assert found == [[3], [4], [5]]
    assert times["samples"] == 6


def test_lexical_search_over_the_sample_finds_what_the_index_finds(sampled: Job) -> None:
    groups = workloads.lexical(sampled)
    lexical = Index(Path(sampled.index)).lexical
    expected = [list(lexical.search(question, workloads.TOP, NO_FILTER)) for question in QUESTIONS]
    assert (Path(sampled.scratch) / workloads.RESULTS).read_text() == str(expected)
    assert groups["lexical_indexing"]["passages"] == len(workloads.sample_passages(sampled))
    assert groups["lexical_search"]["samples"] == len(QUESTIONS)


def test_the_vectors_are_those_of_the_index(sampled: Job) -> None:
    assert workloads.encoding(sampled)["encoding"]["passages"] == 3
    stored = [segment.vectors for segment in Index(Path(sampled.index))._store.segments]
    numbers = [passage.number for passage in workloads.evenly_spaced(workloads.sample_passages(sampled), 3)]
    vectors = np.load(Path(sampled.scratch) / workloads.VECTORS)
    np.testing.assert_allclose(vectors, np.concatenate(stored)[numbers], atol=1e-3)


def test_an_index_without_vectors_cannot_time_an_encoder(sampled: Job, tmp_path: Path) -> None:
    builder.build([Path(sampled.corpus)], tmp_path / "lexical-only", None)
    with pytest.raises(InputError, match="the index has no vectors"):
        workloads.encoding(replace(sampled, index=str(tmp_path / "lexical-only")))


def test_an_index_without_vectors_has_no_dense_stage(sampled: Job, tmp_path: Path) -> None:
    builder.build([Path(sampled.corpus)], tmp_path / "lexical-only", None)
    groups = workloads.answering(replace(sampled, index=str(tmp_path / "lexical-only")))
    assert "stage_search_lexical" in groups
    assert "stage_search_dense" not in groups


def test_reading_counts_passages(sampled: Job) -> None:
    found = workloads.reading(sampled)["reading"]
    assert found["passages"] == 3
    assert found["passages_per_s"] == pytest.approx(3 / found["seconds"])


def test_every_stage_of_an_answer_is_timed_in_order(job: Job, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    monkeypatch.setattr(Engine, "open", lambda *_: engine)
    groups = workloads.answering(replace(job, repeat=2))
    assert list(groups) == [
        "answering",
        "stage_question",
        "stage_search",
        "stage_search_lexical",
        "stage_search_dense",
        "stage_search_fusion",
        "stage_read",
        "stage_sentences",
        "stage_merge",
        "stage_write",
        "stage_total",
    ]
    assert groups["answering"]["questions"] == 3
    samples = {name: found["samples"] for name, found in groups.items() if name != "answering"}
    assert samples["stage_total"] == samples["stage_search_dense"] == samples["stage_sentences"] == 6
    assert samples["stage_read"] == 6
    assert 2 <= samples["stage_merge"] < 6  # not for the yes/no question, nor what else is asked for prose
