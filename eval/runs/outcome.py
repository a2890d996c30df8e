"""The outcome of one gold question in a run, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bioqa.eval.datasets.bioasq import Snippet
from bioqa.eval.datasets.submission import SubmittedAnswer
from bioqa.eval.runs.ledger import Cause, LedgerEntry, NearestPair


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a question: its answers, scored even if bioqa abstained, and facts that the measures ignore.

    `confidences` belong to `submitted.exact`. `gold_document_read` says whether a gold document was among the passages
    read. `ledger_entry` is None unless the question is a factoid or list question with a gold answer.
    """

    submitted: SubmittedAnswer
    confidences: tuple[float, ...]
    abstained: bool
    predicted_type: str
    gold_document_read: bool
    ledger_entry: LedgerEntry | None
    milliseconds: float


def from_object(fields: Mapping[str, Any]) -> Outcome:
    """The outcome from the JSON of `dataclasses.asdict`. Raises KeyError or TypeError for other fields."""
    rest = dict(fields)
    submitted, entry = dict(rest.pop("submitted")), rest.pop("ledger_entry")
    snippets = tuple(Snippet(**snippet) for snippet in submitted.pop("snippets"))
    return Outcome(
        **_with_tuples(rest),
        submitted=SubmittedAnswer(**_with_tuples(submitted), snippets=snippets),
        ledger_entry=_ledger_entry(entry) if entry else None,
    )


def _ledger_entry(fields: Mapping[str, Any]) -> LedgerEntry:
    rest = dict(fields)
    cause, nearest = Cause(rest.pop("cause")), rest.pop("nearest")
    gold = tuple(tuple(item) for item in rest.pop("gold"))
    return LedgerEntry(
        **_with_tuples(rest), cause=cause, gold=gold, nearest=NearestPair(**nearest) if nearest else None
    )


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
