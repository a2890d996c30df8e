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
    assert found["questions"] == 2
    assert found["gold_document_in_passages_read"] == 1.0
    assert found["factoid"] == {"strict": 1.0, "lenient": 1.0, "mrr": 1.0, "questions": 1}
    assert found["yesno"]["accuracy"] == 1.0
    assert found["list"]["questions"] == 0
    assert found["abstained"]["of_answerable"] == 2


def test_several_gold_files_are_pooled(run: Run, small_index: Path, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "second.json.gz").write_bytes(gzip.compress(gold.read_bytes()))
    outcome = run("eval", "bioasq", gold, tmp_path / "second.json.gz", "--index", small_index, "--json")
    assert json.loads(outcome.out)["questions"] == 4


def test_in_text_every_figure_has_its_line(run: Run, small_index: Path, gold: Path) -> None:
    outcome = run("eval", "bioasq", gold, "--index", small_index)
    assert (outcome.status, outcome.err) == (0, "")
    assert "factoid strict / lenient / MRR    1.000 / 1.000 / 1.000\n" in outcome.out
    assert "yes/no accuracy                   1.000\n" in outcome.out
    assert "abstained, not answerable         0 of 0\n" in outcome.out
    assert "median time a question" in outcome.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a BioASQ file"),
        ('{"questions": [{"id": "7", "type": "essay", "body": "?"}]}', "question 7: expected"),
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


def test_a_yes_no_question_without_gold_answer_is_refused_or_passed_over(
    run: Run, small_index: Path, tmp_path: Path
) -> None:
    path = tmp_path / "test-set.json"
    path.write_text('{"questions": [{"id": "7", "type": "yesno", "body": "is it?"}]}')
    assert run("eval", "bioasq", path, "--index", small_index, "--json").status in (0, 2)


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
