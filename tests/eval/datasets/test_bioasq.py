import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet, read_gold
from bioqa.index.errors import InputError
from bioqa.qa import starter
from bioqa.qa.question_types import QuestionType

FACTOID = {
    "id": "5c72b7277c78d69471000073",
    "type": "factoid",
    "body": "Which gene is mutated in cystic fibrosis?",
    "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/101", "https://pubmed.ncbi.nlm.nih.gov/102/", "note:1"],
    "exact_answer": ["CFTR", "CFTR gene"],
}
SNIPPET = {
    "document": "101",
    "beginSection": "abstract",
    "endSection": "abstract",
    "offsetInBeginSection": 3,
    "offsetInEndSection": 8,
    "text": "CFTR.",
}


@pytest.fixture
def gold_file(tmp_path: Path) -> Callable[[Any], Path]:
    def write(content: Any) -> Path:
        path = tmp_path / "gold.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


Write = Callable[[Any], Path]


def test_a_question_is_read_with_bare_document_ids(gold_file: Write) -> None:
    assert read_gold(gold_file({"questions": [FACTOID]})) == [
        GoldQuestion(
            id="5c72b7277c78d69471000073",
            type=QuestionType.FACTOID,
            body="Which gene is mutated in cystic fibrosis?",
            exact=(("CFTR", "CFTR gene"),),
            documents=("101", "102", "note:1"),
            answerable=True,
        )
    ]


def test_a_gzipped_file_is_read_alike(gold_file: Write) -> None:
    plain = read_gold(gold_file({"questions": [FACTOID]}))
    assert read_gold(gold_file(gzip.compress(json.dumps({"questions": [FACTOID]}).encode()))) == plain


@pytest.mark.parametrize(
    ("kind", "exact", "expected"),
    [
        ("factoid", ["CFTR", "CFTR gene"], (("CFTR", "CFTR gene"),)),
        ("factoid", [["CFTR", "CFTR gene"]], (("CFTR", "CFTR gene"),)),
        ("factoid", "CFTR", (("CFTR",),)),
        ("list", [["IL-1"], ["TNF", "TNF-α"]], (("IL-1",), ("TNF", "TNF-α"))),
        ("list", ["IL-1", "TNF"], (("IL-1",), ("TNF",))),
        ("yesno", "yes", (("yes",),)),
        ("yesno", "No.", (("no",),)),
        ("yesno", ["yes"], (("yes",),)),
        ("yesno", " Yes, it is.", (("yes",),)),
        ("yesno", None, ()),
        ("summary", "ignored", ()),
        ("factoid", [], ()),
        ("list", None, ()),
    ],
)
def test_exact_answers_are_read_in_every_shape_that_bioasq_has_used(
    gold_file: Write, kind: str, exact: Any, expected: tuple[tuple[str, ...], ...]
) -> None:
    (question,) = read_gold(gold_file({"questions": [FACTOID | {"type": kind, "exact_answer": exact}]}))
    assert question.exact == expected


def test_the_starter_questions_are_read_with_those_that_cannot_be_answered() -> None:
    questions = read_gold(starter.questions_file())
    assert {question.type for question in questions} == set(QuestionType)
    for question in questions:
        has_answer = bool(question.exact) or question.type is QuestionType.SUMMARY
        assert has_answer is question.answerable
        assert bool(question.documents) is question.answerable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"questions": []}',
        b'{"questions"',
        b"\xff\xfe\x00",
        b"\x1f\x8b broken gzip",
        gzip.compress(b'{"questions": []}', mtime=0)[:-5],
        pytest.param(
            gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 20,
        ),
        pytest.param({"questions": None}),
        pytest.param({"questions": 5}),
    ],
)
def test_a_file_that_is_no_gold_file_is_named(gold_file: Write, content: Any) -> None:
    path = gold_file(content)
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(error.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: No such file"):
        read_gold(tmp_path / "none.json")
    with pytest.raises(InputError, match="Is a directory"):
        read_gold(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "essay"}, "type is 'essay'; expected one of"),
        ({"type": None}, "type is missing; expected one of"),
        ({"type": ...}, "expected 'type'"),
        ({"body": ...}, "expected 'body'"),
        ({"body": 5}, "expected 'body'"),
        ({"exact_answer": 5}, "exact_answer is 5; expected strings"),
        ({"exact_answer": [["CFTR", 5]]}, "exact_answer is "),
        ({"exact_answer": {"a": 1}}, "exact_answer is "),
        ({"type": "yesno", "exact_answer": "perhaps"}, "'perhaps'; expected yes or no"),
        ({"type": "yesno", "exact_answer": ["yes", "no"]}, "expected yes or no"),
        ({"type": "yesno", "exact_answer": "nothing"}, "expected yes or no"),
        ({"documents": "101"}, "'documents' is '101'; expected a list"),
        ({"documents": [None]}, "a document is missing; expected a PMID"),
        ({"documents": [True]}, "a document is True; expected a PMID"),
        ({"documents": ["/"]}, "expected a PMID"),
        ({"ideal_answer": 5}, "ideal_answer is 5"),
        ({"ideal_answer": [5]}, "ideal_answer is [5]"),
        ({"concepts": [5]}, "expected 'concepts' to be a list of strings"),
        ({"triples": [5]}, "a triple is 5"),
        ({"triples": [{"s": "a", "p": "b"}]}, "expected an object with strings s, p and o"),
        ({"snippets": [5]}, "snippet 1 is 5; expected an object"),
        ({"snippets": [{"document": "1", "text": "a"}]}, "snippet 1: expected whole numbers"),
        ({"snippets": [SNIPPET, SNIPPET | {"offsetInEndSection": "9"}]}, "snippet 2: expected whole numbers"),
        ({"snippets": [SNIPPET | {"text": 5}]}, "snippet 1: expected strings as text"),
        ({"snippets": [SNIPPET | {"document": None}]}, "snippet 1: a document is missing"),
    ],
)
def test_a_question_that_is_none_is_named(gold_file: Write, change: dict[str, Any], message: str) -> None:
    broken = {name: value for name, value in (FACTOID | {"id": "q2"} | change).items() if value is not ...}
    path = gold_file({"questions": [FACTOID, broken]})
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert str(error.value).startswith(f"{path}: question q2: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("entry", ["a string", 7, None, ["list"], {}, {"id": 5}, {"id": ""}])
def test_an_entry_without_an_id_is_named_by_its_place(gold_file: Write, entry: Any) -> None:
    with pytest.raises(InputError, match="question number 2: expected an object with a string 'id'"):
        read_gold(gold_file({"questions": [FACTOID, entry]}))


def test_an_id_that_comes_twice_is_refused(gold_file: Write) -> None:
    with pytest.raises(InputError, match="question 5c72b7277c78d69471000073 occurs twice"):
        read_gold(gold_file({"questions": [FACTOID, FACTOID]}))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://www.ncbi.nlm.nih.gov/pubmed/123", "123"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/123", "123"),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        ("123", "123"),
        (123, "123"),
        (" 123 ", "123"),
        ("starter:cftr", "starter:cftr"),
    ],
)
def test_documents_are_known_by_their_id_however_they_are_addressed(
    gold_file: Write, address: Any, expected: str
) -> None:
    fields = FACTOID | {"documents": [address], "snippets": [SNIPPET | {"document": address}]}
    (question,) = read_gold(gold_file({"questions": [fields]}))
    assert question.documents == (expected,)
    assert question.snippets == (Snippet(expected, "abstract", "abstract", 3, 8, "CFTR."),)


def test_all_that_a_gold_entry_has_is_read(gold_file: Write) -> None:
    fields = FACTOID | {
        "ideal_answer": ["It is CFTR.", "CFTR."],
        "concepts": ["http://concept/1"],
        "triples": [{"s": "a", "p": "b", "o": "c"}, "as text"],
        "snippets": None,
    }
    (question,) = read_gold(gold_file({"questions": [fields]}))
    assert question.ideal == ("It is CFTR.", "CFTR.")
    assert question.concepts == ("http://concept/1",)
    assert question.triples == ("a b c", "as text")
    assert question.snippets == ()


def test_relevant_documents_are_those_named_or_quoted_each_once() -> None:
    snippets = tuple(Snippet(document, "title", "title", 0, 1, "x") for document in ("3", "1", "3"))
    question = GoldQuestion("q", QuestionType.FACTOID, "?", (), ("2", "1"), snippets=snippets)
    assert question.relevant_documents == ("2", "1", "3")


def test_a_value_in_an_error_is_never_endless(gold_file: Write) -> None:
    with pytest.raises(InputError) as error:
        read_gold(gold_file({"questions": [FACTOID | {"type": "x" * 10_000}]}))
    assert len(str(error.value)) < 500


def test_nesting_without_end_is_no_gold_file(gold_file: Write) -> None:
    with pytest.raises(InputError, match="not a BioASQ file"):
        read_gold(gold_file(b"[" * 100_000))


@pytest.mark.parametrize("surrogate", [b"\\ud83d", b"\\uDFFF", b"\xed\xa0\xbd"])
def test_lone_surrogates_do_not_reach_a_tokenizer(gold_file: Callable[[Any], Path], surrogate: bytes) -> None:
    content = json.dumps({"questions": [FACTOID]}).encode()
    (question,) = read_gold(gold_file(content.replace(b"Which gene", surrogate + b" \\ud83e\\uddec gene")))
    assert question.body == "? 🧬 gene is mutated in cystic fibrosis?"
