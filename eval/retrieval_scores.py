"""The figures of runs over a collection: measures, intervals, paired tests, as data and as tables."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bioqa.eval import bootstrap, ranking
from bioqa.eval.bootstrap import Paired
from bioqa.eval.measure import Measure
from bioqa.eval.scores import spoken
from bioqa.eval.tables import Cell, Table
from bioqa.eval.trec import Qrels, Run

MEASURES = ("ndcg@10", "map@100", "mrr@10", "recall@100", "precision@10", "success@10")
_COMPARED = "ndcg@10"  # the measure that BEIR reports
_BASELINE = "lexical"


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """The measures of each run under their names; `facts` says what was searched, where that was done here."""

    collection: str
    split: str
    queries: int
    runs: Mapping[str, Mapping[str, Measure]]
    facts: Mapping[str, str | int] = field(default_factory=dict)


def score(
    collection: str, split: str, qrels: Qrels, runs: Mapping[str, Run], facts: Mapping[str, str | int] | None = None
) -> RetrievalScores:
    """The scores of runs, over all queries that have judgments."""
    measured = {name: ranking.measures(run, qrels, MEASURES) for name, run in runs.items()}
    return RetrievalScores(collection, split, len(qrels), measured, facts or {})


def comparisons(scores: RetrievalScores) -> dict[str, Paired]:
    """nDCG@10 of every other run against that of the lexical one, query by query; none where there is no such run."""
    if _BASELINE not in scores.runs:
        return {}
    baseline = scores.runs[_BASELINE][_COMPARED]
    return {
        name: bootstrap.paired(measures[_COMPARED], baseline)
        for name, measures in scores.runs.items()
        if name != _BASELINE
    }


def as_object(scores: RetrievalScores) -> dict[str, Any]:
    """What `bioqa eval retrieval --json` prints."""
    bounds = {
        name: {measure: bootstrap.interval(found) for measure, found in measures.items()}
        for name, measures in scores.runs.items()
    }
    return {
        "collection": scores.collection,
        "split": scores.split,
        "queries": scores.queries,
        **scores.facts,
        "runs": {
            name: {measure: found.value for measure, found in measures.items()}
            for name, measures in scores.runs.items()
        },
        "intervals_95": {
            name: {measure: [found.low, found.high] for measure, found in intervals.items()}
            for name, intervals in bounds.items()
        },
        f"{_COMPARED}_against_{_BASELINE}": {name: asdict(found) for name, found in comparisons(scores).items()},
    }


def tables(scores: RetrievalScores) -> list[Table]:
    """The measures of all runs side by side, and what sets the others apart from the lexical one."""
    rows = []
    for name in MEASURES:
        cells: list[Cell] = [spoken(name)]
        for measures in scores.runs.values():
            bounds = bootstrap.interval(measures[name])
            cells += [measures[name].value, f"{bounds.low:.3f} to {bounds.high:.3f}"]
        rows.append(cells)
    documents = f", {scores.facts['documents']:,} documents" if scores.facts else ""
    title = f"{scores.collection}, {scores.split}: {scores.queries:,} queries{documents}"
    columns = ["measure", *(column for name in scores.runs for column in (name, "95% interval"))]
    found = [Table(title, columns, rows)]
    compared = comparisons(scores)
    if compared:
        differences = [
            (name, pair.difference, f"{pair.interval.low:+.3f} to {pair.interval.high:+.3f}", pair.p_value)
            for name, pair in compared.items()
        ]
        columns = ["search", "difference", "95% interval", "p"]
        found.append(Table(f"{spoken(_COMPARED)} against {_BASELINE}", columns, differences))
    return found
