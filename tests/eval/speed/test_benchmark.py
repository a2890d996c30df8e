import gzip
import importlib.util
import json
import lzma
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.speed import benchmark, process
from bioqa.eval.speed.figures import OURS, SpeedReport
from bioqa.eval.speed.process import Groups, Job
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.ingest import builder

QUESTIONS = ["what gene causes cystic fibrosis?", "is Huntington disease dominant?"]
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def job(small_index: Path, corpus_file: Path) -> Job:
    """A job of the smallest size."""
    return Job(str(small_index), str(corpus_file), QUESTIONS, passages=2, warm_up=1)


@pytest.fixture(scope="module")
def report(job: Job) -> SpeedReport:
    """What was measured for it."""
    return benchmark.measure(job, runs=2)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """No process is started: commands take a second, functions give what is set here or one figure."""

    def stub(**replies: Groups | Exception) -> None:
        def call(function: str, job: Job) -> Groups:
            reply = replies.get(function.partition(":")[2], {function: {"seconds": 1.0}})
            if isinstance(reply, Exception):
                raise reply
            return reply

        monkeypatch.setattr(process, "run_function", call)
        monkeypatch.setattr(process, "run_command", lambda _: process.ProcessUsage(1.0, None))

    return stub


def test_everything_is_measured(report: SpeedReport) -> None:
    lexical = {OURS} | {name for name in ("bm25s", "rank-bm25") if importlib.util.find_spec(name.replace("-", "_"))}
    libraries = {what: set(by_library) for what, by_library in report.figures.items()}
    assert libraries["lexical_indexing"] == libraries["lexical_search"] == lexical
    for what in ("cold_help", "cold_ask", "parsing", "lexical_build", "encoding", "reading", "answering"):
        assert libraries[what] == {OURS}
        assert report.figures[what][OURS]["peak_bytes"] > 5_000_000
    assert {"stage_question", "stage_search", "stage_search_dense", "stage_read", "stage_total"} <= set(libraries)
    assert report.figures["cold_ask"][OURS]["samples"] == 2


def test_the_figures_are_positive_and_fit_together(report: SpeedReport) -> None:
    for what, by_library in report.figures.items():
        for found in by_library.values():
            assert all(value > 0 for key, value in found.items() if key.endswith(("per_s", "seconds", "peak_bytes")))
            if "p50_ms" in found:
                assert 0 <= found["p50_ms"] <= found["p95_ms"] <= found["max_ms"], what
    cold, warm = (report.figures[what][OURS] for what in ("cold_ask", "stage_total"))
    assert cold["p50_ms"] > warm["p50_ms"] > report.figures["stage_search"][OURS]["p50_ms"]
    for ratio in report.ratios:
        theirs_first = ratio.figure in ("p50_ms", "peak_bytes")
        assert ratio.ratio == (ratio.theirs / ratio.ours if theirs_first else ratio.ours / ratio.theirs)
        assert ratio.ours == report.figures[ratio.what][OURS][ratio.figure]


def test_rank_bm25_stands_beside(report: SpeedReport) -> None:
    pytest.importorskip("rank_bm25")
    beside = {(ratio.what, ratio.figure) for ratio in report.ratios if ratio.library == "rank-bm25"}
    assert {("lexical_indexing", "passages_per_s"), ("lexical_search", "p50_ms")} <= beside
    assert report.figures["lexical_search"]["rank-bm25"]["same_top_10"] == 1.0


def test_the_index_on_disk_is_counted_by_part(report: SpeedReport, small_index: Path) -> None:
    found = report.figures["index_on_disk"][OURS]
    sizes = {file: file.stat().st_size for file in small_index.rglob("*") if file.is_file()}
    assert found["total_bytes"] == sum(sizes.values())
    assert found["vectors_bytes"] == sum(size for file, size in sizes.items() if file.name == "vectors.npy")
    parts = [found[f"{part}_bytes"] for part in ("lexical", "vectors", "text", "other")]
    assert sum(parts) == found["total_bytes"]
    assert min(parts) > 0
    assert found["bytes_per_document"] * found["documents"] == pytest.approx(found["total_bytes"])


def test_a_library_that_is_not_installed_is_left_out(
    job: Job, stubbed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stubbed()
    monkeypatch.setattr(benchmark, "find_spec", lambda _: None)
    assert benchmark.measure(job).skipped == [
        "bm25s: not installed; pip install bm25s",
        "rank-bm25: not installed; pip install rank-bm25",
        "sentence-transformers: not installed; pip install sentence-transformers",
    ]


def test_a_library_that_fails_is_left_out_and_bioqa_is_not(
    job: Job, stubbed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "find_spec", lambda _: object())
    stubbed(bm25s=BioqaError("out of memory"))
    left_out = benchmark.measure(job).skipped
    assert left_out[0] == "bm25s: out of memory"
    assert left_out[1].startswith("sentence-transformers: pass the folder")
    stubbed(lexical=BioqaError("out of memory"))
    with pytest.raises(BioqaError, match="out of memory"):
        benchmark.measure(job)


def test_an_index_without_vectors_has_no_encoder_to_time(
    job: Job, stubbed: Callable[..., None], tmp_path: Path
) -> None:
    builder.build([Path(job.corpus)], tmp_path / "index", None)
    stubbed()
    report = benchmark.measure(replace(job, index=str(tmp_path / "index")))
    assert "encoding: the index has no vectors; build it with an encoder" in report.skipped
    assert report.figures["index_on_disk"][OURS]["vectors_bytes"] == 0


def test_no_more_questions_than_wanted_are_asked_and_a_dash_is_no_option(
    job: Job, stubbed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stubbed()
    asked: list[list[str]] = []
    jobs: list[Job] = []
    monkeypatch.setattr(process, "run_command", lambda call: asked.append(call) or process.ProcessUsage(1.0, None))
    monkeypatch.setattr(process, "run_function", lambda function, job: jobs.append(job) or {function: {"seconds": 1.0}})
    benchmark.measure(replace(job, questions=["-a?", "b?", "c?", "d?"]), runs=1, most_questions=2)
    assert jobs[0].questions == ["-a?", "c?"]
    assert [call[-2:] for call in asked] == [["--help"], ["--", "-a?"]]
    assert not Path(jobs[0].scratch).exists()


def test_questions_come_from_lines_and_from_gold_files(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("\ufeffwhat is a?\n\n  is  α b?\n", encoding="utf-8")
    assert benchmark.read_questions(lines) == ["what is a?", "is α b?"]
    gold = tmp_path / "gold"
    content = json.dumps({"questions": [{"id": "1", "type": "summary", "body": "what is a?"}]})
    gold.write_text(" \n" + content)
    assert benchmark.read_questions(gold) == ["what is a?"]
    for packed in (gzip.compress(content.encode()), lzma.compress(content.encode()), content.encode("utf-8-sig")):
        gold.write_bytes(packed)
        assert benchmark.read_questions(gold) == ["what is a?"]
    lines.write_bytes(gzip.compress(lines.read_bytes()))
    assert benchmark.read_questions(lines) == ["what is a?", "is α b?"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no questions"),
        (b" \n\n", "no questions"),
        (b'{"questions": []}', "no questions"),
        (b"what is a?\n???\n", "question 2: the question is empty"),
        (b"what is a?\n" + b"x" * 3000, "question 2: the question has 3,000 characters"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{", "not a BioASQ file"),
        (b"\x1f\x8bnothing", "compressed data damaged or cut off"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "questions"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        benchmark.read_questions(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("option", ["--index", "--corpus", "--questions", "--reader", "--peer-encoder"])
def test_what_is_not_there_is_named_before_anything_is_timed(
    run: Run, job: Job, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "run_command", lambda _: pytest.fail("something was timed"))
    there = {"--index": job.index, option: tmp_path / "none"}
    outcome = run("eval", "speed", *(part for pair in there.items() for part in pair))
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {tmp_path / 'none'}: ")
    assert outcome.err.count("\n") == 1


def test_a_damaged_corpus_is_an_error_of_the_input(run: Run, job: Job, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl.gz"
    path.write_bytes(gzip.compress(Path(job.corpus).read_bytes())[:-20])
    outcome = run("eval", "speed", "--index", job.index, "--corpus", path, "--runs", 1)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"error: {path}: compressed data damaged or cut off" in outcome.err


def test_the_command_prints_one_object_or_tables(
    run: Run, job: Job, report: SpeedReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[tuple[Job, dict[str, Any]]] = []

    def measured(asked: Job, **options: Any) -> SpeedReport:
        jobs.append((asked, options))
        options.pop("talk")("timing something")
        return report

    monkeypatch.setattr(benchmark, "measure", measured)
    questions = tmp_path / "questions.txt"
    questions.write_text("\n".join(QUESTIONS))
    call = ["eval", "speed", "--index", job.index, "--corpus", job.corpus, "--questions", questions]
    call += ["--passages", 2, "--warm-up", 1, "--runs", 2, "--asked", 7]
    outcome = run(*call, "--json")
    assert (outcome.status, outcome.err) == (0, "timing something\n")
    assert json.loads(outcome.out) == json.loads(json.dumps(asdict(report)))
    assert jobs == [(job, {"runs": 2, "most_questions": 7})]
    outcome = run(*call)
    assert outcome.status == 0
    assert "cold ask" in outcome.out
    assert all(f"skipped: {line}\n" in outcome.out for line in report.skipped)


def test_by_default_the_starter_data_is_timed(run: Run, monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    from bioqa.qa import starter

    seen: list[Job] = []
    monkeypatch.setattr(starter, "index_folder", lambda: Path(job.index))

    def refused(asked: Job, **_: Any) -> SpeedReport:
        seen.append(asked)
        raise InputError("enough")

    monkeypatch.setattr(benchmark, "measure", refused)
    assert run("eval", "speed").status == 2
    assert (seen[0].index, seen[0].corpus) == (job.index, str(starter.passages_file()))
    assert len(seen[0].questions) == len(json.loads(starter.questions_file().read_text())["questions"])
