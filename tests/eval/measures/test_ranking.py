from math import log2

import pytest
import pytrec_eval
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bioqa.eval.datasets.trec import Qrels, Run, ranked
from bioqa.eval.measures import ranking
from bioqa.index.errors import InputError

# What trec_eval calls a measure, by our name. Its recip_rank knows no cutoff.
TREC = {
    **{f"ndcg@{k}": f"ndcg_cut_{k}" for k in (1, 3, 10)},
    **{f"map@{k}": f"map_cut_{k}" for k in (1, 3, 10)},
    **{f"precision@{k}": f"P_{k}" for k in (1, 3, 10)},
    **{f"recall@{k}": f"recall_{k}" for k in (1, 3, 10)},
    **{f"success@{k}": f"success_{k}" for k in (1, 3, 10)},
    "ndcg": "ndcg",
    "map": "map",
    "mrr": "recip_rank",
    "precision": "set_P",
    "recall": "set_recall",
}
documents = st.text("aAbBß9日-", min_size=1, max_size=2)
scores = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1.0 + 1e-9, 1e300, 1e200]),  # equal, or equal as 32-bit floats
    st.floats(allow_nan=False, allow_infinity=False),
)
grades = st.integers(0, 4)  # below 0, pytrec_eval writes outside its memory: see the test of negative grades
queries = st.sampled_from(["q1", "q2", "q3"])
runs = st.dictionaries(queries, st.dictionaries(documents, scores, max_size=15))
judgments = st.dictionaries(queries, st.dictionaries(documents, grades, min_size=1, max_size=8), min_size=1)


@settings(max_examples=300, deadline=None)
@given(runs, judgments)
@example({}, {"q1": {"a": 1}})
@example({"q1": {}}, {"q1": {"a": 1}})
@example({"q1": {"a": 1.0, "b": 1.0, "B": 1.0, "ß": 1.0}}, {"q1": {"b": 2, "a": 1}})
@example({"q1": {"a": 1.0}, "q2": {"b": 1.0}}, {"q1": {"a": 0, "b": 0}, "q2": {"b": 3, "a": 0}, "q3": {"a": 1}})
def test_every_query_scores_as_in_trec_eval(run: Run, qrels: Qrels) -> None:
    truth = pytrec_eval.RelevanceEvaluator(qrels, set(TREC.values())).evaluate(run)
    found = ranking.measures(run, qrels, list(TREC))
    for ours, theirs in TREC.items():
        expected = [truth[query][theirs] if query in truth else 0.0 for query in qrels]  # -c: zero where not run
        assert found[ours].per_question[:, 0] == pytest.approx(expected, abs=1e-6), ours
        assert found[ours].value == pytest.approx(sum(expected) / len(qrels), abs=1e-6), ours


@settings(max_examples=100, deadline=None)
@given(runs, judgments, st.integers(1, 5))
def test_a_reciprocal_rank_with_cutoff_is_that_of_the_shortened_run(run: Run, qrels: Qrels, k: int) -> None:
    short = {query: {name: run[query][name] for name in ranked(run[query])[:k]} for query in run}
    truth = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(short)
    expected = [truth[query]["recip_rank"] if query in truth else 0.0 for query in qrels]
    assert ranking.measures(run, qrels, [f"mrr@{k}"])[f"mrr@{k}"].per_question[:, 0] == pytest.approx(
        expected, abs=1e-6
    )


@settings(max_examples=50, deadline=None)
@given(runs, st.dictionaries(queries, st.dictionaries(documents, st.integers(-2, 2), min_size=1, max_size=8)))
def test_a_negative_grade_counts_as_0(run: Run, qrels: Qrels) -> None:
    raised = {query: {name: max(grade, 0) for name, grade in row.items()} for query, row in qrels.items()}
    found, expected = (ranking.measures(run, judged, list(TREC)) for judged in (qrels, raised))
    for name in TREC:
        assert found[name].per_question.tolist() == expected[name].per_question.tolist(), name


def test_a_ranking_scores_as_worked_out_by_hand() -> None:
    run = {"q": {"d1": 5.0, "d2": 4.0, "d3": 3.0, "d4": 2.0}}
    qrels = {"q": {"d2": 2, "d4": 1, "d9": 3, "d1": 0}}
    found = ranking.measures(run, qrels, ["ndcg@3", "map", "mrr", "mrr@1", "precision@3", "precision@10", "recall@3"])
    ideal = 3 + 2 / log2(3) + 1 / log2(4)
    assert {name: measure.value for name, measure in found.items()} == pytest.approx(
        {
            "ndcg@3": (2 / log2(3)) / ideal,
            "map": (1 / 2 + 2 / 4) / 3,
            "mrr": 1 / 2,
            "mrr@1": 0.0,
            "precision@3": 1 / 3,
            "precision@10": 2 / 10,
            "recall@3": 1 / 3,
        }
    )


def test_rows_are_queries_in_the_order_of_the_judgments_and_missing_ones_are_zero() -> None:
    qrels = {"q2": {"a": 1}, "absent": {"a": 1}, "none relevant": {"a": 0}, "q1": {"a": 1}}
    run = {"q1": {"b": 2.0, "a": 1.0}, "q2": {"a": 1.0}, "unjudged": {"a": 1.0}, "none relevant": {"a": 1.0}}
    found = ranking.measures(run, qrels, ["mrr"])["mrr"]
    assert found.per_question.tolist() == [[1.0], [0.0], [0.0], [0.5]]
    assert found.value == 1.5 / 4


def test_no_judgments_give_zero() -> None:
    assert ranking.measures({"q": {"a": 1.0}}, {}, ["ndcg@10"])["ndcg@10"].value == 0.0


@pytest.mark.parametrize("name", ["", "bleu", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@ten", "NDCG@10", "ndcg_cut_10"])
def test_an_unknown_measure_lists_those_there_are(name: str) -> None:
    with pytest.raises(InputError, match=r"unknown measure .*ndcg, map, mrr, precision, recall, success"):
        ranking.measures({}, {}, [name])
