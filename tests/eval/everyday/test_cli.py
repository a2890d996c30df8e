import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.everyday import table
from bioqa.qa import starter

Run = Callable[..., Any]
QUESTIONS = """id\thalf\tform\tsource\tquestion\texpect\taccept\treject\twrong
q1\tdev\tcause\tstarter:cf\twhat gene causes cystic fibrosis?\tanswer\tCFTR\t\t
q2\tdev\tcause\tstarter:cf\twhat gene causes cystic fibrosis in people?\tanswer\tHTT\t\t
q3\ttest\tcause\t101\twhich gene is mutated in cystic fibrosis?\tanswer\tCFTR\t\t
"""
PAIRS = """id\thalf\tattribute\tsource\ttrue\tfalse
p1\tdev\tinheritance\t103\tIs Huntington disease dominant?\tIs Huntington disease recessive?
"""


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Toy tables in place of those that ship, and the small index in place of the starter index."""
    folder = tmp_path / "everyday"
    folder.mkdir()
    (folder / "questions.tsv").write_text(QUESTIONS)
    (folder / "pairs.tsv").write_text(PAIRS)
    monkeypatch.setattr(table, "shipped_folder", lambda: folder)
    monkeypatch.setattr(starter, "index_folder", lambda: small_index)
    return folder


def test_the_development_half_is_the_default(run: Run) -> None:
    outcome = run("eval", "everyday", "--json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert (found["half"], found["left_out"]) == ("dev", {"questions": 0, "pairs": 1})
    assert found["questions"]["all"] == {"right": 1, "silent": 0, "wrong": 1}
    assert "failures" not in found


def test_an_index_with_the_abstracts_brings_in_their_questions(run: Run, small_index: Path) -> None:
    outcome = run("eval", "everyday", "--half", "all", "--index", small_index, "--json", "--failures")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["questions"]["PubMed abstracts"] == {"right": 1, "silent": 0, "wrong": 0}
    assert sum(found["pairs"]["all"].values()) == 1
    assert found["failures"][0]["id"] == "q2"


def test_in_text_the_tables_come_first_and_then_the_failures(run: Run) -> None:
    outcome = run("eval", "everyday", "--failures")
    assert outcome.status == 0
    for start in (
        "Everyday questions, half dev",
        "cause ",
        "starter passages ",
        "Confidence, answers",
        "Silent and wrong",
    ):
        assert f"\n{start}" in f"\n{outcome.out}"
    assert "0 questions and 1 pairs over PubMed were left out: pass --index DIR" in outcome.err


def test_what_an_index_does_not_hold_is_told(run: Run, toy: Path, small_index: Path) -> None:
    (toy / "pairs.tsv").write_text(PAIRS.replace("103", "999999"))
    outcome = run("eval", "everyday", "--index", small_index)
    assert outcome.status == 0
    assert f"1 pairs over PubMed were left out: {small_index} does not hold their abstracts" in outcome.err


def test_a_bad_table_or_index_is_one_line_of_error(run: Run, toy: Path, tmp_path: Path) -> None:
    outcome = run("eval", "everyday", "--index", tmp_path / "none")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert str(tmp_path / "none") in outcome.err
    (toy / "questions.tsv").write_text(QUESTIONS.replace("\tHTT\t", "\t(\t"))
    outcome = run("eval", "everyday")
    assert (outcome.status, outcome.out) == (2, "")
    assert "line 3: accept: '(' is no regular expression" in outcome.err


def test_a_reader_without_a_calibration_of_its_own_says_whose_it_uses(
    run: Run, model_folder: Callable[..., Path]
) -> None:
    folder = model_folder("reader")
    card = json.loads((folder / "bioqa.json").read_text())
    del card["digests"]["calibration.json"]
    (folder / "bioqa.json").write_text(json.dumps(card))
    outcome = run("eval", "everyday", "--json", "--reader", folder)
    assert f"warning: {folder}: has no calibration of its own" in outcome.err
