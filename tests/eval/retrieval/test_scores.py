import random

import pytest
import pytrec_eval

from bioqa.eval import tables
from bioqa.eval.datasets import trec
from bioqa.eval.measures import bootstrap
from bioqa.eval.measures.base import mean
from bioqa.eval.retrieval import scores as retrieval_scores

TREC = {  # trec_eval's recip_rank knows no cutoff: it is given the run cut to ten documents
    "ndcg@10": "ndcg_cut_10",
    "map@100": "map_cut_100",
    "recall@100": "recall_100",
    "precision@10": "P_10",
    "success@10": "success_10",
}


def random_collection(seed: int) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Forty queries over 300 documents, with grades of 0 to 3 and many equal scores; one query was not run."""
    generator = random.Random(seed)
    names = [f"d{number}" for number in range(300)]
    qrels = {f"q{n}": {name: generator.randint(0, 3) for name in generator.sample(names, 25)} for n in range(40)}
    run = {query: {name: generator.randint(0, 20) / 4 for name in generator.sample(names, 150)} for query in qrels}
    del run["q7"]
    return qrels, run


@pytest.mark.parametrize("seed", range(5))
def test_the_measures_are_those_of_trec_eval(seed: int) -> None:
    qrels, run = random_collection(seed)
    found = retrieval_scores.score("random", "test", qrels, {"run": run}).runs["run"]
    truth = pytrec_eval.RelevanceEvaluator(qrels, set(TREC.values())).evaluate(run)
    top = {query: {name: run[query][name] for name in trec.ranked(run[query])[:10]} for query in run}
    first = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(top)
    expected = {ours: sum(row[theirs] for row in truth.values()) / len(qrels) for ours, theirs in TREC.items()}
    expected["mrr@10"] = sum(row["recip_rank"] for row in first.values()) / len(qrels)
    assert {name: measure.value for name, measure in found.items()} == pytest.approx(expected, abs=1e-6)


def test_the_document_with_the_id_of_the_query_does_not_count() -> None:
    run = {"7": {"7": 9.0, "a": 1.0}}
    found = retrieval_scores.score("c", "test", {"7": {"a": 1}}, {"run": run}).runs["run"]
    assert found["ndcg@10"].value == 1.0


@pytest.fixture
def scores() -> retrieval_scores.RetrievalScores:
    qrels, run = random_collection(9)
    better = {query: {name: qrels[query].get(name, 0) + 1.0 for name in row} for query, row in run.items()}
    facts = {"documents": 300, "index": "somewhere", "encoder": "none"}
    return retrieval_scores.score("random", "test", qrels, {"dense": better, "lexical": run}, facts)


def test_every_run_is_compared_with_the_lexical_one(scores: retrieval_scores.RetrievalScores) -> None:
    found = retrieval_scores.comparisons(scores)
    assert list(found) == ["dense"]
    values = [scores.runs[name]["ndcg@10"].value for name in ("dense", "lexical")]
    assert found["dense"].difference == pytest.approx(values[0] - values[1])
    assert found["dense"].p_value < 0.001


def test_without_a_lexical_run_nothing_is_compared() -> None:
    found = retrieval_scores.score("c", "test", {"q": {"a": 1}}, {"their.run": {"q": {"a": 1.0}}})
    assert retrieval_scores.comparisons(found) == {}
    assert len(retrieval_scores.tables(found)) == 1


def test_data_holds_every_figure_with_its_interval(scores: retrieval_scores.RetrievalScores) -> None:
    found = retrieval_scores.as_object(scores)
    assert (found["collection"], found["split"], found["queries"], found["documents"]) == ("random", "test", 40, 300)
    for run, measures in scores.runs.items():
        assert list(found["runs"][run]) == list(retrieval_scores.MEASURES)
        for name, measure in measures.items():
            assert found["runs"][run][name] == measure.value
            interval = bootstrap.interval(mean(measure.per_question[:, 0]))
            assert found["intervals_95"][run][name] == [interval.low, interval.high]
    assert set(found["ndcg@10_against_lexical"]["dense"]) == {"difference", "interval", "p_value"}


def test_tables_say_what_was_measured(scores: retrieval_scores.RetrievalScores) -> None:
    figures, differences = (tables.text(table).splitlines() for table in retrieval_scores.tables(scores))
    assert figures[0] == "random, test: 40 queries, 300 documents"
    assert figures[1].split() == ["measure", "dense", "95%", "interval", "lexical", "95%", "interval"]
    names = ["nDCG@10", "MAP@100", "MRR@10", "recall@100", "precision@10", "success@10"]
    assert [line.split()[0] for line in figures[2:]] == names
    assert differences[0] == "nDCG@10 against lexical"
    assert differences[2].startswith("dense")
