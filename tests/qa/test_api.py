import doctest
import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import bioqa.qa
from bioqa.index.ingest import builder
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import SearchIndex
from bioqa.qa import AskConfig, Engine, QuestionType, Response, engine
from bioqa.qa.reader import Reader

QUESTION = "what gene causes cystic fibrosis?"


@pytest.mark.parametrize("module", [bioqa.qa, engine])
def test_the_documented_example_is_true(module):
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_the_api_is_loaded_when_it_is_used():
    code = "import sys, bioqa.qa; assert 'numpy' not in sys.modules; bioqa.qa.Engine; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(bioqa.qa.__all__) <= set(dir(bioqa.qa))
    with pytest.raises(AttributeError, match="no attribute 'Motor'"):
        bioqa.qa.Motor  # noqa: B018


def test_an_engine_is_made_of_opened_parts(small_index, engine):
    index: SearchIndex = Index(small_index)
    made = Engine(index, engine.reader)
    response = made.ask(QUESTION)
    assert isinstance(response, Response)
    assert isinstance(made.reader, Reader)
    assert response.type is QuestionType.FACTOID
    assert response.answers == engine.ask(QUESTION, AskConfig()).answers


def test_a_response_is_what_ask_prints_as_json(run, small_index, engine):
    printed = json.loads(run("ask", QUESTION, "--index", small_index, "--json").out)
    made = json.loads(json.dumps(engine.ask(QUESTION).to_dict()))
    assert made.pop("timings_ms").keys() == printed.pop("timings_ms").keys()
    assert made == printed


def test_a_search_by_the_api_is_the_search_of_the_command(run, small_index, engine):
    printed = json.loads(run("search", "CFTR", "--index", small_index, "--top", "3", "--json").out)
    assert [hit.passage.document.id for hit in engine.search("CFTR", k=3)] == [hit["pmid"] for hit in printed]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


@pytest.mark.parametrize("question", [QUESTION, "what is CFTR?", "<script>what gene</script> causes x?"])
def test_a_notebook_shows_answers_and_runs_nothing_that_papers_say(question, tmp_path, write_jsonl):
    hostile = {"id": "<b>1", "text": "The <script>alert(1)</script> CFTR gene causes cystic fibrosis."}
    builder.build([write_jsonl("a.jsonl", [hostile])], tmp_path / "index", None)
    response = Engine.open(tmp_path / "index").ask(question, AskConfig(min_confidence=0.0))
    shown = response._repr_html_()
    tags = Tags()
    tags.feed(shown)
    assert set(tags.seen) <= {"div", "p", "strong", "em", "ol", "li", "blockquote", "mark", "a"}
    assert "<script" not in shown


def test_an_abstention_is_shown_as_one(engine):
    assert "I don't know" in engine.ask("who won the football match?", AskConfig(min_confidence=0.99))._repr_html_()
