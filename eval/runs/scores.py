"""The scores of batches of BioASQ questions: measures, intervals and ceilings, as data and as tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.submission import SubmittedAnswer, truncate
from bioqa.eval.measures import bioasq, bootstrap
from bioqa.eval.measures.base import Measure
from bioqa.eval.measures.bioasq import Measures
from bioqa.eval.measures.bootstrap import PairedTest
from bioqa.eval.runs.ceiling import extractable_items
from bioqa.eval.tables import Table
from bioqa.index.errors import InputError

_PER_BATCH = (
    "factoid_strict_accuracy",
    "factoid_lenient_accuracy",
    "factoid_mrr",
    "list_f_measure",
    "yesno_accuracy",
    "yesno_macro_f1",
    "ideal_rouge_2_recall",
    "documents_map",
    "snippets_map",
)


@dataclass(frozen=True, slots=True)
class GoldBatch:
    """The questions of one gold file."""

    name: str
    questions: Sequence[GoldQuestion]


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of a batch, or of several pooled.

    `questions` counts them by type. `phase_a` is empty if nothing was retrieved. `ceilings` are the shares of factoid
    questions and of list items whose gold string occurs in a gold snippet: no span reader can do better. `truncated`
    counts the answers with more than BioASQ accepts.
    """

    name: str
    questions: Mapping[str, int]
    phase_a: Measures
    phase_b: Measures
    ceilings: Mapping[str, float]
    truncated: int

    @property
    def measures(self) -> Measures:
        """The measures that have questions, phase B first."""
        return {
            name: measure for name, measure in {**self.phase_b, **self.phase_a}.items() if len(measure.per_question)
        }


_CURE = "give every batch once, and score a submission without --index, --given, --reader and --save"


def pooled(batches: Sequence[GoldBatch], cure: str = _CURE) -> GoldBatch:
    """All batches as one. Raises InputError, with the cure, for a question in two batches."""
    home: dict[str, str] = {}
    for batch in batches:
        for question in batch.questions:
            if question.id in home:
                raise InputError(f"question {question.id} is in {home[question.id]} and in {batch.name}; {cure}")
            home[question.id] = batch.name
    name = batches[0].name if len(batches) == 1 else "pooled"
    return GoldBatch(name, [question for batch in batches for question in batch.questions])


def score(batch: GoldBatch, submitted: Mapping[str, SubmittedAnswer], *, retrieved: bool = True) -> Scores:
    """The scores of the answers, which are given by question id. `retrieved` False omits phase A.

    Questions that the gold file marks as unanswerable do not count: no answer to them is correct.
    """
    questions = [question for question in batch.questions if question.answerable]
    pairs = [(question, truncate(submitted[question.id], question.type)) for question in questions]
    return Scores(
        name=batch.name,
        questions=Counter(question.type.value for question in questions),
        phase_a=bioasq.phase_a(pairs) if retrieved else {},
        phase_b=bioasq.phase_b(pairs),
        ceilings=_ceilings(questions),
        truncated=sum(answer != submitted[question.id] for question, answer in pairs),
    )


def _ceilings(questions: Sequence[GoldQuestion]) -> dict[str, float]:
    shares: dict[str, list[float]] = {"factoid": [], "list": []}
    for question in questions:
        if question.type in shares and question.exact and question.snippets:
            shares[question.type].append(fmean(extractable_items(question)))
    return {kind: fmean(values) for kind, values in shares.items() if values}


def as_object(scores: Scores) -> dict[str, Any]:
    """The scores for `--json`; measures have the names of the official evaluator."""
    return {
        "questions": dict(scores.questions),
        "phase_a": {name: measure.value for name, measure in scores.phase_a.items()},
        "phase_b": {name: measure.value for name, measure in scores.phase_b.items()},
        "extractable": dict(scores.ceilings),
        "shortened_to_what_counts": scores.truncated,
    }


def intervals(scores: Scores) -> dict[str, tuple[float, float]]:
    """The 95% bootstrap interval of every measure that has questions."""
    bounds = {name: bootstrap.interval(measure) for name, measure in scores.measures.items()}
    return {name: (interval.low, interval.high) for name, interval in bounds.items()}


def measures_table(scores: Scores) -> Table:
    """Every measure that has questions, with its interval and its ceiling if it has one."""
    bounds = intervals(scores)
    counts = ", ".join(f"{count} {kind}" for kind, count in scores.questions.items())
    rows = [
        (display_name(name), measure.value, f"{bounds[name][0]:.3f} to {bounds[name][1]:.3f}", _ceiling(name, scores))
        for name, measure in scores.measures.items()
    ]
    return Table(f"{scores.name}: {counts}", ("measure", "value", "95% interval", "extractable"), rows)


def batches_table(batches: Sequence[Scores]) -> Table:
    """The main measures of each batch."""
    names = [name for name in _PER_BATCH if any(name in batch.measures for batch in batches)]
    rows = [
        (batch.name, sum(batch.questions.values()), *(_value(batch.measures.get(name)) for name in names))
        for batch in batches
    ]
    return Table("By batch", ("batch", "questions", *(display_name(name) for name in names)), rows)


def comparison(ours: Scores, theirs: Scores) -> dict[str, PairedTest]:
    """Paired tests of two systems on the same questions, by measure.

    Measures of concepts are left out: they count only the questions for which a system submitted concepts.
    """
    return {
        name: bootstrap.paired_test(measure, theirs.measures[name])
        for name, measure in ours.measures.items()
        if name in theirs.measures and not name.startswith("concepts")
    }


def comparison_table(ours: Scores, theirs: Scores) -> Table:
    """The paired tests, with the compared values."""
    rows = []
    for name, test in comparison(ours, theirs).items():
        bounds = f"{test.interval.low:+.3f} to {test.interval.high:+.3f}"
        values = ours.measures[name].value, theirs.measures[name].value
        rows.append((display_name(name), *values, test.difference, bounds, test.p_value))
    columns = ("measure", ours.name, theirs.name, "difference", "95% interval", "p")
    return Table(f"{ours.name} against {theirs.name}", columns, rows)


def display_name(name: str) -> str:
    """The name of a measure in tables."""
    words = (
        name.replace("_", " ")
        .replace("yesno", "yes/no")
        .replace("f measure", "F")
        .replace("f1", "F1")
        .replace("rouge ", "ROUGE-")
    )
    words = words.replace("gmap", "GMAP").replace("map", "MAP").replace("mrr", "MRR")
    return words.replace("ndcg", "nDCG").replace("su4", "SU4")


def _ceiling(name: str, scores: Scores) -> float | None:
    kind = name.split("_", maxsplit=1)[0]
    return scores.ceilings.get(kind) if name != "list_precision" else None


def _value(measure: Measure | None) -> float | None:
    return measure.value if measure else None
