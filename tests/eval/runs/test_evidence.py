import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.runs.evidence import PASSAGE_SOURCES
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import AnalyzedQuestion, Engine
from bioqa.qa.question_types import QuestionType

BODY = "what gene causes cystic fibrosis?"


def question(*documents: str, snippets: tuple[Snippet, ...] = ()) -> GoldQuestion:
    return GoldQuestion("q", QuestionType.FACTOID, BODY, (("CFTR",),), documents, snippets=snippets)


def snippet(document: str, text: str) -> Snippet:
    return Snippet(document, "abstract", "abstract", 0, len(text), text)


@pytest.fixture
def asked(engine: Engine) -> AnalyzedQuestion:
    return engine.analyze(BODY, AskConfig())


def test_nothing_given_is_searched_for(engine: Engine, asked: AnalyzedQuestion) -> None:
    assert PASSAGE_SOURCES["nothing"](question(), asked, engine) == engine.index.search(asked.query, 100)


def test_given_documents_are_all_their_passages_best_first(engine: Engine, asked: AnalyzedQuestion) -> None:
    hits = PASSAGE_SOURCES["documents"](question("103", "101", "not there"), asked, engine)
    assert {hit.passage.document.id for hit in hits} == {"101", "103"}
    assert hits[0].passage.document.id == "101"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.score <= 1 and hit.dense_score is not None for hit in hits)


def test_given_snippets_are_passages_that_count_the_same(engine: Engine, asked: AnalyzedQuestion) -> None:
    texts = [snippet("7", "CFTR causes it."), snippet("8", " CFTR causes it. "), snippet("7", "CFTR causes it. ")]
    hits = PASSAGE_SOURCES["snippets"](question(snippets=(*texts, snippet("9", " "))), asked, engine)
    assert sorted((hit.passage.document.id, hit.passage.text) for hit in hits) == [
        ("7", "CFTR causes it."),
        ("8", "CFTR causes it."),
    ]
    assert {hit.score for hit in hits} == {1.0}


@pytest.mark.parametrize("given", ["documents", "snippets"])
def test_where_nothing_is_given_there_are_no_hits(engine: Engine, asked: AnalyzedQuestion, given: str) -> None:
    assert PASSAGE_SOURCES[given](question(), asked, engine) == []
