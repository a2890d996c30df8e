"""What came of asking one question, and its form on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bioqa.eval.gold import Snippet
from bioqa.eval.ledger import Cause, Nearest, Row
from bioqa.eval.submission import Submitted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question: the answers as BioASQ scores them, given or not, and what the measures don't see.

    `confidences` go with `submitted.exact`; `gold_found` says whether a gold document is among the passages read;
    `row` is the question's line in the ledger, None unless it is a factoid or list question with a gold answer.
    """

    submitted: Submitted
    confidences: tuple[float, ...]
    abstained: bool
    type_told: str
    gold_found: bool
    row: Row | None
    milliseconds: float


def from_object(fields: Mapping[str, Any]) -> Outcome:
    """The outcome that `dataclasses.asdict` and JSON made into `fields`. Raises KeyError or TypeError for others."""
    rest = dict(fields)
    submitted, row = dict(rest.pop("submitted")), rest.pop("row")
    snippets = tuple(Snippet(**snippet) for snippet in submitted.pop("snippets"))
    return Outcome(
        **_with_tuples(rest),
        submitted=Submitted(**_with_tuples(submitted), snippets=snippets),
        row=_row(row) if row else None,
    )


def _row(fields: Mapping[str, Any]) -> Row:
    rest = dict(fields)
    cause, nearest = Cause(rest.pop("cause")), rest.pop("nearest")
    gold = tuple(tuple(item) for item in rest.pop("gold"))
    return Row(**_with_tuples(rest), cause=cause, gold=gold, nearest=Nearest(**nearest) if nearest else None)


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
