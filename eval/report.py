"""A report of an evaluation: a folder with a page to look at, the same in Markdown, and the figures as data."""

import json
from pathlib import Path

from bioqa.eval import evaluation, examples, ledger, page, tables
from bioqa.eval.evaluation import Evaluation
from bioqa.eval.tables import Table
from bioqa.index import atomic
from bioqa.index.errors import StorageError

_EXAMPLES = 5  # shown a cause in Markdown


def write(folder: Path, found: Evaluation) -> None:
    """Write report.html, report.md and report.json, and of a run ledger.jsonl, into a folder that is made if missing.

    What a report of other answers left there goes. Raises StorageError where the disk refuses.
    """
    log = folder / "ledger.jsonl"
    try:
        folder.mkdir(exist_ok=True)
        if not found.outcomes:
            log.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}; the report was not written") from None
    if found.outcomes:
        ledger.write(log, found.rows)
    atomic.write_text(folder / "report.json", json.dumps(evaluation.as_object(found), indent=1) + "\n")
    atomic.write_text(folder / "report.md", markdown(found))
    atomic.write_text(folder / "report.html", page.html(found))


def markdown(found: Evaluation) -> str:
    """All tables, and of a run the first examples of the ledger."""
    facts = Table("", ("what", "which"), list(found.facts.items()))
    parts = [
        f"# {tables.literal(page.title(found))}\n",
        *map(tables.markdown, [facts, *evaluation.tables(found)]),
    ]
    if found.rows:
        parts += ["## Examples from the ledger\n", *map(tables.markdown, _examples(found))]
    return "\n".join(parts)


def _examples(found: Evaluation) -> list[Table]:
    return [
        Table(
            f"{cause}: {min(len(some), _EXAMPLES)} of {len(some):,}",
            ("question", "gold", "answered", "nearest"),
            [
                (one.question, "; ".join(one.gold), "; ".join(one.answers), one.nearest or None)
                for one in some[:_EXAMPLES]
            ],
        )
        for cause, some in examples.by_cause(found.outcomes).items()
    ]
