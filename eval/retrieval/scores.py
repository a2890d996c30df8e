"""The scores of runs over a collection: measures, intervals and paired tests, as data and as tables."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bioqa.eval.datasets.trec import Qrels, Run
from bioqa.eval.measures import bootstrap, ranking
from bioqa.eval.measures.base import Measure
from bioqa.eval.measures.bootstrap import PairedTest
from bioqa.eval.runs.scores import display_name
from bioqa.eval.tables import Cell, Table

MEASURES = ("ndcg@10", "map@100", "mrr@10", "recall@100", "precision@10", "success@10")
_COMPARED = "ndcg@10"  # the measure that BEIR reports
_BASELINE = "lexical"


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """The measures of each run by name. `facts` describe the index if bioqa did the search."""

    collection: str
    split: str
    queries: int
    runs: Mapping[str, Mapping[str, Measure]]
    facts: Mapping[str, str | int] = field(default_factory=dict)


def score(
    collection: str, split: str, qrels: Qrels, runs: Mapping[str, Run], facts: Mapping[str, str | int] | None = None
) -> RetrievalScores:
    """The scores of runs over all judged queries. A document with the id of the query does not count, as in BEIR: the
    queries of some collections are documents of it."""
    measured = {name: ranking.measures(_without_own(run), qrels, MEASURES) for name, run in runs.items()}
    return RetrievalScores(collection, split, len(qrels), measured, facts or {})


def _without_own(run: Run) -> Run:
    return {
        query: {document: value for document, value in row.items() if document != query} for query, row in run.items()
    }


def comparisons(scores: RetrievalScores) -> dict[str, PairedTest]:
    """Paired tests of nDCG@10 for every run against the lexical run; empty without a lexical run."""
    if _BASELINE not in scores.runs:
        return {}
    baseline = scores.runs[_BASELINE][_COMPARED]
    return {
        name: bootstrap.paired_test(measures[_COMPARED], baseline)
        for name, measures in scores.runs.items()
        if name != _BASELINE
    }


def as_object(scores: RetrievalScores) -> dict[str, Any]:
    """The output of `bioqa eval retrieval --json`."""
    bounds = {
        name: {measure: bootstrap.interval(values) for measure, values in measures.items()}
        for name, measures in scores.runs.items()
    }
    return {
        "collection": scores.collection,
        "split": scores.split,
        "queries": scores.queries,
        **scores.facts,
        "runs": {
            name: {measure: values.value for measure, values in measures.items()}
            for name, measures in scores.runs.items()
        },
        "intervals_95": {
            name: {measure: [interval.low, interval.high] for measure, interval in intervals.items()}
            for name, intervals in bounds.items()
        },
        f"{_COMPARED}_against_{_BASELINE}": {name: asdict(test) for name, test in comparisons(scores).items()},
    }


def tables(scores: RetrievalScores) -> list[Table]:
    """The measures of all runs side by side, and their differences from the lexical run."""
    rows = []
    for name in MEASURES:
        cells: list[Cell] = [display_name(name)]
        for measures in scores.runs.values():
            bounds = bootstrap.interval(measures[name])
            cells += [measures[name].value, f"{bounds.low:.3f} to {bounds.high:.3f}"]
        rows.append(cells)
    documents = f", {scores.facts['documents']:,} documents" if scores.facts else ""
    title = f"{scores.collection}, {scores.split}: {scores.queries:,} queries{documents}"
    columns = ["measure", *(column for name in scores.runs for column in (name, "95% interval"))]
    shown = [Table(title, columns, rows)]
    compared = comparisons(scores)
    if compared:
        differences = [
            (name, test.difference, f"{test.interval.low:+.3f} to {test.interval.high:+.3f}", test.p_value)
            for name, test in compared.items()
        ]
        columns = ["search", "difference", "95% interval", "p"]
        shown.append(Table(f"{display_name(_COMPARED)} against {_BASELINE}", columns, differences))
    return shown
