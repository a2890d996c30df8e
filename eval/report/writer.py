"""The report of an evaluation: a folder with an HTML page, the same in Markdown, and the figures as JSON."""

import json
from pathlib import Path

from bioqa.eval import tables
from bioqa.eval.report import examples, page
from bioqa.eval.runs import ledger
from bioqa.eval.runs.evaluation import Evaluation, all_tables, as_object
from bioqa.eval.tables import Table
from bioqa.index import atomic
from bioqa.index.errors import StorageError

_EXAMPLES = 5  # for each cause


def write(folder: Path, evaluation: Evaluation) -> None:
    """Write report.html, report.md and report.json, and for a run ledger.jsonl, into a folder; create it if missing.

    Deletes the ledger of an earlier report. Raises StorageError if a file cannot be written.
    """
    log = folder / "ledger.jsonl"
    try:
        folder.mkdir(exist_ok=True)
        if not evaluation.outcomes:
            log.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}; the report was not written") from None
    if evaluation.outcomes:
        ledger.write(log, evaluation.ledger)
    atomic.write_text(folder / "report.json", json.dumps(as_object(evaluation), indent=1) + "\n")
    atomic.write_text(folder / "report.md", markdown(evaluation))
    atomic.write_text(folder / "report.html", page.html(evaluation))


def markdown(evaluation: Evaluation) -> str:
    """The tables, and for a run the first examples from the ledger."""
    facts = Table("", ("property", "value"), list(evaluation.facts.items()))
    parts = [
        f"# {tables.escape_markdown(page.title(evaluation))}\n",
        *map(tables.markdown, [facts, *all_tables(evaluation)]),
    ]
    if evaluation.ledger:
        parts += ["## Examples from the ledger\n", *map(tables.markdown, _examples(evaluation))]
    return "\n".join(parts)


def _examples(evaluation: Evaluation) -> list[Table]:
    return [
        Table(
            f"{cause}: {min(len(some), _EXAMPLES)} of {len(some):,}",
            ("question", "gold", "answered", "nearest pair"),
            [
                (one.question, "; ".join(one.gold), "; ".join(one.answers), one.nearest or None)
                for one in some[:_EXAMPLES]
            ],
        )
        for cause, some in examples.by_cause(evaluation.outcomes).items()
    ]
