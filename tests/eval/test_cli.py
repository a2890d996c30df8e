import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

QUESTIONS = [
    {
        "id": "1",
        "type": "factoid",
        "body": "what gene causes cystic fibrosis?",
        "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/101"],
        "exact_answer": [["CFTR"]],
    },
    {
        "id": "2",
        "type": "yesno",
        "body": "is Huntington disease dominant?",
        "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/103"],
        "exact_answer": "yes",
    },
]
Run = Callable[..., Any]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.json"
    path.write_text(json.dumps({"questions": QUESTIONS}))
    return path


def test_the_scores_of_a_gold_file_are_printed_as_data(run: Run, small_index: Path, gold: Path) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["questions"] == {"factoid": 1, "yesno": 1}
    assert found["phase_b"]["factoid_strict_accuracy"] == found["phase_b"]["yesno_accuracy"] == 1.0
    assert found["phase_a"]["documents_recall"] == 1.0
    assert found["intervals_95"]["factoid_mrr"] == [1.0, 1.0]
    assert found["run"]["gold_document_among_passages_read"] == 1.0
    assert found["run"]["answerable_questions"] == 2
    assert found["ledger"]["right"] == 1
    assert found["confidence"]["factoid"]["questions"] == 1


def test_several_gold_files_are_scored_apart_and_pooled(
    run: Run, small_index: Path, gold: Path, tmp_path: Path
) -> None:
    second = [question | {"id": f"second-{question['id']}"} for question in QUESTIONS]
    (tmp_path / "second.json.gz").write_bytes(gzip.compress(json.dumps({"questions": second}).encode()))
    outcome = run("eval", "bioasq", gold, tmp_path / "second.json.gz", "--index", small_index, "--json")
    found = json.loads(outcome.out)
    assert found["questions"] == {"factoid": 2, "yesno": 2}
    assert {name: part["questions"]["factoid"] for name, part in found["batches"].items()} == {"gold": 1, "second": 1}


def test_a_question_in_two_gold_files_is_refused(run: Run, small_index: Path, gold: Path) -> None:
    outcome = run("eval", "bioasq", gold, gold, "--index", small_index)
    assert (outcome.status, outcome.out) == (2, "")
    assert "question 1 is in gold and in gold" in outcome.err


@pytest.mark.parametrize("option", ["--save", "--ledger"])
def test_a_run_is_not_written_over_its_gold_file(run: Run, small_index: Path, gold: Path, option: str) -> None:
    before = gold.read_bytes()
    outcome = run("eval", "bioasq", gold, "--index", small_index, option, gold)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{gold}: named twice in this call" in outcome.err
    assert gold.read_bytes() == before


def test_a_submission_has_no_ledger(run: Run, gold: Path, tmp_path: Path) -> None:
    outcome = run("eval", "bioasq", gold, gold, "--ledger", tmp_path / "ledger.jsonl")
    assert (outcome.status, outcome.out) == (2, "")
    assert "--ledger needs a run" in outcome.err
    assert not (tmp_path / "ledger.jsonl").exists()


def test_predictions_are_not_written_over_their_gold_file(run: Run, tmp_path: Path) -> None:
    squad = tmp_path / "squad.json"
    squad.write_text('{"data": []}')
    outcome = run("eval", "squad", squad, "--save", squad)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{squad}: named twice in this call" in outcome.err


def test_in_text_every_figure_has_its_line(run: Run, small_index: Path, gold: Path) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index)
    assert (outcome.status, outcome.err) == (0, "")
    for start in ("gold: 1 factoid, 1 yesno", "factoid MRR", "The run", "Ledger", "Confidence, factoid", "near miss"):
        assert f"\n{start}" in f"\n{outcome.out}"


def test_a_saved_run_scores_the_same_as_a_submission(run: Run, small_index: Path, gold: Path, tmp_path: Path) -> None:
    saved, ledger = tmp_path / "run.json", tmp_path / "ledger.jsonl"
    ran = run("eval", "bioasq", gold, "--index", small_index, "--save", saved, "--ledger", ledger, "--json")
    scored = run("eval", "bioasq", gold, saved, "--json")
    assert (scored.status, scored.err) == (0, "")
    first, second = json.loads(ran.out), json.loads(scored.out)
    assert (first["phase_a"], first["phase_b"]) == (second["phase_a"], second["phase_b"])
    (row,) = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert (row["id"], row["cause"]) == ("1", "right")


def test_two_submissions_are_compared(run: Run, small_index: Path, gold: Path, tmp_path: Path) -> None:
    empty, saved = tmp_path / "empty.json", tmp_path / "run.json"
    empty.write_text(json.dumps({"questions": [{"id": "1"}, {"id": "2"}]}))
    assert run("eval", "bioasq", gold, "--index", small_index, "--save", saved).status == 0
    found = json.loads(run("eval", "bioasq", gold, saved, "--against", empty, "--json").out)
    assert found["against"]["factoid_mrr"]["difference"] == 1.0
    text = run("eval", "bioasq", gold, saved, "--against", empty).out
    assert "run.json against empty.json" in text


def test_a_submission_that_misses_a_question_is_an_error(run: Run, gold: Path, tmp_path: Path) -> None:
    system = tmp_path / "system.json"
    system.write_text(json.dumps({"questions": [{"id": "1"}]}))
    outcome = run("eval", "bioasq", gold, system)
    assert (outcome.status, outcome.out) == (2, "")
    assert "1 of 2 questions have no entry, the first is 2" in outcome.err


@pytest.mark.parametrize("option", ["--save", "--ledger", "--report"])
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_asked(
    run: Run, small_index: Path, gold: Path, tmp_path: Path, option: str
) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index, option, tmp_path / "no" / "file")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"there is no folder {tmp_path / 'no'}" in outcome.err


def test_a_report_of_a_run_holds_what_is_printed_as_data(
    run: Run, small_index: Path, gold: Path, tmp_path: Path
) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index, "--report", tmp_path / "report", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    assert (tmp_path / "report" / "report.json").read_text() == outcome.out
    assert "bioqa on 2 questions" in (tmp_path / "report" / "report.html").read_text()
    assert json.loads((tmp_path / "report" / "ledger.jsonl").read_text())["cause"] == "right"


def test_a_report_of_a_submission_names_it_and_compares(run: Run, gold: Path, tmp_path: Path) -> None:
    for name, answer in (("ours.json", "yes"), ("theirs.json", "no")):
        entries = [{"id": "1"}, {"id": "2", "exact_answer": answer}]
        (tmp_path / name).write_text(json.dumps({"questions": entries}))
    ours, theirs, report = tmp_path / "ours.json", tmp_path / "theirs.json", tmp_path / "report"
    assert run("eval", "bioasq", gold, ours, "--against", theirs, "--report", report).status == 0
    assert sorted(path.name for path in report.iterdir()) == ["report.html", "report.json", "report.md"]
    for name in ("report.html", "report.md"):
        assert "ours.json on 2 questions" in (report / name).read_text()
        assert "ours.json against theirs.json" in (report / name).read_text()


def test_a_report_that_would_be_a_file_is_told_before_anything_is_asked(run: Run, gold: Path) -> None:
    outcome = run("eval", "bioasq", gold, "--report", gold)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{gold}: is a file; name the folder to write" in outcome.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a BioASQ file"),
        ('{"questions": [{"id": "7", "type": "essay", "body": "?"}]}', "question 7: type is 'essay'; expected"),
        ("[1, 2]", "not a BioASQ file"),
        pytest.param(
            '{"questions": null}',
            "not a BioASQ file",
        ),
    ],
)
def test_a_bad_gold_file_is_one_line_of_error(
    run: Run, small_index: Path, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    outcome = run("eval", "bioasq", path, "--index", small_index, "--json")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {path}: ")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_question_without_gold_answer_is_asked_but_not_scored(run: Run, small_index: Path, tmp_path: Path) -> None:
    path = tmp_path / "test-set.json"
    path.write_text('{"questions": [{"id": "7", "type": "yesno", "body": "is Huntington disease dominant?"}]}')
    outcome = run("eval", "bioasq", path, "--index", small_index, "--json")
    assert outcome.status == 0
    assert "yesno_accuracy" not in json.loads(outcome.out)["intervals_95"]


def test_a_gold_file_or_an_index_that_is_not_there_is_named(
    run: Run, small_index: Path, gold: Path, tmp_path: Path
) -> None:
    for arguments in ((tmp_path / "none", "--index", small_index), (gold, "--index", tmp_path / "none")):
        outcome = run("eval", "bioasq", *arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert str(tmp_path / "none") in outcome.err


def test_a_reader_that_is_not_there_is_named(run: Run, small_index: Path, gold: Path, tmp_path: Path) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index, "--reader", tmp_path / "none")
    assert (outcome.status, outcome.out) == (2, "")
    assert "no model there" in outcome.err
