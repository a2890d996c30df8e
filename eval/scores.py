"""The figures of one or more batches of BioASQ questions: measures, intervals, ceilings, as data and as tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bioqa.eval import bioasq, bootstrap
from bioqa.eval.bioasq import Measures
from bioqa.eval.bootstrap import Paired
from bioqa.eval.ceiling import extractable_items
from bioqa.eval.gold import GoldQuestion
from bioqa.eval.measure import Measure
from bioqa.eval.submission import Submitted, cut
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
class Batch:
    """The questions of one gold file."""

    name: str
    questions: Sequence[GoldQuestion]


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of a batch, or of several pooled.

    `phase_a` is empty where nothing was retrieved. `ceilings` are the shares of factoid questions and of list items
    with a gold string that stands in a gold snippet: no span reader can do better. `shortened` counts the questions of
    which more was handed in than BioASQ lets count.
    """

    name: str
    questions: Mapping[str, int]
    phase_a: Measures
    phase_b: Measures
    ceilings: Mapping[str, float]
    shortened: int

    @property
    def measures(self) -> Measures:
        """The measures that there are questions for, phase B first."""
        return {name: measure for name, measure in {**self.phase_b, **self.phase_a}.items() if len(measure.rows)}


_GIVEN_TWICE = (
    "give every batch once, and a submission that is to be scored without --index, --given, --reader and --save"
)


def pooled(batches: Sequence[Batch], cure: str = _GIVEN_TWICE) -> Batch:
    """All batches as one. Raises InputError, which ends in the cure, where a question is in two of them."""
    home: dict[str, str] = {}
    for batch in batches:
        for question in batch.questions:
            if question.id in home:
                raise InputError(f"question {question.id} is in {home[question.id]} and in {batch.name}; {cure}")
            home[question.id] = batch.name
    name = batches[0].name if len(batches) == 1 else "pooled"
    return Batch(name, [question for batch in batches for question in batch.questions])


def score(batch: Batch, submitted: Mapping[str, Submitted], *, retrieved: bool = True) -> Scores:
    """The scores of the answers, which are kept by question id; `retrieved` False leaves phase A out.

    Questions that the gold file marks as not answerable are left out; their answers are all wrong.
    """
    questions = [question for question in batch.questions if question.answerable]
    pairs = [(question, cut(submitted[question.id], question.type)) for question in questions]
    return Scores(
        name=batch.name,
        questions=Counter(question.type.value for question in questions),
        phase_a=bioasq.phase_a(pairs) if retrieved else {},
        phase_b=bioasq.phase_b(pairs),
        ceilings=_ceilings(questions),
        shortened=sum(given != submitted[question.id] for question, given in pairs),
    )


def _ceilings(questions: Sequence[GoldQuestion]) -> dict[str, float]:
    shares: dict[str, list[float]] = {"factoid": [], "list": []}
    for question in questions:
        if question.type in shares and question.exact and question.snippets:
            shares[question.type].append(fmean(extractable_items(question)))
    return {kind: fmean(found) for kind, found in shares.items() if found}


def as_object(scores: Scores) -> dict[str, Any]:
    """The scores as `--json` prints them; the names of measures are those of the official evaluator."""
    return {
        "questions": dict(scores.questions),
        "phase_a": {name: measure.value for name, measure in scores.phase_a.items()},
        "phase_b": {name: measure.value for name, measure in scores.phase_b.items()},
        "extractable": dict(scores.ceilings),
        "shortened_to_what_counts": scores.shortened,
    }


def intervals(scores: Scores) -> dict[str, tuple[float, float]]:
    """The 95% bootstrap interval of every measure that has questions."""
    found = {name: bootstrap.interval(measure) for name, measure in scores.measures.items()}
    return {name: (interval.low, interval.high) for name, interval in found.items()}


def measures_table(scores: Scores) -> Table:
    """Every measure that has questions, with its interval, and the ceiling of those that have one."""
    bounds = intervals(scores)
    counts = ", ".join(f"{count} {kind}" for kind, count in scores.questions.items())
    rows = [
        (spoken(name), measure.value, f"{bounds[name][0]:.3f} to {bounds[name][1]:.3f}", _ceiling(name, scores))
        for name, measure in scores.measures.items()
    ]
    return Table(f"{scores.name}: {counts}", ("measure", "value", "95% interval", "extractable"), rows)


def batches_table(parts: Sequence[Scores]) -> Table:
    """The main measures, a batch a row."""
    names = [name for name in _PER_BATCH if any(name in part.measures for part in parts)]
    rows = [
        (part.name, sum(part.questions.values()), *(_value(part.measures.get(name)) for name in names))
        for part in parts
    ]
    return Table("By batch", ("batch", "questions", *(spoken(name) for name in names)), rows)


def comparison(ours: Scores, theirs: Scores) -> dict[str, Paired]:
    """Every measure of two systems on the same questions, by a paired test; those of concepts are left out, which
    count only the questions that a system gave some for."""
    return {
        name: bootstrap.paired(measure, theirs.measures[name])
        for name, measure in ours.measures.items()
        if name in theirs.measures and not name.startswith("concepts")
    }


def comparison_table(ours: Scores, theirs: Scores) -> Table:
    """The comparison, with the figures compared."""
    rows = []
    for name, found in comparison(ours, theirs).items():
        bounds = f"{found.interval.low:+.3f} to {found.interval.high:+.3f}"
        values = ours.measures[name].value, theirs.measures[name].value
        rows.append((spoken(name), *values, found.difference, bounds, found.p_value))
    columns = ("measure", ours.name, theirs.name, "difference", "95% interval", "p")
    return Table(f"{ours.name} against {theirs.name}", columns, rows)


def spoken(name: str) -> str:
    """The name of a measure as people say it."""
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
