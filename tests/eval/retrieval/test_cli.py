import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets import trec
from bioqa.index.ingest import builder

Run = Callable[..., Any]
QUERIES = {"q1": "what gene causes cystic fibrosis?", "q2": "is Huntington disease dominant?", "q3": "🧬"}
QRELS = "query-id\tcorpus-id\tscore\nq1\t101\t2\nq1\t102\t1\nq2\t103\t1\nq3\t104\t1\n"


@pytest.fixture
def beir(tmp_path: Path, corpus_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small corpus as a collection, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "small"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_bytes(corpus_file.read_bytes())
    lines = [json.dumps({"_id": identity, "text": text}) for identity, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(lines))
    (folder / "qrels" / "test.tsv").write_text(QRELS)
    return folder


def test_the_first_run_builds_an_index_and_the_second_finds_it(run: Run, beir: Path) -> None:
    first = run("eval", "retrieval", beir, "--json")
    assert first.status == 0
    assert first.err.startswith(f"indexing {beir / 'corpus.jsonl'} into {beir.parent / 'cache'}")
    second = run("eval", "retrieval", beir, "--json")
    assert (second.status, second.err) == (0, "")
    assert second.out == first.out
    found = json.loads(first.out)
    assert (found["collection"], found["split"], found["queries"], found["documents"]) == ("small", "test", 3, 8)
    assert list(found["runs"]) == ["lexical", "dense", "hybrid"]
    assert found["runs"]["lexical"]["success@10"] == pytest.approx(2 / 3)  # BM25 has no word for the third query
    assert found["runs"]["dense"]["recall@100"] == 1.0
    assert list(found["ndcg@10_against_lexical"]) == ["dense", "hybrid"]


def test_lexical_search_alone_needs_no_vectors(run: Run, beir: Path) -> None:
    outcome = run("eval", "retrieval", beir, "--mode", "lexical", "--json")
    found = json.loads(outcome.out)
    assert (outcome.status, found["encoder"], list(found["runs"])) == (0, "none", ["lexical"])


def test_in_text_every_figure_has_its_line(run: Run, beir: Path, small_index: Path) -> None:
    outcome = run("eval", "retrieval", beir, "--index", small_index)
    assert (outcome.status, outcome.err) == (0, "")
    for start in ("small, test: 3 queries, 8 documents", "nDCG@10 ", "recall@100", "nDCG@10 against lexical", "hybrid"):
        assert f"\n{start}" in f"\n{outcome.out}"


def test_saved_runs_score_the_same_as_runs_of_somebody_else(
    run: Run, beir: Path, small_index: Path, tmp_path: Path
) -> None:
    ran = json.loads(run("eval", "retrieval", beir, "--index", small_index, "--save", tmp_path / "r.gz", "--json").out)
    for mode in ("lexical", "dense", "hybrid"):
        (beir / "corpus.jsonl").unlink(missing_ok=True)  # judgments are all that a run needs
        scored = run("eval", "retrieval", beir, tmp_path / f"r.{mode}.gz", "--json")
        assert scored.status == 0
        assert json.loads(scored.out)["runs"][f"r.{mode}.gz"] == ran["runs"][mode]
        assert ("1 of 3 queries are missing from the run and count as zero: q3" in scored.err) == (mode == "lexical")


def test_one_mode_is_saved_under_the_name_that_was_given(
    run: Run, beir: Path, small_index: Path, tmp_path: Path
) -> None:
    arguments = ("--index", small_index, "--mode", "dense", "--save", tmp_path / "run.trec")
    assert run("eval", "retrieval", beir, *arguments).status == 0
    assert list(trec.read_run(tmp_path / "run.trec")) == list(QUERIES)


def test_a_run_without_a_judged_query_is_refused(run: Run, beir: Path, tmp_path: Path) -> None:
    trec.write_run(tmp_path / "run", {"other": {"101": 1.0}}, "t")
    outcome = run("eval", "retrieval", beir, tmp_path / "run")
    assert (outcome.status, outcome.out) == (2, "")
    assert "ranks nothing for any query" in outcome.err


@pytest.mark.parametrize(
    "option", [("--mode", "dense"), ("--fusion", "rrf"), ("--feedback", "0"), ("--index", "x"), ("--save", "x")]
)
def test_a_run_of_somebody_else_is_not_searched_for(run: Run, beir: Path, option: tuple[str, str]) -> None:
    outcome = run("eval", "retrieval", beir, "run", *option)
    assert (outcome.status, outcome.out) == (2, "")
    assert "leave out RUN" in outcome.err


def test_an_index_that_does_not_fit_is_refused(run: Run, beir: Path, tmp_path: Path, small_index: Path) -> None:
    builder.build([beir / "corpus.jsonl"], tmp_path / "bm25", None)
    outcome = run("eval", "retrieval", beir, "--index", tmp_path / "bm25", "--mode", "hybrid")
    assert (outcome.status, outcome.out) == (2, "")
    assert "bm25: the index has no vectors" in outcome.err
    assert list(json.loads(run("eval", "retrieval", beir, "--index", tmp_path / "bm25", "--json").out)["runs"]) == [
        "lexical"
    ]
    with (beir / "corpus.jsonl").open("a") as file:
        file.write('{"_id": "new", "text": "New."}\n')
    outcome = run("eval", "retrieval", beir, "--index", small_index)
    assert (outcome.status, outcome.out) == (2, "")
    assert "lacks 1 of the 9 documents of the corpus, the first is new" in outcome.err


def test_what_does_not_fit_together_is_told(run: Run, beir: Path, small_index: Path) -> None:
    kept = (beir / "corpus.jsonl").read_text().splitlines()[1:]
    (beir / "corpus.jsonl").write_text("\n".join([*kept, '{"_id": "empty", "title": "", "text": ""}']))
    outcome = run("eval", "retrieval", beir, "--index", small_index, "--mode", "lexical")
    assert outcome.status == 0
    warnings = outcome.err.splitlines()
    assert (
        "corpus.jsonl: 1 lines hold no usable document and are skipped: line 8: record empty has neither" in warnings[0]
    )
    assert "1 documents judged relevant are missing from it and count as not found: 101" in warnings[1]
    assert "1 of its documents are not in the corpus and are ranked too" in warnings[2]


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_run_is_not_written_over_the_collection(run: Run, beir: Path, small_index: Path, name: str) -> None:
    before = (beir / name).read_bytes()
    outcome = run("eval", "retrieval", beir, "--index", small_index, "--mode", "lexical", "--save", beir / name)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{beir / name}: named twice in this call" in outcome.err
    assert (beir / name).read_bytes() == before


def test_nothing_is_searched_where_a_run_cannot_hold_an_id(run: Run, beir: Path, tmp_path: Path) -> None:
    with (beir / "corpus.jsonl").open("a") as file:
        file.write('\n{"_id": "1 a", "text": "cystic fibrosis"}\n')
    outcome = run("eval", "retrieval", beir, "--mode", "lexical", "--save", tmp_path / "run")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: '1 a' cannot be written to a file of runs or judgments")


def test_nothing_is_searched_where_the_run_cannot_be_saved(run: Run, beir: Path, tmp_path: Path) -> None:
    outcome = run("eval", "retrieval", beir, "--save", tmp_path / "none" / "run")
    assert (outcome.status, outcome.out) == (2, "")
    assert (
        outcome.err == f"error: {tmp_path / 'none' / 'run'}: there is no folder {tmp_path / 'none'} to write it into\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("queries.jsonl", b"\xff\n", "queries.jsonl: line 1: not UTF-8"),
        ("corpus.jsonl", b"", "corpus.jsonl: the file has no documents"),
        ("qrels/test.tsv", b"", "test.tsv: the file is empty"),
    ],
)
def test_a_bad_file_is_one_line_of_error(run: Run, beir: Path, name: str, content: bytes, message: str) -> None:
    (beir / name).write_bytes(content)
    outcome = run("eval", "retrieval", beir, "--json")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_interrupted_build_leaves_nothing_half_written(
    run: Run, beir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(builder, "write_segment", interrupted)
        outcome = run("eval", "retrieval", beir, "--save", tmp_path / "run.trec")
    assert (outcome.status, outcome.out) == (130, "")
    assert not list(tmp_path.glob("run*"))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert run("eval", "retrieval", beir).status == 0


def test_splits_given_together_are_scored_together(run: Run, beir: Path) -> None:
    header, *rows = QRELS.splitlines()
    for name, part in (("one", rows[:1]), ("rest", [row for row in rows if row.split()[0] != rows[0].split()[0]])):
        (beir / "qrels" / f"{name}.tsv").write_text("\n".join([header, *part]))
    outcome = run("eval", "retrieval", beir, "--split", "one", "--split", "rest", "--mode", "lexical", "--json")
    found = json.loads(outcome.out)
    assert (found["split"], found["queries"]) == ("one and rest", 3)
    again = run("eval", "retrieval", beir, "--split", "one", "--split", "one")
    assert (again.status, again.out) == (2, "")
    assert "give splits that share no query" in again.err


def test_the_fusion_that_was_asked_for_is_scored_and_told(run: Run, beir: Path, small_index: Path) -> None:
    call = ["eval", "retrieval", beir, "--index", small_index, "--mode", "hybrid", "--json", "--fusion"]
    for fusion in ("minmax", "adaptive"):
        outcome = run(*call, fusion)
        assert outcome.status == 0, outcome.err
        assert json.loads(outcome.out)["fusion"] == fusion


def test_the_feedback_that_was_asked_for_is_used_and_told(run: Run, beir: Path, small_index: Path) -> None:
    call = ["eval", "retrieval", beir, "--index", small_index, "--mode", "hybrid", "--json", "--feedback"]
    assert [json.loads(run(*call, count).out)["feedback"] for count in ("0", "5")] == [0, 5]
