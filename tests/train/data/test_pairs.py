import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.index.errors import InputError
from bioqa.index.records import Document
from bioqa.qa.question_types import QuestionType
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

pairs = pytest.importorskip("bioqa.train.data.pairs")
negatives = pytest.importorskip("bioqa.train.data.hard_negatives")
WriteJsonl = Callable[..., Path]


def question(identity: str, body: str, *quoted: tuple[str, str], documents: tuple[str, ...] = ()) -> GoldQuestion:
    snippets = tuple(Snippet(document, "abstract", "abstract", 0, len(text), text) for document, text in quoted)
    return GoldQuestion(identity, QuestionType.SUMMARY, body, (), documents, snippets=snippets)


@pytest.fixture
def beir(tmp_path: Path, write_jsonl: WriteJsonl) -> Path:
    write_jsonl("corpus.jsonl", [{"_id": f"d{n}", "title": f"Title {n}", "text": f"Text {n}."} for n in range(3)])
    write_jsonl("queries.jsonl", [{"_id": "q1", "text": "first"}, {"_id": "q2", "text": "second"}])
    (tmp_path / "qrels").mkdir()
    rows = ["query-id\tcorpus-id\tscore", "q1\td0\t2", "q1\td1\t0", "q2\td1\t1", "q2\tgone\t1"]
    (tmp_path / "qrels" / "train.tsv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_question_goes_with_each_of_its_snippets() -> None:
    found = pairs.from_bioasq([question("1", "Why?", ("7", " Because. "), ("8", "So."), documents=("9",))])
    assert [(pair.query, pair.passage.document, pair.passage.text) for pair in found] == [
        ("Why?", "7", "Because."),
        ("Why?", "8", "So."),
    ]
    assert found[0].relevant == {"7", "8", "9"}


def test_a_query_goes_with_what_is_judged_relevant_and_there(beir: Path) -> None:
    found = pairs.from_beir(beir)
    assert [(pair.query, pair.passage.text) for pair in found] == [
        ("first", "Title 0\nText 0."),
        ("second", "Title 1\nText 1."),
    ]
    assert found[1].relevant == {"d1", "gone"}


def test_a_folder_without_training_judgments_is_refused(beir: Path) -> None:
    (beir / "qrels" / "train.tsv").rename(beir / "qrels" / "test.tsv")
    with pytest.raises(InputError, match="no such split; known splits: test"):
        pairs.from_beir(beir)


def test_a_title_goes_with_its_abstract(write_jsonl: WriteJsonl) -> None:
    papers = [{"pmid": "1", "title": "On CFTR", "abstract": "It is a gene."}, {"pmid": "2", "title": "Alone"}]
    (found,) = pairs.from_corpus(write_jsonl("papers.jsonl", papers))
    assert (found.query, found.passage.text, found.relevant) == ("On CFTR", "It is a gene.", {"1"})


def test_a_question_of_squad_goes_with_its_text_where_that_answers(tmp_path: Path) -> None:
    asked = [
        {"id": "1", "question": "Which gene?", "answers": [{"text": "CFTR", "answer_start": 0}]},
        {"id": "2", "question": "Where?", "answers": [], "is_impossible": True},
    ]
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": "CFTR it is.", "qas": asked}]}]}))
    (found,) = pairs.from_squad(path)
    assert (found.query, found.passage.text) == ("Which gene?", "CFTR it is.")


def test_a_line_of_a_table_may_hold_what_elsewhere_ends_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"question": "a\u2028b", "answer": "c\x85d"}\r\n', encoding="utf-8")
    (found,) = pairs.from_table(tmp_path / "a.jsonl")
    assert (found.query, found.passage.text) == ("a\u2028b", "c\x85d")


def test_a_query_of_a_table_goes_with_the_passage_in_its_row(tmp_path: Path, write_jsonl: WriteJsonl) -> None:
    rows = [
        {"id": 1, "Question": "Which gene?", "answer": " CFTR. "},
        {"id": 2, "question": "which  gene?", "answer": "The CFTR gene."},
        {"id": 3, "question": "Where?", "answer": None},
    ]
    first, second, third = pairs.from_table(write_jsonl("answers.jsonl", rows))
    assert (first.query, first.passage.text) == ("Which gene?", "CFTR.")
    assert first.relevant == second.relevant == {"CFTR.", "The CFTR gene."}
    assert third.passage.text == ""  # left out and counted where all pairs are put together
    titles = tmp_path / "forum.csv"
    titles.write_text("question_id,question_text,pmid,pmtitle\n7,Is it so?,12,On it.\n")
    (found,) = pairs.from_table(titles)
    assert (found.query, found.passage.text) == ("Is it so?", "On it.")


def test_evidence_is_right_for_a_claim_that_it_speaks_for_or_against(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("evidence,claim,label\nIt does.,It works,Supports\nNo.,It fails,Refutes\nSo?,It is,Neutral\n")
    assert [(pair.query, pair.passage.text) for pair in pairs.from_table(path)] == [
        ("It works", "It does."),
        ("It fails", "No."),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "question,reply\na,b\n", "no column for the passage: expected a header with one of passage, answer"),
        ("a.tsv", "title\tanswer\na\tb\n", "no column for the query"),
        ("a.csv", "claim,evidence,label\na,b,perhaps\n", "row 2: the verdict is 'perhaps'"),
        ("a.csv", 'question,answer\na,"b\nc,d\n', "line 3: unexpected end of data; close quotes"),
        ("a.tsv", 'question\tanswer\na\t"b\nc\t"d\n', "line 3: .* expected after .*; close quotes"),
        ("a.csv", "question,answer\na,b,\nc,d, and e\n", "row 3: 3 cells, but the header has 2; quote cells"),
        ("a.jsonl", '{"question": "a", "answer": "b"}\nno\n', "line 2: not JSON at column 1"),
        ("a.jsonl", '{"question": "a", "answer": "b"}\n[]\n', "line 2: expected a JSON object"),
    ],
)
def test_a_table_that_cannot_be_learned_from_says_where(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        pairs.from_table(tmp_path / name)


def test_a_limit_counts_what_can_be_used(write_jsonl: WriteJsonl) -> None:
    rows = [{"question": f"q{number}", "answer": f"a{number}" if number % 3 else ""} for number in range(30)]
    path = write_jsonl("answers.jsonl", rows)
    told: list[str] = []
    found = pairs.read_pairs(RetrieverConfig("base", tables=(str(path),), limit=15), [], told.append)
    assert len(found) == 15
    assert told == [f"{path}: 15 pairs, 10 unusable"]


def test_what_cannot_be_learned_from_is_left_out_and_counted(write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    papers = [
        {"pmid": "1", "title": "On CFTR", "abstract": "A gene."},
        {"pmid": "2", "title": "on  cftr", "abstract": "A  GENE."},
        {"pmid": "3", "title": "The same", "abstract": "the  same"},
        {"pmid": "4", "title": "Held out?", "abstract": "It is."},
    ]
    config = RetrieverConfig(base="x", corpora=(str(write_jsonl("papers.jsonl", papers)),))
    told: list[str] = []
    found = pairs.read_pairs(config, [question("1", "held  OUT?")], told.append)
    assert [pair.query for pair in found] == ["On CFTR"]
    assert told[0].endswith("papers.jsonl: 1 pairs, 1 held out, 1 duplicates, 1 unusable")


def test_a_limit_takes_pairs_from_all_over_a_file(write_jsonl: WriteJsonl) -> None:
    papers = [{"pmid": str(n), "title": f"Title {n}", "abstract": f"Abstract {n}."} for n in range(10)]
    config = RetrieverConfig(base="x", limit=2, corpora=(str(write_jsonl("papers.jsonl", papers)),))
    assert [pair.query for pair in pairs.read_pairs(config, [], lambda _: None)] == ["Title 0", "Title 5"]


def test_hard_negatives_share_words_and_are_of_no_relevant_document() -> None:
    found = negatives.mine_negatives(
        pairs.from_bioasq(
            [
                question(
                    "1", "What gene causes cystic fibrosis?", ("1", "CFTR causes cystic fibrosis."), documents=("2",)
                ),
                question("2", "What gene causes chorea?", ("2", "The gene HTT causes chorea.")),
                question("3", "What gene causes hemophilia?", ("3", "The gene F8 causes hemophilia.")),
                question("4", "Where is the heart?", ("4", "In the thorax.")),
            ]
        ),
        2,
    )
    assert [[negative.document for negative in pair.negatives] for pair in found] == [["3"], ["3", "1"], ["2", "1"], []]


def test_hard_negatives_of_words_and_of_a_search_come_in_turn() -> None:
    asked = [
        question("1", "What causes chorea?", ("1", "HTT causes it.")),
        question("2", "What causes gout?", ("2", "Urate causes gout.")),
        question("3", "What is albinism?", ("3", "A lack of melanin.")),
    ]
    seen: list[Any] = []

    def nearest(queries: Any, texts: Any, count: int) -> Any:
        seen.append((queries, texts, count))
        return np.array([[2, 0, 1], [0, 2, 1], [2, 1, 0]])

    found = negatives.mine_negatives(pairs.from_bioasq(asked), 5, nearest)
    assert seen == [([q.body for q in asked], ["HTT causes it.", "Urate causes gout.", "A lack of melanin."], 3)]
    assert [[negative.document for negative in pair.negatives] for pair in found] == [
        ["3", "2"],
        ["1", "3"],
        ["2", "1"],
    ]


@pytest.mark.parametrize("text", ["CFTR is a gene.", "On CFTR CFTR is a gene.", "a gene."])
def test_the_right_passage_under_another_id_is_not_wrong(text: str) -> None:
    (pair,) = pairs.from_bioasq([question("1", "What is CFTR?", ("1", "CFTR is a gene."))])
    assert not pairs.is_negative(pairs.CandidatePassage("2", text), pair)
    assert pairs.is_negative(pairs.CandidatePassage("2", f"Not {text[:4]}"), pair)


def test_no_hard_negatives_are_looked_for_where_none_are_wanted() -> None:
    found: Any = pairs.from_bioasq([question("1", "Why?", ("1", "Why it is."))])
    assert negatives.mine_negatives(found, 0) == found


def test_the_papers_around_are_those_that_share_words_with_the_questions() -> None:
    asked = [question("1", "What gene causes chorea?"), question("2", "Does warfarin cause bleeding?")]
    texts = ["The heart beats.", "Chorea has a gene.", "On warfarin.", "A gene.", "Warfarin and bleeding."]
    papers = [Document(str(place), abstract=text) for place, text in enumerate(texts)]
    assert [paper.id for paper in negatives.nearest_papers(asked, papers, 3)] == ["1", "4", "3"]
    assert negatives.nearest_papers(asked, papers, 4) == [papers[1], papers[4], papers[3], papers[2]]
    assert negatives.nearest_papers(asked, papers, 0) == negatives.nearest_papers(asked, papers, 9) == papers


def test_what_is_nearly_in_a_test_is_left_out_and_counted(write_jsonl: WriteJsonl, beir: Path, tmp_path: Path) -> None:
    (beir / "qrels" / "train.tsv").rename(beir / "qrels" / "test.tsv")
    gold = tmp_path / "gold.json"
    snippets = [{"document": "9", "text": "Orange juice has vitamin C.", "offsetInBeginSection": 0,
                 "offsetInEndSection": 27, "beginSection": "abstract", "endSection": "abstract"}]  # fmt: skip
    asked = {"id": "1", "type": "summary", "body": "Is it healthy?", "ideal_answer": ["x"], "snippets": snippets}
    gold.write_text(json.dumps({"questions": [asked]}))
    papers = [
        {"pmid": "1", "title": "First", "abstract": "Its title is a query."},
        {"pmid": "2", "title": "On juice", "abstract": "Orange juice has vitamin C"},
        {"pmid": "3", "title": "Is it healthy", "abstract": "Yes and no."},
        {"pmid": "4", "title": "On oranges", "abstract": "They are round."},
    ]
    path, told = write_jsonl("papers.jsonl", papers), list[str]()
    config = RetrieverConfig(base="", corpora=(str(path),), apart_from=(str(beir), str(gold)))
    assert [pair.query for pair in pairs.read_pairs(config, [], told.append)] == ["On oranges"]
    assert told == [f"{path}: 1 pairs, 3 near a test"]


def test_a_folder_without_anything_to_stay_apart_from_is_refused(beir: Path) -> None:
    config = RetrieverConfig(base="", beir=(str(beir),), apart_from=(str(beir),))
    with pytest.raises(InputError, match="no test data there"):
        pairs.read_pairs(config, [], lambda _: None)
