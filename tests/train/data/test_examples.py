import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.index.errors import InputError
from bioqa.index.records import Document
from bioqa.qa.question_types import QuestionType
from bioqa.train.data import examples, hard_negatives
from bioqa.train.data.examples import ReaderExample

POLAR = QuestionType.YESNO
CONTEXT = "Cystic fibrosis is caused by mutations in CFTR. CFTR is a channel."


def question(kind: QuestionType, *items: tuple[str, ...], texts: tuple[str, ...]) -> GoldQuestion:
    snippets = tuple(Snippet(str(n), "abstract", "abstract", 0, len(text), text) for n, text in enumerate(texts))
    return GoldQuestion("q", kind, "What?", items, (), snippets=snippets)


def pieces(example: ReaderExample, ranges: Any) -> list[str]:
    return [example.text[start:end] for start, end in ranges]


def test_a_factoid_has_all_places_of_its_synonyms_as_answers() -> None:
    (found,) = examples.from_bioasq([question(QuestionType.FACTOID, ("CFTR", "channel"), texts=(CONTEXT,))])
    assert found.answers is not None
    assert pieces(found, found.answers) == ["CFTR", "CFTR", "channel"]
    assert (found.items, found.verdict, found.relevant) == (None, None, True)


def test_a_list_has_its_items_as_tags_and_answers() -> None:
    text = "Imatinib, nilotinib and water."
    (found,) = examples.from_bioasq([question(QuestionType.LIST, ("imatinib",), ("nilotinib",), texts=(text,))])
    assert found.items == found.answers
    assert pieces(found, found.items) == ["Imatinib", "nilotinib"]


def test_where_no_answer_is_found_nothing_is_known_of_it() -> None:
    (found,) = examples.from_bioasq([question(QuestionType.FACTOID, ("HTT",), texts=(CONTEXT, CONTEXT, "  "))])
    assert found == ReaderExample("What?", CONTEXT, relevant=True, question_type=QuestionType.FACTOID)


def test_yes_or_no_is_the_verdict_of_every_snippet() -> None:
    found = examples.from_bioasq([question(QuestionType.YESNO, ("no",), texts=("One.", "Two."))])
    assert [(each.text, each.verdict) for each in found] == [("One.", "no"), ("Two.", "no")]


def test_passages_that_nobody_has_judged_are_as_a_reader_sees_them() -> None:
    abstract = " ".join(f"Sentence {n} is about CFTR and has quite a few words that fill it up." for n in range(30))
    papers = [Document("1", "On chloride", abstract), Document("2", "On chorea", "HTT causes chorea. CFTR does not.")]
    asked = question(QuestionType.YESNO, ("yes",), texts=())
    found = hard_negatives.unjudged_passages([replace(asked, body="Is CFTR a chloride channel?")], papers, 2)
    assert [each.text.split("\n")[0] for each in found] == ["On chloride"] * 2
    assert {each.text.split("\n")[1].split(" is ")[0] for each in found} < {f"Sentence {n}" for n in range(30)}
    assert all(
        replace(each, text="") == ReaderExample("Is CFTR a chloride channel?", "", question_type=POLAR)
        for each in found
    )


def test_hard_negatives_are_of_other_questions_and_hold_no_answer() -> None:
    asked = [
        GoldQuestion(
            str(n), QuestionType.FACTOID, f"Which gene causes {what}?", ((gene,),), (), snippets=(
                Snippet(str(n), "abstract", "abstract", 0, 9, f"The gene {gene} causes {what}."),
            )
        )
        for n, (gene, what) in enumerate([("CFTR", "cystic fibrosis"), ("HTT", "chorea"), ("FMR1", "fragile X")])
    ]  # fmt: skip
    found = hard_negatives.bioasq_negatives(asked, 5)
    assert len(found) == 6
    assert all(each.answers == () and each.relevant is False for each in found)
    assert {each.text for each in found if "cystic" in each.question} == {
        "The gene HTT causes chorea.",
        "The gene FMR1 causes fragile X.",
    }


def squad(path: Path, *answers: tuple[str, int], context: str = CONTEXT) -> Path:
    given = [{"text": text, "answer_start": start} for text, start in answers]
    qas = [{"id": "1", "question": "What?", "answers": given}]
    path.write_text(json.dumps({"data": [{"title": "", "paragraphs": [{"context": context, "qas": qas}]}]}))
    return path


def test_answers_are_where_the_file_says(tmp_path: Path) -> None:
    found, lost = examples.from_squad(squad(tmp_path / "a.json", ("CFTR", 48), ("CFTR", 48), ("channel", 58)))
    assert (found[0].answers, lost) == (((48, 52), (58, 65)), [])


def test_an_answer_at_the_wrong_place_is_found_where_there_is_one(tmp_path: Path) -> None:
    found, lost = examples.from_squad(squad(tmp_path / "a.json", ("channel", 3)))
    assert (found[0].answers, lost) == (((58, 65),), [])


@pytest.mark.parametrize(("answer", "start"), [("CFTR", 3), ("HTT", 0), ("", 0), ("CFTR", 10**9), ("CFTR", -5)])
def test_an_answer_that_is_nowhere_or_anywhere_is_lost(tmp_path: Path, answer: str, start: int) -> None:
    assert examples.from_squad(squad(tmp_path / "a.json", (answer, start))) == ([], ["1"])


def test_spaces_around_an_answer_are_no_part_of_it(tmp_path: Path) -> None:
    context = " CFTR it is, or HTT\n"
    found, lost = examples.from_squad(squad(tmp_path / "a.json", (" CFTR ", 0), ("HTT\n", 16), context=context))
    assert (found[0].answers, lost) == (((1, 5), (16, 19)), [])
    for answer in ("  ", " CF"):
        assert examples.from_squad(squad(tmp_path / "b.json", (answer, 0), context="Not  here.")) == ([], ["1"])


def test_an_empty_text_is_of_no_use_and_no_answer_is_one(tmp_path: Path) -> None:
    assert examples.from_squad(squad(tmp_path / "a.json", context=" ")) == ([], ["1"])
    found, _ = examples.from_squad(squad(tmp_path / "b.json"))
    assert found[0].answers == ()


def test_claims_are_read_under_the_names_that_tables_have(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv.gz"
    path.write_bytes(
        gzip.compress(b'id,evidence,Claim,label\n1,"It works, said A.",It works,Supports\n2,x,y,Neutral\n')
    )
    assert examples.from_claims(path) == (
        [
            ReaderExample("It works", "It works, said A.", verdict="yes", relevant=True, question_type=POLAR),
            ReaderExample("y", "x", verdict="neither", relevant=None, question_type=POLAR),
        ],
        0,
    )
    table = tmp_path / "claims.TSV"
    table.write_text("sentence1\tSentence2\tentailment\nA text\tA claim\tnot_entailment\n")
    assert examples.from_claims(table) == (
        [ReaderExample("A claim", "A text", verdict="no", relevant=True, question_type=POLAR)],
        0,
    )


def test_pairs_of_sentences_and_questions_on_passages_are_claims(tmp_path: Path) -> None:
    path = tmp_path / "inference.jsonl"
    path.write_text('{"premise": "It is red.", "hypothesis": "It is blue.", "label": "contradiction"}\n')
    assert examples.from_claims(path)[0] == [
        ReaderExample("It is blue.", "It is red.", verdict="no", relevant=True, question_type=POLAR)
    ]
    path.write_text('{"question": "Is it red?", "passage": "It has a color.", "answer": "unknown", "source": "x"}\n')
    assert examples.from_claims(path)[0] == [
        ReaderExample("Is it red?", "It has a color.", verdict="neither", question_type=POLAR)
    ]


def test_rows_of_no_use_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("claim,evidence,label\na,b,yes\n,b,yes\na,,no\na,b,perhaps\na,b,\nc,d,not_entailment\n")
    found, unusable = examples.from_claims(path)
    assert [(each.question, each.verdict) for each in found] == [("a", "yes"), ("c", "no")]
    assert unusable == 4
    path.write_text("claim,evidence,label\na,b,yes\ne,f,neutral\nc,d,not_entailment\n")
    found, unusable = examples.from_claims(path)  # of three labels, "not entailed" is no or neither
    assert [each.verdict for each in found] == ["yes", "neither"]
    assert unusable == 1


def test_lists_have_the_places_of_their_items(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    context = "Imatinib , nilotinib and water ."
    asked = {"question": "Which?", "context": context}
    lines: list[dict[str, Any]] = [
        {**asked, "answers": [{"text": "Imatinib", "start": 0}, {"text": "nilotinib ", "start": 11}]},
        {**asked, "answers": [{"text": "Imatinib", "start": 3}]},
        {**asked, "question": " ", "answers": [{"text": "Imatinib", "start": 0}]},
        {**asked, "answers": []},
        {**asked, "answers": ["Imatinib"]},
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)))
    (found,), unusable = examples.from_lists(path)
    assert found == ReaderExample(
        "Which?", context, answers=((0, 8), (11, 20)), items=((0, 8), (11, 20)), question_type=QuestionType.LIST
    )
    assert unusable == 4
    for wrong in ("[]", "{", '{"question": 1, "context": "x"}', '{"question": "x", "context": "y", "answers": 3}'):
        path.write_text(wrong)
        with pytest.raises(InputError, match=r"lists\.jsonl: line 1"):
            examples.from_lists(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column for the question"),
        (b"claim,evidence\na,b\n", "no column for the verdict"),
        (b"claim,evidence,label\na,b,perhaps\n", "row 2: the verdict is 'perhaps'; expected one of yes"),
        (b"claim,evidence,label\n,b,yes\n", "row 2: claim or evidence is empty"),
        (b"claim,evidence,label\na\n", "row 2: claim or evidence is empty"),
        (b"claim,evidence,label\na,\xff,yes\n", "not UTF-8 at byte"),
        (gzip.compress(b"claim,evidence,label\na,b,yes\n")[:-9], "damaged or cut off"),
    ],
)
def test_a_table_that_is_wrong_says_where(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "claims.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        examples.from_claims(path)


def test_pubmedqa_gives_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "pqal.json"
    entry = {"QUESTION": "Does it?", "CONTEXTS": ["One.", "Two."], "final_decision": "maybe"}
    path.write_text(json.dumps({"7": entry}))
    assert examples.from_pubmedqa(path) == [
        ReaderExample("Does it?", "One. Two.", verdict="neither", relevant=True, question_type=POLAR)
    ]
    for wrong in ([], {"7": []}, {"7": {**entry, "QUESTION": 1}}, {"7": {**entry, "final_decision": None}}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(InputError, match=r"pqal\.json"):
            examples.from_pubmedqa(path)
