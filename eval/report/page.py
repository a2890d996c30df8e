"""An evaluation as one self-contained HTML page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioqa.eval import tables
from bioqa.eval.measures import confidence
from bioqa.eval.report import charts, examples, style
from bioqa.eval.runs import ledger, scores
from bioqa.eval.runs.evaluation import Evaluation, confidence_measures, score_tables
from bioqa.eval.runs.ledger import MEANINGS
from bioqa.index import templates

_TEMPLATE = Path(__file__).with_name("report.html")
_EXAMPLES = 20  # for each cause: the page of a thousand questions stays under half a megabyte

_HEADLINES = {  # question type: its measures and their labels
    "Factoid": {
        "factoid_strict_accuracy": "strict accuracy",
        "factoid_lenient_accuracy": "lenient accuracy",
        "factoid_mrr": "MRR",
    },
    "List": {"list_f_measure": "F"},
    "Yes/no": {"yesno_accuracy": "accuracy", "yesno_macro_f1": "macro F1"},
    "Ideal answers": {"ideal_rouge_2_recall": "ROUGE-2 recall"},
}


@dataclass(frozen=True, slots=True)
class _Figure:
    """A measure with its interval, which `bar` draws."""

    label: str
    value: float
    low: float
    high: float
    bar: str


@dataclass(frozen=True, slots=True)
class _Card:
    """The measures of a question type."""

    kind: str
    questions: int
    figures: Sequence[_Figure]


def title(evaluation: Evaluation) -> str:
    """The title: the system and the number of questions."""
    return f"{evaluation.facts.get('submission', 'bioqa')} on {_questions(len(evaluation.questions))}"


def html(evaluation: Evaluation) -> str:
    """The page: facts, headline figures, tables, and for a run its confidence and its ledger."""
    return templates.render(
        _TEMPLATE,
        title=title(evaluation),
        style=templates.as_html(style.CSS),
        facts=evaluation.facts,
        cards=list(_cards(evaluation)),
        measures=score_tables(evaluation),
        confidence=list(_confidence(evaluation)) if evaluation.outcomes else [],
        ledger=ledger.table(evaluation.ledger) if evaluation.ledger else None,
        lost=len(evaluation.ledger),
        causes=examples.by_cause(evaluation.outcomes),
        meanings=MEANINGS,
        most=_EXAMPLES,
        questions=_questions,
        table_html=lambda table: templates.as_html(tables.html(table)),
    )


def _cards(evaluation: Evaluation) -> Iterator[_Card]:
    """A card for every question type that has measures."""
    bounds = scores.intervals(evaluation.pooled)
    for kind, labels in _HEADLINES.items():
        known = {name: evaluation.pooled.measures[name] for name in labels if name in bounds}
        if known:
            figures = [
                _Figure(
                    labels[name],
                    measure.value,
                    *bounds[name],
                    templates.as_html(charts.interval_bar(measure.value, *bounds[name])),
                )
                for name, measure in known.items()
            ]
            yield _Card(kind, len(next(iter(known.values())).per_question), figures)


def _confidence(evaluation: Evaluation) -> Iterator[dict[str, object]]:
    """What the page shows of the confidence in each question type."""
    for kind, measured in confidence_measures(evaluation).items():
        yield {
            "name": scores.display_name(kind),
            "measured": measured,
            "reliability": templates.as_html(charts.reliability(measured)),
            "risk_coverage": templates.as_html(charts.risk_coverage(measured)),
            "table": confidence.table(kind, measured),
        }


def _questions(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'}"
