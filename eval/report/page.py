"""An evaluation as one self-contained HTML page."""

from collections.abc import Iterable, Sequence
from html import escape

from bioqa.eval import tables
from bioqa.eval.measures import confidence
from bioqa.eval.measures.confidence import ConfidenceMeasures
from bioqa.eval.report import charts, examples, style
from bioqa.eval.report.examples import LedgerExample
from bioqa.eval.runs import ledger, scores
from bioqa.eval.runs.evaluation import Evaluation, confidence_measures, score_tables
from bioqa.eval.runs.ledger import MEANINGS, Cause
from bioqa.eval.tables import Table

_EXAMPLES = 20  # for each cause: the page of a thousand questions stays under half a megabyte
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # text from questions and papers can load and run nothing

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


def title(evaluation: Evaluation) -> str:
    """The title: the system and the number of questions."""
    return f"{evaluation.facts.get('submission', 'bioqa')} on {_questions(len(evaluation.questions))}"


def html(evaluation: Evaluation) -> str:
    """The page: facts, headline figures, tables, and for a run its confidence and its ledger."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in evaluation.facts.items())
    parts = [
        f'<h1>{escape(title(evaluation))}</h1><dl class="facts">{facts}</dl>',
        _headlines(evaluation),
        '<h2>Measures</h2><p class="soft">As BioASQ defines them, with 95% bootstrap intervals over the questions.</p>',
        *map(_table, score_tables(evaluation)),
    ]
    if evaluation.outcomes:
        parts += _confidence(evaluation)
    if evaluation.ledger:
        parts += _ledger(evaluation)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title(evaluation))}</title>\n<style>{style.CSS}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _headlines(evaluation: Evaluation) -> str:
    """A card for every question type that has measures."""
    bounds = scores.intervals(evaluation.pooled)
    cards = []
    for kind, measures in _HEADLINES.items():
        known = {name: evaluation.pooled.measures[name] for name in measures if name in bounds}
        if known:
            figures = [_figure(measures[name], measure.value, bounds[name]) for name, measure in known.items()]
            count = len(next(iter(known.values())).per_question)
            cards.append(
                f'<section class="card" style="flex:{len(known)} 1 {len(known) * 11}rem"><h3>{kind}{_aside(count)}</h3>'
                f'<div class="figures">{"".join(figures)}</div></section>'
            )
    return f'<div class="cards">{"".join(cards)}</div>'


def _figure(label: str, value: float, bounds: tuple[float, float]) -> str:
    low, high = bounds
    return (
        f'<div class="figure"><p>{label}</p><p class="value">{value:.3f}</p>{charts.interval_bar(value, low, high)}'
        f'<p class="soft small">{low:.3f} to {high:.3f}</p></div>'
    )


def _table(table: Table) -> str:
    return f'<div class="wide">{tables.html(table)}</div>'


def _confidence(evaluation: Evaluation) -> list[str]:
    measured = confidence_measures(evaluation)
    if not measured:
        return []
    intro = (
        "How well the confidence of first answers predicts whether they are right, and the accuracy when unsure "
        "answers are withheld."
    )
    return [
        f'<h2>Confidence</h2><p class="soft">{intro}</p>',
        *(_charts(kind, one) + _table(confidence.table(kind, one)) for kind, one in measured.items()),
    ]


def _charts(kind: str, measured: ConfidenceMeasures) -> str:
    calibration = (
        f"Bars: the accuracy in each tenth of confidence over {_questions(measured.questions)}, with the number of "
        "questions above; dots: their mean confidence; dashed: perfect calibration. "
        f"Expected calibration error {measured.expected_calibration_error:.3f}."
    )
    abstention = (
        "Line: the error rate among the surest answers; dashed: the best possible at this accuracy. "
        f"Area {measured.area:.3f}, best {measured.best_area:.3f}."
    )
    figures = (
        _chart(f"Reliability, {scores.display_name(kind)}", charts.reliability(measured), calibration),
        _chart(f"Risk and coverage, {scores.display_name(kind)}", charts.risk_coverage(measured), abstention),
    )
    return f'<div class="charts">{"".join(figures)}</div>'


def _chart(name: str, svg: str, caption: str) -> str:
    return f"<figure><h3>{name}</h3>{svg}<figcaption>{caption}</figcaption></figure>"


def _ledger(evaluation: Evaluation) -> list[str]:
    intro = (
        f"The stage that lost each factoid and list question. Each cause has up to {_EXAMPLES} examples, the most "
        f'confident first; all {_questions(len(evaluation.ledger))} are in <a href="ledger.jsonl">ledger.jsonl</a>.'
    )
    return [
        f'<h2>Ledger</h2><p class="soft">{intro}</p>{_table(ledger.table(evaluation.ledger))}',
        *(_cause(cause, some) for cause, some in examples.by_cause(evaluation.outcomes).items()),
    ]


def _cause(cause: Cause, some: Sequence[LedgerExample]) -> str:
    shown = "".join(map(_example, some[:_EXAMPLES]))
    return (
        f'<details class="cause"><summary>{cause}{_aside(len(some))}</summary>'
        f'<p class="soft note">{MEANINGS[cause]}</p>{shown}</details>'
    )


def _example(one: LedgerExample) -> str:
    entries = {
        "gold": _listed("ul", one.gold),
        "answered": _listed("ol", one.answers) or "nothing",
        "nearest": escape(one.nearest),
        "evidence": _listed("ul", one.evidence),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{content}</dd>" for name, content in entries.items() if content)
    return (
        f'<details class="example"><summary>{escape(one.question)} <span class="soft small">{escape(one.type)}'
        f"</span></summary><dl>{rows}</dl></details>"
    )


def _listed(tag: str, strings: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(string)}</li>" for string in strings)
    return f"<{tag}>{items}</{tag}>" if items else ""


def _aside(count: int) -> str:
    return f' <span class="soft small">{_questions(count)}</span>'


def _questions(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'}"
