import json

import pytest

from bioqa.index.ingest import builder
from bioqa.index.records import Hit
from bioqa.index.search import documents
from bioqa.index.search.filters import Filter
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query


@pytest.fixture(scope="module")
def long_first(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index in which the first document has the ten best passages for "gene"."""
    folder = tmp_path_factory.mktemp("long")
    corpus = folder / "long.jsonl"
    records = [{"id": "a", "year": 2001, "text": ("gene " * 150 + ". ") * 10}]
    records += [{"id": name, "year": 2002, "text": f"gene {'filler ' * 50}."} for name in "bcd"]
    corpus.write_text("".join(json.dumps(record) + "\n" for record in records))
    builder.build([corpus], folder / "index", None)
    return Index(folder / "index")


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.document.id for hit in hits]


@pytest.mark.parametrize("depth", [1, 3, 100])
def test_passages_are_searched_until_there_are_enough_documents(long_first: Index, depth: int) -> None:
    hits = documents.search_passages(long_first, Query("gene", None), "lexical", 3, depth)
    assert ids(hits)[:5] == ["a"] * 5
    best = documents.best_passages(hits)
    assert ids(best)[:3] == ["a", "b", "c"]
    assert best[0] == hits[0]


def test_without_enough_documents_all_passages_are_found(long_first: Index) -> None:
    hits = documents.search_passages(long_first, Query("gene", None), "lexical", 100, 2)
    assert set(ids(hits)) == set("abcd")


def test_the_first_passages_suffice_where_no_documents_are_counted(long_first: Index) -> None:
    assert ids(documents.search_passages(long_first, Query("gene", None), "lexical", 0, 4)) == ["a"] * 4


def test_a_filter_holds_at_every_depth(long_first: Index) -> None:
    only = Filter(first_year=2002)
    hits = documents.search_passages(long_first, Query("gene", None), "lexical", 2, 1, filters=only)
    assert set(ids(hits)) <= set("bcd")
    assert len(hits) >= 2
