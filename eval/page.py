"""An evaluation as one HTML page that needs nothing besides itself."""

from collections.abc import Iterable, Sequence
from html import escape

from bioqa.eval import charts, confidence, evaluation, examples, ledger, scores, style, tables
from bioqa.eval.confidence import Confidence
from bioqa.eval.evaluation import Evaluation
from bioqa.eval.examples import Example
from bioqa.eval.ledger import MEANINGS, Cause
from bioqa.eval.tables import Table

_EXAMPLES = 20  # shown a cause: with a thousand questions the page stays under half a megabyte
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # what questions and papers say can load or run nothing

_HEADLINES = {  # question type: its measures, as they are called beside it
    "Factoid": {
        "factoid_strict_accuracy": "strict accuracy",
        "factoid_lenient_accuracy": "lenient accuracy",
        "factoid_mrr": "MRR",
    },
    "List": {"list_f_measure": "F"},
    "Yes/no": {"yesno_accuracy": "accuracy", "yesno_macro_f1": "macro F1"},
    "Ideal answers": {"ideal_rouge_2_recall": "ROUGE-2 recall"},
}


def title(found: Evaluation) -> str:
    """What was measured, in a line."""
    return f"{found.facts.get('submission', 'bioqa')} on {_questions(len(found.questions))}"


def html(found: Evaluation) -> str:
    """The page: what was measured, headline figures, all tables, and of a run its confidence and its ledger."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in found.facts.items())
    parts = [
        f'<h1>{escape(title(found))}</h1><dl class="facts">{facts}</dl>',
        _headlines(found),
        '<h2>Measures</h2><p class="soft">As BioASQ defines them, with 95% bootstrap intervals over the questions.</p>',
        *map(_table, evaluation.score_tables(found)),
    ]
    if found.outcomes:
        parts += _confidence(found)
    if found.rows:
        parts += _ledger(found)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title(found))}</title>\n<style>{style.CSS}</style></head>\n<body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _headlines(found: Evaluation) -> str:
    """A card for every type of question that there are measures for."""
    bounds = scores.intervals(found.pooled)
    cards = []
    for kind, measures in _HEADLINES.items():
        known = {name: found.pooled.measures[name] for name in measures if name in bounds}
        if known:
            figures = [_figure(measures[name], measure.value, bounds[name]) for name, measure in known.items()]
            count = len(next(iter(known.values())).rows)
            cards.append(
                f'<section class="card" style="flex:{len(known)} 1 {len(known) * 11}rem"><h3>{kind}{_aside(count)}</h3>'
                f'<div class="figures">{"".join(figures)}</div></section>'
            )
    return f'<div class="cards">{"".join(cards)}</div>'


def _figure(called: str, value: float, bounds: tuple[float, float]) -> str:
    low, high = bounds
    return (
        f'<div class="figure"><p>{called}</p><p class="value">{value:.3f}</p>{charts.interval_bar(value, low, high)}'
        f'<p class="soft small">{low:.3f} to {high:.3f}</p></div>'
    )


def _table(table: Table) -> str:
    return f'<div class="wide">{tables.html(table)}</div>'


def _confidence(found: Evaluation) -> list[str]:
    measured = evaluation.confidences(found)
    if not measured:
        return []
    intro = (
        "Whether the confidence of first answers tells how often they are right, and what leaving out unsure ones buys."
    )
    return [
        f'<h2>Confidence</h2><p class="soft">{intro}</p>',
        *(_charts(kind, one) + _table(confidence.table(kind, one)) for kind, one in measured.items()),
    ]


def _charts(kind: str, measured: Confidence) -> str:
    calibration = (
        f"Bars: the share right in each tenth of confidence of {_questions(measured.questions)}, under the number of "
        "those in it; dots: their mean confidence; dashed: where the two agree. "
        f"Expected calibration error {measured.expected_calibration_error:.3f}."
    )
    abstention = (
        "Line: the share wrong among the surest answers; dashed: the best possible with as many right. "
        f"Area {measured.area:.3f}, of the best {measured.best_area:.3f}."
    )
    figures = (
        _chart(f"Reliability, {scores.spoken(kind)}", charts.reliability(measured), calibration),
        _chart(f"Risk and coverage, {scores.spoken(kind)}", charts.risk_coverage(measured), abstention),
    )
    return f'<div class="charts">{"".join(figures)}</div>'


def _chart(name: str, drawn: str, caption: str) -> str:
    return f"<figure><h3>{name}</h3>{drawn}<figcaption>{caption}</figcaption></figure>"


def _ledger(found: Evaluation) -> list[str]:
    intro = (
        f"Which stage lost each factoid and list question. Under every cause up to {_EXAMPLES} examples, the surest "
        f'first; all {_questions(len(found.rows))} are in <a href="ledger.jsonl">ledger.jsonl</a>.'
    )
    return [
        f'<h2>Ledger</h2><p class="soft">{intro}</p>{_table(ledger.table(found.rows))}',
        *(_cause(cause, some) for cause, some in examples.by_cause(found.outcomes).items()),
    ]


def _cause(cause: Cause, some: Sequence[Example]) -> str:
    shown = "".join(map(_example, some[:_EXAMPLES]))
    return (
        f'<details class="cause"><summary>{cause}{_aside(len(some))}</summary>'
        f'<p class="soft note">{MEANINGS[cause]}</p>{shown}</details>'
    )


def _example(one: Example) -> str:
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
