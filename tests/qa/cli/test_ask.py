import io
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.corpus import lines
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.store.manifest import FORMAT
from bioqa.qa.engine import Engine

FACTOID = "what gene causes cystic fibrosis?"
LIST = "list the symptoms of pheochromocytoma"
YESNO = "is Huntington disease dominant?"
SUMMARY = "how does metformin lower blood glucose?"

ASK_KEYS = [
    "question",
    "type",
    "answers",
    "disagreeing",
    "abstained",
    "notice",
    "ideal_answer",
    "citations",
    "timings_ms",
    "models",
    "index",
]
ANSWER_KEYS = ["text", "confidence", "documents", "evidence"]
FACTS = ["section", "status", "year", "journal", "authors", "doi", "pmc", "publication_types"]
EVIDENCE_KEYS = ["pmid", "title", "sentence", "start", "end", "score", *FACTS]
HIT_KEYS = ["rank", "pmid", "title", "passage", "score", "lexical_rank", "dense_rank", *FACTS]

Run = Callable[..., Any]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask_json(run: Run, small_index: Path) -> Ask:
    """What `ask --json` prints for one question over the small index."""

    def call(question: str, *options: str, status: int = 0) -> dict[str, Any]:
        outcome = run("ask", question, "--index", small_index, "--json", *options)
        assert (outcome.status, outcome.err) == (status, "")
        assert outcome.out.count("\n") == 1
        return dict(json.loads(outcome.out))

    return call


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts bytes on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return put


def mentioned(found: dict[str, Any]) -> set[str]:
    """Every document that an answer, its citations or its explanation mentions."""
    answers, explanation = found["answers"], found.get("explanation", {"retrieved": [], "read": []})
    return {
        *(document for answer in answers for document in answer["documents"]),
        *(item["pmid"] for answer in answers for item in answer["evidence"]),
        *(item["pmid"] for item in found["citations"] + explanation["retrieved"] + explanation["read"]),
    }


def test_a_question_gets_its_answer_the_sentence_and_the_paper(run: Run, small_index: Path) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, "--min-confidence", "0")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("CFTR  (")
    assert "Cystic fibrosis is caused by mutations in the CFTR gene." in outcome.out
    assert "https://pubmed.ncbi.nlm.nih.gov/101/" in outcome.out
    assert "\x1b" not in outcome.out


def test_the_index_may_be_named_by_the_environment(
    run: Run, small_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOQA_INDEX", str(small_index))
    outcome = run("ask", FACTOID, "--json")
    assert json.loads(outcome.out)["index"]["path"] == str(small_index)


@pytest.mark.parametrize(
    ("question", "kind"), [(FACTOID, "factoid"), (LIST, "list"), (YESNO, "yesno"), (SUMMARY, "summary")]
)
def test_the_json_of_an_answer_keeps_its_contract(ask_json: Ask, small_index: Path, question: str, kind: str) -> None:
    found = ask_json(question, "--min-confidence", "0")
    assert list(found) == ASK_KEYS
    assert found["question"] == question
    assert found["type"] == kind
    assert found["abstained"] is False
    assert found["ideal_answer"] == " ".join(citation["sentence"] for citation in found["citations"]) != ""
    assert found["models"] == {
        task: json.loads((model.shipped(task) / "bioqa.json").read_text())["name"] for task in ("encoder", "reader")
    }
    assert found["index"] == {"path": str(small_index), "documents": 8, "passages": 8}
    assert all(isinstance(ms, float) and ms >= 0 for ms in found["timings_ms"].values())
    assert "total" in found["timings_ms"]
    assert bool(found["answers"]) is (kind != "summary")
    for citation in found["citations"]:
        assert list(citation) == ["pmid", "title", "sentence", *FACTS]
    for answer in found["answers"]:
        assert list(answer) == ANSWER_KEYS
        assert isinstance(answer["confidence"], float)
        assert 0 <= answer["confidence"] <= 1
        assert answer["documents"]
        assert {item["pmid"] for item in answer["evidence"]} <= set(answer["documents"])
        for item in answer["evidence"]:
            assert list(item) == EVIDENCE_KEYS
            assert isinstance(item["pmid"], str)
            assert 0 <= item["score"] <= 1
            assert 0 <= item["start"] < item["end"] <= len(item["sentence"])
        best = answer["evidence"][0]
        quoted = best["sentence"][best["start"] : best["end"]]
        assert quoted == (best["sentence"] if kind == "yesno" else answer["text"])


def test_evidence_is_quoted_from_its_paper_with_its_title(ask_json: Ask, corpus_file: Path) -> None:
    papers = {str(row.get("pmid", row.get("id"))): row for row in map(json.loads, corpus_file.open())}
    found = ask_json(FACTOID, "--min-confidence", "0")
    for item in [item for answer in found["answers"] for item in answer["evidence"]] + found["citations"]:
        paper = papers[item["pmid"]]
        assert item["title"] == paper["title"]
        assert item["sentence"] in paper.get("abstract", paper.get("text")) or item["sentence"] == paper["title"]


def test_a_yes_no_answer_is_yes_or_no(ask_json: Ask) -> None:
    (answer,) = ask_json(YESNO, "--min-confidence", "0")["answers"]
    assert answer["text"] == "yes"
    assert answer["documents"] == ["103"]


def test_a_list_has_every_item(ask_json: Ask) -> None:
    items = [answer["text"] for answer in ask_json(LIST, "--min-confidence", "0", "--top", "1")["answers"]]
    assert {"headache", "sweating", "palpitations"} <= set(items)
    assert len(items) == len(set(items))


def test_an_abstention_in_json_has_no_answers(ask_json: Ask) -> None:
    for question in (FACTOID, LIST, YESNO, SUMMARY):
        found = ask_json(question, "--min-confidence", "1")
        assert list(found) == ASK_KEYS
        assert found["abstained"] is True
        assert (found["answers"], found["citations"], found["ideal_answer"]) == ([], [], "")


def test_an_abstention_is_no_error(run: Run, small_index: Path) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, "--min-confidence", "1")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("I don't know: the literature in this index does not say.\nBest guess")


@pytest.mark.parametrize("kind", ["factoid", "list", "yesno", "summary"])
def test_the_type_can_be_forced(ask_json: Ask, kind: str) -> None:
    assert ask_json("metformin and the liver", "--type", kind, "--min-confidence", "0")["type"] == kind


def test_top_limits_the_answers_to_a_factoid(ask_json: Ask) -> None:
    many = ask_json(FACTOID, "--top", "20", "--min-confidence", "0")["answers"]
    assert len(many) > 5
    assert len(ask_json(FACTOID, "--min-confidence", "0")["answers"]) == 5
    assert [a["text"] for a in ask_json(FACTOID, "--top", "2", "--min-confidence", "0")["answers"]] == [
        answer["text"] for answer in many[:2]
    ]


@pytest.mark.parametrize(
    ("question", "options", "allowed"),
    [
        (FACTOID, ["--year", "2012:2015"], {"102", "103"}),
        (LIST, ["--year", "2012"], {"102"}),
        (YESNO, ["--year", ":2001"], {"101", "107"}),
        (SUMMARY, ["--year", "2018:"], {"104", "105"}),
        (FACTOID, ["--journal", "JOURNAL of genes"], {"101", "103"}),
        (SUMMARY, ["--journal", "Drug Notes", "--year", "2000:2010"], {"108"}),
        (FACTOID, ["--year", "1800:1900"], set()),
        (SUMMARY, ["--journal", "Drug"], set()),
    ],
)
def test_nothing_outside_a_filter_is_ever_cited(
    run: Run, small_index: Path, question: str, options: list[str], allowed: set[str]
) -> None:
    outcome = run("ask", question, "--index", small_index, "--json", "--explain", "--min-confidence", "0", *options)
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert mentioned(found) <= allowed
    assert {hit["pmid"] for hit in found["explanation"]["retrieved"]} == allowed
    assert found["abstained"] is (not allowed)


@pytest.fixture(scope="module")
def facts_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three papers that say the same, each with facts of its own, of which the first was retracted."""
    folder = tmp_path_factory.mktemp("facts")
    said = {"title": "CFTR", "abstract": "Cystic fibrosis is caused by mutations in the CFTR gene."}
    papers = [
        {"pmid": 1, "mesh": ["Humans", "Child"], "publication_types": ["Review"], "status": "retracted"}
        | {"year": 2015, "journal": "Nature genetics", "authors": ["Riordan JR"], "doi": "10.1/a", "pmc": "PMC9"},
        {"pmid": 2, "mesh": ["Humans"], "language": "ger", "status": "concern"},
        {"pmid": 3, "mesh": ["Mice"], "publication_types": ["Letter", "Review"], "language": "eng"},
    ]
    (folder / "papers.jsonl").write_text("".join(json.dumps(paper | said) + "\n" for paper in papers))
    builder.build([folder / "papers.jsonl"], folder / "index", None)
    return folder / "index"


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (["--mesh", "humans"], {"1", "2"}),
        (["--mesh", "Humans", "--mesh", "Child"], {"1"}),
        (["--mesh", "human"], {"1", "2"}),
        (["--mesh", "Human genetics"], set()),
        (["--publication-type", "Reviews"], {"1", "3"}),
        (["--publication-type", "REVIEW"], {"1", "3"}),
        (["--language", "ger"], {"2"}),
        (["--not-retracted"], {"2", "3"}),
        (["--not-retracted", "--mesh", "Humans"], {"2"}),
    ],
)
def test_facts_of_a_paper_narrow_what_is_found(
    run: Run, facts_index: Path, command: str, options: list[str], allowed: set[str]
) -> None:
    outcome = run(command, FACTOID, "--index", facts_index, "--json", *options, *(["--explain"] * (command == "ask")))
    assert outcome.status == 0
    found = json.loads(outcome.out)
    hits = found["explanation"]["retrieved"] if command == "ask" else found
    assert {hit["pmid"] for hit in hits} == allowed


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--publication-type", "Revieuw"], "no paper of type 'Revieuw'; did you mean 'Review'?"),
        (["--year", "2020:2024"], "no paper of 2020 to 2024; this index has papers of 2015"),
    ],
)
def test_a_filter_that_nothing_passes_says_why(run: Run, facts_index: Path, options: list[str], fault: str) -> None:
    call = (FACTOID, "--index", facts_index, *options)
    assert run("ask", *call).out == f"{fault}\n"
    assert json.loads(run("ask", *call, "--json").out)["notice"] == fault
    found = run("search", *call)
    assert (found.status, found.out, found.err) == (0, "Nothing found.\n", f"warning: {fault}\n")
    assert run("search", *call, "--json").out == "[]\n"


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_value_that_is_read_as_another_is_named(run: Run, facts_index: Path, command: str) -> None:
    outcome = run(command, FACTOID, "--index", facts_index, "--mesh", "human", "--json")
    assert (outcome.status, outcome.err) == (0, "note: --mesh 'human' is read as 'Humans'\n")


def test_the_citation_of_a_paper_comes_with_hits_and_evidence(run: Run, facts_index: Path) -> None:
    found = json.loads(run("ask", FACTOID, "--index", facts_index, "--json").out)
    hits = json.loads(run("search", FACTOID, "--index", facts_index, "--json").out)
    for place in (found["answers"][0]["evidence"], hits):
        (paper,) = (item for item in place if item["pmid"] == "1")
        assert (paper["year"], paper["journal"], paper["authors"]) == (2015, "Nature genetics", ["Riordan JR"])
        assert (paper["doi"], paper["pmc"], paper["publication_types"]) == ("10.1/a", "PMC9", ["Review"])


def test_the_status_of_a_paper_is_told_wherever_the_paper_is(run: Run, facts_index: Path) -> None:
    wanted = {"1": "retracted", "2": "concern", "3": None}
    found = json.loads(run("ask", FACTOID, "--index", facts_index, "--json", "--explain", "--min-confidence", "0").out)
    places = [
        found["answers"][0]["evidence"],
        found["explanation"]["retrieved"],
        found["explanation"]["read"],
        json.loads(run("search", FACTOID, "--index", facts_index, "--json").out),
    ]
    for place in places:
        assert {item["pmid"]: item["status"] for item in place} == wanted
    assert found["citations"]
    assert all(item["status"] == wanted[item["pmid"]] for item in found["citations"])


def test_an_explanation_in_json_has_what_was_retrieved_and_read(ask_json: Ask) -> None:
    found = ask_json(FACTOID, "--explain", "--min-confidence", "0")
    assert list(found) == [*ASK_KEYS, "explanation"]
    explanation = found["explanation"]
    (best, *_) = explanation["retrieved"]
    assert best["lexical_score"] > 1.0
    assert 0.0 < best["dense_score"] <= 1.0
    assert set(explanation) >= {"kind", "found", "threshold", "guesses", "retrieved", "read"}
    assert explanation["kind"] == "gene or protein"
    assert explanation["threshold"] == 0
    assert explanation["guesses"] == []
    assert all(list(hit) == [*HIT_KEYS, "lexical_score", "dense_score"] for hit in explanation["retrieved"])
    read = [reading["pmid"] for reading in explanation["read"]]
    assert read == [hit["pmid"] for hit in explanation["retrieved"]][: len(read)]
    assert explanation["read"][0]["spans"][0].keys() == {"text", "score"}
    assert explanation["read"][0].keys() >= {"relevance", "verdict"}


def test_an_explanation_of_an_abstention_has_the_guesses(ask_json: Ask) -> None:
    explanation = ask_json(FACTOID, "--explain", "--min-confidence", "1")["explanation"]
    assert explanation["guesses"][0]["text"] == "CFTR"
    assert explanation["threshold"] == 1


def test_an_explanation_in_text_tells_the_trip(run: Run, small_index: Path) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, "--explain")
    for words in ("type factoid, asks for gene or protein", "retrieved:", "read (", "merged:", "time: "):
        assert words in outcome.out


def test_an_explanation_tells_what_was_read_of_a_long_question(run: Run, small_index: Path, ask_json: Ask) -> None:
    case = f"My two children have had coughs {'and fevers and many colds ' * 6}for years. {FACTOID}"
    outcome = run("ask", case, "--index", small_index, "--explain")
    assert f"asked: {FACTOID} (the rest of the question helps the search)" in outcome.out
    assert ask_json(case, "--explain")["explanation"]["asked"] == FACTOID
    assert "asked:" not in run("ask", FACTOID, "--index", small_index, "--explain").out


# Standard input


def test_questions_from_standard_input_are_answered_one_line_each(
    run: Run, small_index: Path, typed: Callable[[bytes], None]
) -> None:
    typed(f"\ufeff{FACTOID}\r\n\n   \n{YESNO}\n{SUMMARY}".encode())
    outcome = run("ask", "-", "--index", small_index, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = [json.loads(line) for line in outcome.out.splitlines()]
    assert [item["question"] for item in found] == [FACTOID, YESNO, SUMMARY]
    assert all(list(item) == ASK_KEYS for item in found)


def test_in_text_every_answer_from_standard_input_stands_below_its_question(
    run: Run, small_index: Path, typed: Callable[[bytes], None]
) -> None:
    typed(f"{FACTOID}\n{SUMMARY}\n".encode())
    lines = run("ask", "-", "--index", small_index, "--min-confidence", "0").out.splitlines()
    assert lines[0] == FACTOID
    assert lines[1].startswith("CFTR  (")
    assert lines[lines.index(SUMMARY) + 1].startswith("Metformin lowers blood glucose")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n"])
def test_no_questions_on_standard_input_give_no_answers(
    run: Run, small_index: Path, typed: Callable[[bytes], None], content: bytes
) -> None:
    typed(content)
    outcome = run("ask", "-", "--index", small_index, "--json")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


@pytest.mark.parametrize("bad", [b"???", b"x" * 100_000])
def test_a_bad_question_in_a_stream_is_reported_and_the_others_are_answered(
    run: Run, small_index: Path, typed: Callable[[bytes], None], bad: bytes
) -> None:
    typed(f"{FACTOID}\n".encode() + bad + f"\n{YESNO}\n".encode())
    outcome = run("ask", "-", "--index", small_index, "--json")
    assert outcome.status == 2
    assert [json.loads(line)["question"] for line in outcome.out.splitlines()] == [FACTOID, YESNO]
    assert "line 2: " in outcome.err
    assert "error: 1 of the questions could not be answered" in outcome.err


def test_a_bad_question_after_blank_lines_is_reported_with_the_line_that_it_stands_on(
    run: Run, small_index: Path, typed: Callable[[bytes], None]
) -> None:
    typed(f"{FACTOID}\n\n\n???\n".encode())
    assert "line 4: " in run("ask", "-", "--index", small_index, "--json").err


def test_a_line_that_is_no_text_is_reported_with_its_number(
    run: Run, small_index: Path, typed: Callable[[bytes], None]
) -> None:
    typed(FACTOID.encode() + b"\n\n\xff\xfe gene?\n")
    outcome = run("ask", "-", "--index", small_index, "--json")
    assert outcome.status == 2
    assert json.loads(outcome.out)["question"] == FACTOID
    assert "line 3: not UTF-8" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_line_without_end_is_not_taken_into_memory(
    run: Run, small_index: Path, typed: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LARGEST", 1 << 10)
    typed(b"x" * (1 << 12) + f"\n\ufeff\n{FACTOID}".encode())
    outcome = run("ask", "-", "--index", small_index, "--json")
    assert json.loads(outcome.out)["question"] == FACTOID
    assert outcome.err.startswith("error: line 1: longer than ")
    assert "error: 1 of the questions could not be answered" in outcome.err


def test_the_questions_after_a_line_that_is_no_text_are_answered(
    run: Run, small_index: Path, typed: Callable[[bytes], None]
) -> None:
    typed(b"\xff\xfe gene?\n" + FACTOID.encode())
    assert json.loads(run("ask", "-", "--index", small_index, "--json").out)["question"] == FACTOID


@pytest.mark.parametrize("options", [["--json"], ["--min-confidence", "0"]])
def test_each_answer_is_out_before_the_next_question_is_read(small_index: Path, options: list[str]) -> None:
    with bioqa("ask", "-", "--index", small_index, *options, stdin=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for question, answer in ((FACTOID, b"CFTR"), (YESNO, b"yes")):
            process.stdin.write(f"{question}\n".encode())
            printed = b""
            while answer not in printed.removeprefix(question.encode()):
                assert select.select([process.stdout], [], [], 30)[0]
                printed += (read := process.stdout.read(65536))
                assert read, printed
            assert question.encode() in printed
            while select.select([process.stdout], [], [], 0.3)[0]:
                process.stdout.read(65536)
        process.stdin.close()
        assert process.wait(30) == 0


# Calls that are wrong


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "the question is empty"),
        ("  \n", "the question is empty"),
        ("?!.,", "the question is empty"),
        ("x" * 100_000, "the question has 100,000 characters"),
    ],
)
def test_a_question_that_is_none_is_refused_before_anything_is_opened(
    run: Run, command: str, question: str, message: str
) -> None:
    outcome = run(command, question, "--index", "/no/such/index")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}")
    assert len(outcome.err) < 200


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    "options",
    [
        ["--nonsense"],
        ["--top", "0"],
        ["--top", "many"],
        ["--top", "100000"],
        ["--year", "soon"],
        ["--year", ""],
        ["--year", ":"],
        ["--year", "2020:2010"],
        ["--year", "20x0"],
        ["a second argument"],
    ],
)
def test_a_wrong_option_is_a_wrong_call(run: Run, small_index: Path, command: str, options: list[str]) -> None:
    outcome = run(command, FACTOID, "--index", small_index, *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert "error" in outcome.err.lower()
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "options",
    [
        ["--type", "gene"],
        ["--min-confidence", "1.1"],
        ["--min-confidence", "-0.1"],
        ["--min-confidence", "sure"],
        ["--passages", "0"],
        pytest.param(["--min-confidence", "nan"]),
    ],
)
def test_a_wrong_option_of_ask_is_a_wrong_call(run: Run, small_index: Path, options: list[str]) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, *options)
    assert (outcome.status, outcome.out) == (2, "")
    assert "Error: Invalid value" in outcome.err


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_must_be_given(run: Run, command: str) -> None:
    outcome = run(command)
    assert outcome.status == 2
    assert "Missing argument" in outcome.err


def damaged_index(kind: str, small_index: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "damaged"
    if kind == "missing":
        return folder
    if kind == "file":
        folder.write_text("not a folder")
        return folder
    if kind == "empty":
        folder.mkdir()
        return folder
    shutil.copytree(small_index, folder)
    manifest = folder / "manifest.json"
    match kind:
        case "no JSON":
            manifest.write_text("{")
        case "list":
            manifest.write_text("[]")
        case "other format":
            manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
        case "no segment":
            (folder / "segments" / "000001" / "documents.jsonl").unlink()
        case "cut segment":
            path = folder / "segments" / "000001" / "documents.npy"
            path.write_bytes(path.read_bytes()[:-8])
        case "no lexical":
            shutil.rmtree(folder / "lexical" / "000001")
    return folder


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(
    "kind", ["missing", "file", "empty", "no JSON", "list", "other format", "no segment", "cut segment", "no lexical"]
)
def test_an_index_that_is_none_is_named_in_one_line(
    run: Run, small_index: Path, tmp_path: Path, command: str, kind: str
) -> None:
    folder = damaged_index(kind, small_index, tmp_path)
    outcome = run(command, FACTOID, "--index", folder, "--json")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert str(folder) in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "calibration.json"])
def test_a_reader_with_one_flipped_byte_is_refused(run: Run, small_index: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 3] ^= 0x10
    (folder / name).write_bytes(content)
    outcome = run("ask", FACTOID, "--index", small_index, "--reader", folder)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{folder / name}: damaged or replaced: its SHA-256" in outcome.err


def test_a_reader_without_a_calibration_of_its_own_says_so(run: Run, small_index: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    card = json.loads((folder / model.CARD).read_text())
    del card["digests"]["calibration.json"]
    (folder / model.CARD).write_text(json.dumps(card))
    (folder / "calibration.json").unlink()
    outcome = run("ask", FACTOID, "--index", small_index, "--reader", folder)
    assert outcome.status == 0
    assert outcome.err.startswith(f"warning: {folder}: has no calibration of its own")
    assert outcome.err.count("\n") == 1


def test_a_reader_that_is_not_there_is_named(run: Run, small_index: Path, tmp_path: Path) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, "--reader", tmp_path / "none")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"{tmp_path / 'none'}: no model there" in outcome.err


def test_a_model_for_something_else_is_no_reader(run: Run, small_index: Path) -> None:
    outcome = run("ask", FACTOID, "--index", small_index, "--reader", model.shipped("encoder"))
    assert (outcome.status, outcome.out) == (2, "")
    assert "is a model of type 'encoder', expected 'reader'" in outcome.err


def test_another_copy_of_the_reader_answers_alike(run: Run, small_index: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    ours, theirs = (
        json.loads(run("ask", FACTOID, "--index", small_index, "--json", *options).out)
        for options in ([], ["--reader", folder])
    )
    assert ours["answers"] == theirs["answers"]


def test_an_index_without_vectors_answers(run: Run, lexical_index: Path) -> None:
    outcome = run("ask", FACTOID, "--index", lexical_index, "--json", "--min-confidence", "0")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert found["answers"][0]["text"] == "CFTR"
    assert found["models"]["encoder"] is None


# Processes of their own


def bioqa(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONUNBUFFERED", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "100"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **{"env": environment, **pipes, **options})


def test_asking_never_imports_what_only_training_building_or_panels_need(small_index: Path, tmp_path: Path) -> None:
    heavy = ("torch", "transformers", "sentence_transformers", "onnx", "lxml", "rich", "bioqa.train")
    for name in heavy[:-1]:
        (tmp_path / f"{name}.py").write_text("")
    report = (
        "import sys; from bioqa.qa.cli import main; status = main._run(args=sys.argv[1:]);"
        f"print(status, [name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    process = subprocess.run(
        [sys.executable, "-c", report, "ask", FACTOID, "--index", str(small_index), "--json", "--explain"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert process.stderr == b"0 []\n"
    assert json.loads(process.stdout)["question"] == FACTOID


def test_on_a_real_terminal_there_are_panels(small_index: Path) -> None:
    ours, theirs = pytest.importorskip("pty").openpty()
    with bioqa("ask", FACTOID, "--index", small_index, stdout=theirs, stdin=theirs) as process:
        os.close(theirs)
        printed = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                printed += os.read(ours, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
        assert process.wait(30) == 0
    os.close(ours)
    text = printed.decode()
    assert "╭─" in text
    assert "╰─" in text
    assert "\x1b[" in text
    assert "CFTR" in text


def test_the_starter_index_answers_the_first_question(run: Run) -> None:
    outcome = run("ask", FACTOID)
    assert outcome.status == 0
    assert outcome.out.startswith("CFTR  (")
    assert "starter:" in outcome.out


def test_the_engine_is_given_as_many_passages_as_asked_for(ask_json: Ask, engine: Engine) -> None:
    found = ask_json(FACTOID, "--passages", "2", "--explain")
    assert len(found["explanation"]["retrieved"]) == len(found["explanation"]["read"]) == 2
    assert engine.index.manifest.passages > 2
