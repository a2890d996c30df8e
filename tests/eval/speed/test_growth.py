import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.speed import growth, process
from bioqa.eval.speed.growth import PUBMED, GrowthReport
from bioqa.eval.speed.machine import this_machine
from bioqa.eval.speed.process import Groups, Job
from bioqa.index.errors import InputError
from bioqa.index.search.hybrid import Index
from bioqa.index.store import planner
from bioqa.qa import starter

QUESTIONS = ["what gene causes cystic fibrosis?", "is Huntington disease dominant?"]
Run = Callable[..., Any]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps run in this process; their names are noted."""
    steps: list[str] = []

    def call(function: str, job: Job) -> Groups:
        steps.append(function.partition(":")[2])
        groups: Groups = getattr(growth, steps[-1])(job)
        return groups

    monkeypatch.setattr(process, "run_function", call)
    return steps


@pytest.fixture
def job() -> Job:
    """A job over the starter passages."""
    return Job("", str(starter.passages_file()), QUESTIONS, passages=100, warm_up=0)


def test_indexes_of_all_sizes_are_built_and_searched(job: Job, in_process: list[str], tmp_path: Path) -> None:
    found = growth.measure(job, [20, 5, 20], tmp_path / "to")
    assert in_process == 2 * ["building", "opening", "searching"]
    assert list(found.sizes) == [5, 20]
    for size, figures in found.sizes.items():
        assert figures["build_documents"] == size == Index(tmp_path / f"to/index-{size}").manifest.documents
        assert figures["build_disk_bytes"] > 1000
        assert figures["lexical_samples"] == 2
        assert 0 < figures["open_ms"] <= figures["open_first_search_ms"]
        assert "dense_p50_ms" not in figures
    assert not (tmp_path / "to/grown.jsonl").exists()


def test_with_vectors_dense_search_and_its_recall_are_measured(
    job: Job, in_process: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "FLAT_BYTES", 30 * 384 * 2)
    monkeypatch.setattr(planner, "_LEAST_PROBES", 1)
    monkeypatch.setattr(planner, "_SCANNED", 1)
    monkeypatch.setattr(growth, "DEPTH", 10)
    found = growth.measure(job, [5, 60], tmp_path / "to", dense=True)
    assert in_process[0] == "encoding"
    assert in_process[1:] == 2 * ["building", "opening", "searching", "recalling"]
    flat, inverted = (Index(tmp_path / f"to/index-{size}").manifest for size in (5, 60))
    assert flat.structure is None
    assert inverted.structure is not None
    assert inverted.structure.probes == 1
    assert found.sizes[5]["recall_questions_recall"] == found.sizes[5]["recall_passages_recall"] == 1.0
    assert 0 < found.sizes[60]["recall_questions_recall"] < 1
    assert found.sizes[60]["dense_p50_ms"] > 0


def test_the_command_prints_a_table_and_data(run: Run, tmp_path: Path) -> None:
    outcome = run("eval", "growth", "--sizes", "5", "--asked", "2", "--to", tmp_path / "one")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[-2].split()[0] == "5"
    assert lines[-1].split()[0] == f"{PUBMED:,}"
    assert "searching 5 documents" in outcome.err
    assert (tmp_path / "one/index-5/manifest.json").is_file()


def test_data_are_printed_alone(run: Run, in_process: list[str], tmp_path: Path) -> None:
    outcome = run("eval", "growth", "--sizes", "3,6", "--asked", "1", "--to", tmp_path / "to", "--json")
    data = json.loads(outcome.out)
    assert set(data) == {"machine", "sizes", "on_paper"}
    assert set(data["sizes"]) == {"3", "6"}


def test_a_folder_that_holds_something_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    outcome = run("eval", "growth", "--sizes", "5", "--to", tmp_path)
    assert outcome.status == 2
    assert f"{tmp_path}: the folder is not empty" in outcome.err
    outcome = run("eval", "growth", "--sizes", "5", "--to", tmp_path / "mine")
    assert outcome.status == 2
    assert (tmp_path / "mine").read_text() == "x"


@pytest.mark.parametrize("sizes", ["", "10k,", "many", "-5", "0", "1k;2k"])
def test_sizes_that_are_none_are_refused(sizes: str, run: Run, tmp_path: Path) -> None:
    outcome = run("eval", "growth", f"--sizes={sizes}", "--to", tmp_path / "to")
    assert outcome.status == 2
    assert outcome.err.startswith("error: --sizes ")
    assert not (tmp_path / "to").exists()


def test_too_few_real_passages_are_refused(job: Job, corpus_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="growing vectors needs 100"):
        growth.encoding(Job("", str(corpus_file), QUESTIONS, str(tmp_path), passages=1000))


def test_a_missing_corpus_is_refused_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    outcome = run("eval", "growth", "--corpus", tmp_path / "gone.jsonl", "--to", tmp_path / "to")
    assert outcome.status == 2
    assert not (tmp_path / "to").exists()


# What stands on paper


def test_two_sizes_give_a_line_on_logarithmic_axes() -> None:
    sizes = {
        1_000: {"seconds": 999.0, "ms": 999.0},
        10_000: {"seconds": 5.0, "ms": 2.0, "constant": 7.0},
        1_000_000: {"seconds": 500.0, "ms": 20.0, "constant": 7.0, "recall_x": 0.9, "new": 3.0, "zero": 0.0},
    }
    found = growth.extrapolate(sizes, 100_000_000)
    assert found == pytest.approx({"seconds": 50_000, "ms": 200, "constant": 7, "new": 300})


def test_one_size_grows_in_proportion() -> None:
    assert growth.extrapolate({100: {"seconds": 2.0}}, 1_000) == pytest.approx({"seconds": 20})


def test_columns_without_figures_are_left_out_of_the_table() -> None:
    sizes = {10: {"build_seconds": 2.0, "lexical_p50_ms": 150.4}}
    made = growth.table(GrowthReport(this_machine(), sizes, growth.extrapolate(sizes, PUBMED)))
    assert made.columns == ["documents", "build s", "lexical p50"]
    assert list(made.rows[0]) == [10, 2.0, 150]
    assert made.rows[1][0] == PUBMED
