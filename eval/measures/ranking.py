"""Measures of ranked retrieval against graded judgments, equal to those of trec_eval.

A grade of 1 or more is relevant; an unjudged document is not. Every query that has judgments counts. A query without a
relevant document, or one that the run does not hold, scores zero (trec_eval -c).
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bioqa.eval.datasets.trec import Qrels, Run, ranked
from bioqa.eval.measures.base import Measure, mean
from bioqa.index.arrays import Array
from bioqa.index.errors import InputError


def measures(run: Run, qrels: Qrels, names: Sequence[str]) -> dict[str, Measure]:
    """The named measures over the queries of `qrels`, in their order.

    A name is one of `MEASURES`, with the suffix `@k` if only the first k documents count: `map`, `ndcg@10`, `mrr@10`.
    Raises InputError for any other name.
    """
    parsed = {name: _parsed(name) for name in names}
    columns: dict[str, list[float]] = {name: [] for name in parsed}
    for query, grades in qrels.items():
        judged = np.maximum([grades.get(document, 0) for document in ranked(run.get(query, {}))], 0)
        ideal = np.array(sorted((grade for grade in grades.values() if grade > 0), reverse=True))
        for name, (measure, k) in parsed.items():
            columns[name].append(measure(judged, ideal, k) if len(ideal) else 0.0)
    return {name: mean(column) for name, column in columns.items()}


def ndcg(judged: Array, ideal: Array, k: int | None) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002); the gain is the grade itself."""
    return _discounted(judged[:k]) / _discounted(ideal[:k])


def average_precision(judged: Array, ideal: Array, k: int | None) -> float:
    """The sum of precision at the rank of every relevant document, divided by the number of relevant documents."""
    hits = np.flatnonzero(judged[:k])
    return float((np.arange(1, len(hits) + 1) / (hits + 1)).sum() / len(ideal))


def reciprocal_rank(judged: Array, ideal: Array, k: int | None) -> float:
    """The reciprocal of the rank of the first relevant document; 0 without one."""
    hits = np.flatnonzero(judged[:k])
    return float(1 / (hits[0] + 1)) if len(hits) else 0.0


def precision(judged: Array, ideal: Array, k: int | None) -> float:
    """The share of relevant documents among the first k; the divisor is k even if fewer were found."""
    return np.count_nonzero(judged[:k]) / (k or max(len(judged), 1))


def recall(judged: Array, ideal: Array, k: int | None) -> float:
    """The share of the relevant documents that were found."""
    return np.count_nonzero(judged[:k]) / len(ideal)


def success(judged: Array, ideal: Array, k: int | None) -> float:
    """1 if any relevant document was found, else 0."""
    return float(judged[:k].any())


# Arguments: the grades of the ranked documents, best first; the grades above 0 of all judged documents, highest first;
# the cutoff, None for all documents. At least one document is relevant.
QueryMeasure = Callable[[Array, Array, int | None], float]
MEASURES: Mapping[str, QueryMeasure] = {
    "ndcg": ndcg,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "precision": precision,
    "recall": recall,
    "success": success,
}


def _parsed(name: str) -> tuple[QueryMeasure, int | None]:
    match = re.fullmatch(rf"({'|'.join(MEASURES)})(?:@([1-9][0-9]*))?", name)
    if not match:
        raise InputError(
            f"unknown measure {name!r}: choose one of {', '.join(MEASURES)}, with @k for a cutoff, such as ndcg@10"
        )
    return MEASURES[match[1]], int(match[2]) if match[2] else None


def _discounted(grades: Array) -> float:
    return float((grades / np.log2(np.arange(2, len(grades) + 2))).sum())
