import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.squad import read_squad

SNIPPETS = ["Mutations in CFTR cause it. The cftr gene is long.", "It is inherited.", "mutations in CFTR and in HTT"]
QUESTIONS = [
    {
        "id": "56bc751eac7ad10019000013",
        "type": "factoid",
        "body": "which gene causes cystic fibrosis?",
        "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/101", "http://www.ncbi.nlm.nih.gov/pubmed/999"],
        "exact_answer": [["CFTR", "ABCC7"]],
    },
    {"id": "list", "type": "list", "body": "which genes?", "exact_answer": [["CFTR"], ["HTT"], ["BRCA1"]]},
    {"id": "none", "type": "factoid", "body": "which drug?", "exact_answer": [["imatinib"]]},
    {"id": "bare", "type": "factoid", "body": "which?", "exact_answer": None},
    {"id": "yesno", "type": "yesno", "body": "is it?", "exact_answer": "yes"},
]
Run = Callable[..., Any]


def snippet(text: str) -> dict[str, Any]:
    return {"document": "101", "text": text, "offsetInBeginSection": 0, "offsetInEndSection": len(text)}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.json"
    snippets = [snippet(text) for text in SNIPPETS]
    path.write_text(json.dumps({"questions": [question | {"snippets": snippets} for question in QUESTIONS]}))
    return path


def test_pairs_are_written_and_their_statistics_shown_on_stderr(run: Run, gold: Path, tmp_path: Path) -> None:
    outcome = run("convert", "bioasq-to-squad", gold, "--to", tmp_path / "out.json")
    assert (outcome.status, outcome.out) == (0, "")
    assert "questions with match" in outcome.err
    assert "\nBy the strictest rule that found it\n" in outcome.err
    assert [(question.id, question.answers) for question in read_squad(tmp_path / "out.json").questions] == [
        ("56bc751eac7ad10019000013_001", ("CFTR",)),
        ("56bc751eac7ad10019000013_003", ("CFTR",)),
    ]


def test_statistics_are_printed_as_data(run: Run, gold: Path, tmp_path: Path) -> None:
    outcome = run("convert", "bioasq-to-squad", gold, "--to", tmp_path / "out.json", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert (found["questions"], found["questions_with_match"], found["questions_without_exact_answer"]) == (3, 1, 1)
    assert (found["contexts"], found["pairs"], found["answers"]) == (9, 2, 2)
    assert found["by_rule"]["exact"] == {"questions": 1, "gold_strings": 1, "matches": 2}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--type", "list"], [("list_001", 1), ("list_003", 2)]),
        (
            ["--type", "both", "--matches", "first", "--rules", "plural"],
            [
                ("56bc751eac7ad10019000013_001", 1),
                ("56bc751eac7ad10019000013_003", 1),
                ("list_001", 1),
                ("list_003", 1),
            ],
        ),
        (["--type", "list", "--matches", "first"], [("list_001", 1), ("list_003", 1)]),
        (["--type", "list", "--unanswerable", "keep"], [("list_001", 1), ("list_002", 0), ("list_003", 2)]),
        (["--rules", "case"], [("56bc751eac7ad10019000013_001", 2), ("56bc751eac7ad10019000013_003", 1)]),
    ],
)
def test_options_say_which_pairs_are_made(
    run: Run, gold: Path, tmp_path: Path, options: list[str], expected: list[tuple[str, int]]
) -> None:
    assert run("convert", "bioasq-to-squad", gold, "--to", tmp_path / "out.json", *options).status == 0
    questions = read_squad(tmp_path / "out.json").questions
    assert [(question.id, len(question.answers)) for question in questions] == expected


def test_documents_are_contexts_and_those_the_index_lacks_are_counted(
    run: Run, gold: Path, small_index: Path, tmp_path: Path
) -> None:
    arguments = ("--to", tmp_path / "out.json", "--contexts", "documents", "--index", small_index, "--json")
    outcome = run("convert", "bioasq-to-squad", gold, *arguments)
    assert json.loads(outcome.out)["documents_lacking"] == 1
    (question,) = read_squad(tmp_path / "out.json").questions
    assert question.context.startswith("CFTR in cystic fibrosis\nCystic fibrosis is caused by mutations")
    assert question.answers == ("CFTR", "CFTR")


def test_the_same_call_writes_the_same_bytes(run: Run, gold: Path, tmp_path: Path) -> None:
    for name in ("1.json.gz", "2.json.gz"):
        assert run("convert", "bioasq-to-squad", gold, "--to", tmp_path / name).status == 0
    assert (tmp_path / "1.json.gz").read_bytes() == (tmp_path / "2.json.gz").read_bytes()


def test_sentences_are_tagged_and_their_questions_stand_beside(run: Run, gold: Path, tmp_path: Path) -> None:
    outcome = run("convert", "bioasq-to-iob", gold, "--to", tmp_path / "out.tsv", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    sentences = (tmp_path / "out.tsv").read_text().split("\n\n")
    assert sentences[1].splitlines()[:3] == ["The\tO", "cftr\tB", "gene\tO"]
    assert sentences[3].splitlines() == ["mutations\tO", "in\tO", "CFTR\tB", "and\tO", "in\tO", "HTT\tB"]
    questions = [json.loads(line) for line in (tmp_path / "out.tsv.questions.jsonl").read_text().splitlines()]
    assert questions == [{"sentence": n, "id": "list", "body": "which genes?"} for n in (1, 2, 3, 4)]
    found = json.loads(outcome.out)
    assert (found["sentences"], found["tags_b"], found["tags_i"], found["answers_widened_to_tokens"]) == (4, 4, 0, 0)
    assert (found["gold_items"], found["gold_items_found"]) == (3, 2)


@pytest.mark.parametrize("command", ["bioasq-to-squad", "bioasq-to-iob"])
def test_gold_items_that_are_found_nowhere_are_reported(run: Run, gold: Path, tmp_path: Path, command: str) -> None:
    missing = tmp_path / "missing.jsonl"
    run("convert", command, gold, "--to", tmp_path / "out", "--type", "both", "--report-missing", missing)
    assert [(entry["question"], entry["item"]) for entry in map(json.loads, missing.read_text().splitlines())] == [
        ("list", ["BRCA1"]),
        ("none", ["imatinib"]),
    ]


@pytest.mark.parametrize("command", ["bioasq-to-squad", "bioasq-to-iob"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{gold}", "--to", "{folder}/no/out"], "there is no folder {folder}/no to write it into"),
        (["{folder}/none", "--to", "{folder}/no/out"], "there is no folder {folder}/no to write it into"),
        (["{folder}/none", "--to", "{folder}/out"], "{folder}/none: No such file"),
        (["{gold}", "--to", "{folder}"], "{folder}: is a folder"),
        (["{gold}", "--to", "{gold}"], "{gold}: named twice in this call"),
        (["{gold}", "--to", "{folder}/out", "--report-missing", "{folder}/out"], "{folder}/out: named twice"),
        (["{gold}", "{gold}", "--to", "{folder}/out"], "question 56bc751eac7ad10019000013 is in gold and in gold"),
        (
            ["{gold}", "--to", "{folder}/out", "--rules", "exact,fuzzy"],
            "unknown rule 'fuzzy'; known rules: exact",
        ),
        (["{gold}", "--to", "{folder}/out", "--rules", "abbreviation"], "{folder}/out: not written: none of"),
    ],
)
def test_a_wrong_call_is_told_and_nothing_is_written(
    run: Run, gold: Path, tmp_path: Path, command: str, arguments: list[str], message: str
) -> None:
    before = gold.read_bytes()
    outcome = run("convert", command, *(argument.format(gold=gold, folder=tmp_path) for argument in arguments))
    assert (outcome.status, outcome.out) == (2, "")
    assert message.format(gold=gold, folder=tmp_path) in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["gold.json"]
    assert gold.read_bytes() == before


@pytest.mark.parametrize("options", [["--contexts", "documents"], ["--index", "somewhere"]])
def test_documents_and_an_index_go_together(run: Run, gold: Path, tmp_path: Path, options: list[str]) -> None:
    outcome = run("convert", "bioasq-to-squad", gold, "--to", tmp_path / "out.json", *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert "--contexts documents and --index DIR need each other" in outcome.err


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08\x00cut", b'{"questions": [{"id": "7"}]}', b"\xff\xfe{"])
def test_a_bad_gold_file_is_one_line_of_error(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    outcome = run("convert", "bioasq-to-iob", tmp_path / "bad.json", "--to", tmp_path / "out.tsv")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(f"error: {tmp_path / 'bad.json'}: ")


def test_a_collection_is_written_that_retrieval_is_measured_on(
    run: Run, gold: Path, corpus_file: Path, tmp_path: Path
) -> None:
    outcome = run("convert", "bioasq-to-beir", gold, "--corpus", corpus_file, "--to", tmp_path / "set", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    counts = json.loads(outcome.out)
    assert (counts["questions"], counts["snippets"], counts["documents_whole"], counts["distractors"]) == (5, 15, 1, 7)
    assert counts["judgments_without_text"] == 1  # 999
    measured = run("eval", "retrieval", tmp_path / "set", "--split", "gold", "--mode", "lexical", "--json")
    assert measured.status == 0
    assert json.loads(measured.out)["documents"] == 8


def test_the_counts_of_a_collection_are_talk(run: Run, gold: Path, tmp_path: Path) -> None:
    outcome = run("convert", "bioasq-to-beir", gold, "--to", tmp_path / "set")
    assert (outcome.status, outcome.out) == (0, "")
    assert "judgments without text" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{gold}", "--to", "{gold}"], "{gold}: is a file; name the folder to write"),
        (["{gold}", "--to", "{folder}"], "{folder}: the folder is not empty; choose a new or empty one"),
        (["{gold}", "--to", "{folder}/no/set"], "there is no folder {folder}/no to write it into"),
        (["{gold}", "{gold}", "--to", "{folder}/set"], "question 56bc751eac7ad10019000013 is in gold and in gold"),
        (["{gold}", "--to", "{folder}/set", "--corpus", "{folder}/none"], "{folder}/none: no such file or folder"),
        (["{folder}/none", "--to", "{folder}/set"], "{folder}/none: No such file"),
    ],
)
def test_a_wrong_call_makes_no_collection(
    run: Run, gold: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    outcome = run("convert", "bioasq-to-beir", *(argument.format(gold=gold, folder=tmp_path) for argument in arguments))
    assert (outcome.status, outcome.out) == (2, "")
    assert message.format(gold=gold, folder=tmp_path) in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["gold.json"]


def test_a_corpus_that_breaks_off_makes_no_collection(run: Run, gold: Path, corpus_file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(corpus_file.read_bytes())[:-9])
    outcome = run("convert", "bioasq-to-beir", gold, "--corpus", cut, "--to", tmp_path / "set")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{cut}: compressed data damaged or cut off" in outcome.err
    assert not (tmp_path / "set").exists()


def test_records_that_cannot_be_used_are_told(run: Run, gold: Path, corpus_file: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_bytes(corpus_file.read_bytes() + b"{oops\n")
    outcome = run("convert", "bioasq-to-beir", gold, "--corpus", tmp_path / "corpus.jsonl", "--to", tmp_path / "set")
    assert outcome.status == 0
    assert "warning: 1 unusable records: " in outcome.err
