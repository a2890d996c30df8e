import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.eval.convert import beir as collection
from bioqa.eval.convert.beir import CollectionCounts, LoadedCorpus, RetrievalCollection
from bioqa.eval.datasets import beir
from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.runs.scores import GoldBatch
from bioqa.index import atomic
from bioqa.index.errors import InputError, StorageError
from bioqa.index.progress import NoProgress
from bioqa.index.records import Document
from bioqa.qa.question_types import QuestionType


def snippet(document: str, text: str, begin: int = 0, section: str = "abstract") -> Snippet:
    return Snippet(document, section, section, begin, begin + len(text), text)


def question(name: str, documents: tuple[str, ...] = (), snippets: tuple[Snippet, ...] = ()) -> GoldQuestion:
    return GoldQuestion(name, QuestionType.SUMMARY, f"what is {name}?", (), documents, snippets=snippets)


BATCHES = [
    GoldBatch(
        "7B1_golden",
        [
            question("q1", ("1", "2"), (snippet("1", "Second one.", 50), snippet("1", "A title", section="title"))),
            question("q2", ("1", "bare"), (snippet("1", "First one. \n", 2), snippet("3", "Quoted, not listed."))),
            question("unjudged"),
        ],
    ),
    GoldBatch("7B2_golden", [question("q3", ("1", "2"), (snippet("1", "one.", 8), snippet("2", "Of two.")))]),
    GoldBatch("mine", [question("q4", ("4",), (snippet("4", "Of four."), snippet("4", "  ")))]),
]
AROUND = LoadedCorpus(
    {
        "2": Document("2", "Two", "Of two. Whole."),
        "4": Document("4", "Without an abstract"),
        "5": Document("5", "Five", "Of something else.", year=1999),
    }
)


@pytest.fixture
def made() -> RetrievalCollection:
    return collection.build_collection(BATCHES, AROUND)


def test_a_document_is_its_snippets_in_order_each_once_or_its_record_where_that_is_whole(
    made: RetrievalCollection,
) -> None:
    assert {document.id: (document.title, document.abstract) for document in made.documents} == {
        "1": ("A title", "First one. Second one."),
        "2": ("Two", "Of two. Whole."),
        "3": ("", "Quoted, not listed."),
        "4": ("", "Of four."),
        "5": ("Five", "Of something else."),
    }


def test_judged_relevant_is_what_is_listed_or_quoted_and_has_a_text(made: RetrievalCollection) -> None:
    first = {"q1": {"1": 1, "2": 1}, "q2": {"1": 1, "3": 1}}
    second = {"q3": {"1": 1, "2": 1}}
    assert made.qrels == {"7B1": first, "7B2": second, "7B": first | second, "mine": {"q4": {"4": 1}}}
    assert made.queries == {name: f"what is {name}?" for name in ("q1", "q2", "unjudged", "q3", "q4")}


def test_everything_is_counted(made: RetrievalCollection) -> None:
    assert made.counts == CollectionCounts(
        documents=5,
        documents_quoted=3,
        documents_whole=1,
        distractors=1,
        snippets=8,
        questions=5,
        judgments=7,
        judgments_without_text=1,
    )


def test_a_record_without_abstract_does_for_a_document_that_nobody_quotes() -> None:
    made = collection.build_collection([GoldBatch("b", [question("q", ("4",))])], AROUND)
    assert made.qrels == {"b": {"q": {"4": 1}}}
    assert (made.counts.documents_whole, made.counts.distractors, made.counts.documents) == (1, 2, 3)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([GoldBatch("b", [question("q", ("9",))])], "b: no question has a gold document with a text"),
        ([GoldBatch("b", [])], "b: no question has a gold document with a text"),
        ([BATCHES[2], GoldBatch("mine_golden", [question("q5", ("4",))])], "mine: two gold files have this name"),
    ],
)
def test_files_that_make_no_split_are_refused(batches: list[GoldBatch], message: str) -> None:
    with pytest.raises(InputError, match=message):
        collection.build_collection(batches, AROUND)


def test_what_is_written_is_read_back_as_a_collection_in_the_form_of_beir(
    made: RetrievalCollection, tmp_path: Path
) -> None:
    target = tmp_path / "set"
    target.mkdir()
    collection.write(target, made)
    splits = sorted(path.stem for path in (target / "qrels").iterdir())
    assert {split: beir.read_qrels(target, split) for split in splits} == made.qrels
    assert beir.read_queries(target, made.qrels["7B"]) == {name: f"what is {name}?" for name in ("q1", "q2", "q3")}
    corpus = beir.read_corpus(target)
    assert (set(corpus.ids), corpus.unusable) == ({"1", "2", "3", "4", "5"}, ())
    assert json.loads((target / "corpus.jsonl").read_text().splitlines()[1]) == {
        "_id": "4", "title": "", "text": "Of four.",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_cannot_be_written_leaves_nothing(made: RetrievalCollection, tmp_path: Path) -> None:
    spaced = collection.build_collection([GoldBatch("b", [question("q 1", ("5",))])], AROUND)
    with pytest.raises(InputError, match="'q 1' cannot be written to a file of runs or judgments"):
        collection.write(tmp_path / "set", spaced)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(StorageError, match=r"full: .*the collection was not written"):
        collection.write(tmp_path / "full", made)
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_what_a_killed_process_left_is_written_over(made: RetrievalCollection, tmp_path: Path) -> None:
    left = atomic.temporary_path(tmp_path / "set")
    left.mkdir()
    (left / "stale").touch()
    collection.write(tmp_path / "set", made)
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["corpus.jsonl", "qrels", "queries.jsonl"]


def test_of_a_corpus_the_latest_version_that_was_not_deleted_is_taken(
    write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "update.xml").write_text(
        "<PubmedArticleSet><DeleteCitation><PMID>1</PMID></DeleteCitation></PubmedArticleSet>"
    )
    records = [
        {"pmid": "1", "title": "deleted"},
        {"pmid": "2", "title": "newer", "version": 2},
        {"pmid": "2", "title": "older", "version": 1},
        {"pmid": "3", "title": "first"},
        {"pmid": "3", "title": "second"},
        {"title": "no id"},
    ]
    found = collection.read_corpus([write_jsonl("corpus.jsonl", records), tmp_path / "update.xml"], NoProgress())
    assert {name: document.title for name, document in found.documents.items()} == {"2": "newer", "3": "second"}
    assert [bad.place for bad in found.unusable] == ["line 6"]
    assert collection.read_corpus([], NoProgress()) == LoadedCorpus({})
