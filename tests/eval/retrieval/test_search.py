from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.eval.datasets import trec
from bioqa.eval.retrieval import search as retrieval
from bioqa.index.errors import InputError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.qa.reader import Reader
from bioqa.qa.reranking import Reranker

QUERIES = {"q1": "CFTR mutations", "q2": "Huntington repeats"}
ODD = {"emoji": "🧬🧪", "stop word": "the", "sign": "?", "long": "cystic fibrosis gene therapy mice " * 1000}


@pytest.fixture
def long_documents(write_jsonl: Callable[..., Path], tmp_path: Path) -> Index:
    """Document n has n passages, each with the word gene, the more often the lower n is."""
    texts = {n: f"{'gene ' * (9 - n)}{'filler ' * (140 + n)}. " * n for n in range(1, 9)}
    records = [{"_id": f"d{n}", "title": f"Document {n}", "text": text} for n, text in texts.items()]
    builder.build([write_jsonl("long.jsonl", records)], tmp_path / "index", None)
    return Index(tmp_path / "index")


def documents(index: Index, text: str, count: int = retrieval.DOCUMENTS) -> dict[str, float]:
    return retrieval.rank_documents(retrieval.search_passages(index, Query(text, None), "lexical", count), count)


def test_the_document_with_the_id_of_the_query_is_not_ranked(small_index: Path) -> None:
    index = Index(small_index)
    hits = retrieval.search_passages(index, Query.of("cystic fibrosis", None), "lexical")
    first = hits[0].passage.document.id
    assert first not in retrieval.rank_documents(hits, but=first)
    runs = retrieval.search_all({first: "cystic fibrosis"}, index, ["lexical"])
    assert runs["lexical"][first]
    assert first not in runs["lexical"][first]


def test_a_query_is_read_as_questions_are(small_index: Path) -> None:
    index = Index(small_index)
    runs = [
        retrieval.search_all({"q": text}, index, ["lexical"])
        for text in ("cystic fibrosis", "cys\u00adtic fi&#98;rosis")
    ]
    assert runs[0] == runs[1]


def test_a_document_ranks_where_its_best_passage_does(long_documents: Index) -> None:
    hits = long_documents.search(Query("gene", None), 1000, mode="lexical")
    assert len(hits) == sum(range(1, 9))
    found = documents(long_documents, "gene")
    assert list(found) == list(dict.fromkeys(hit.passage.document.id for hit in hits))
    assert found == {name: max(hit.score for hit in hits if hit.passage.document.id == name) for name in found}
    assert len(found) == 8


@pytest.mark.parametrize("first", [1, 2, 3, 36, 37])
def test_passages_are_taken_until_there_are_enough_documents(
    long_documents: Index, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(retrieval, "_PASSAGES", first)
    assert list(documents(long_documents, "gene")) == [f"d{n}" for n in range(1, 9)]
    assert list(documents(long_documents, "gene", 5)) == [f"d{n}" for n in range(1, 6)]


def test_nothing_more_is_taken_where_there_is_nothing_more(
    long_documents: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []
    search = Index.search

    def counting(index: Index, query: Query, k: int, **options: str) -> object:
        depths.append(k)
        return search(index, query, k, **options)

    monkeypatch.setattr(Index, "search", counting)
    monkeypatch.setattr(retrieval, "_PASSAGES", 20)
    assert len(documents(long_documents, "gene")) == 8
    assert depths == [20, 40]
    assert documents(long_documents, "absent") == {}
    assert depths == [20, 40, 20]


def test_every_mode_finds_what_search_finds(small_index: Path, encoder: Encoder) -> None:
    seen: list[tuple[float, int]] = []

    class Watcher:
        def update(self, fraction: float, count: int) -> None:
            seen.append((fraction, count))

    index = Index(small_index)
    found = retrieval.search_all(QUERIES, index, retrieval.MODES, Watcher())
    assert seen == [(0.5, 1), (1.0, 2)]
    for mode in retrieval.MODES:
        for identity, text in QUERIES.items():
            hits = index.search(Query(text, encoder.encode([text])[0]), 100, mode=mode)
            assert list(found[mode][identity]) == list(dict.fromkeys(hit.passage.document.id for hit in hits))
            assert found[mode][identity][hits[0].passage.document.id] == hits[0].score


def test_what_a_reranker_makes_of_the_last_mode_is_a_run_of_its_own(small_index: Path) -> None:
    index, reader = Index(small_index), Reader(model.shipped("reader"))
    found = retrieval.search_all(QUERIES, index, ("lexical", "hybrid"), rerank=Reranker(reader, 3))
    assert list(found) == ["lexical", "hybrid", "reranked"]
    for identity in QUERIES:
        assert set(found["reranked"][identity]) == set(found["hybrid"][identity])
        assert found["reranked"][identity] != found["hybrid"][identity]


def test_odd_queries_do_not_break_a_run(small_index: Path) -> None:
    found = retrieval.search_all(ODD, Index(small_index), retrieval.MODES)
    assert found["lexical"]["emoji"] == found["lexical"]["stop word"] == found["lexical"]["sign"] == {}
    assert "101" in found["lexical"]["long"]
    for identity in ODD:
        assert len(found["dense"][identity]) == 8
        assert found["hybrid"][identity]


def test_an_index_without_vectors_allows_lexical_search_only(long_documents: Index, small_index: Path) -> None:
    assert retrieval.modes_of(long_documents) == retrieval.modes_of(long_documents, "lexical") == ("lexical",)
    for mode in ("dense", "hybrid"):
        with pytest.raises(InputError, match=r"index: the index has no vectors; use --mode lexical or"):
            retrieval.modes_of(long_documents, mode)
    assert retrieval.modes_of(Index(small_index)) == ("lexical", "dense", "hybrid")
    assert retrieval.modes_of(Index(small_index), "hybrid") == ("hybrid",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("run.trec", "run.dense.trec"),
        ("run.trec.gz", "run.dense.trec.gz"),
        ("run", "run.dense"),
        ("my.best.run", "my.best.dense.run"),
        (".run", ".run.dense"),
    ],
)
def test_each_of_several_runs_has_a_file_of_its_own(tmp_path: Path, name: str, expected: str) -> None:
    runs = {"lexical": {"q": {"a": 2.0}}, "dense": {"q": {"b": 1.0}}}
    retrieval.save_runs(tmp_path / name, runs)
    assert {path.name for path in tmp_path.iterdir()} == {expected, expected.replace("dense", "lexical")}
    assert trec.read_run(tmp_path / expected) == runs["dense"]


def test_a_run_alone_has_the_name_that_was_given(tmp_path: Path) -> None:
    retrieval.save_runs(tmp_path / "run.trec", {"dense": {"q": {"b": 1.0}}})
    assert (tmp_path / "run.trec").read_text() == "q Q0 b 1 1.0 bioqa-dense\n"
