"""Examples from the ledger, cut to what a person reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bioqa.eval.ledger import Cause, Row
from bioqa.eval.outcome import Outcome

_LONGEST = 300  # characters of a string shown
_MOST = 12  # strings shown of a list


@dataclass(frozen=True, slots=True)
class Example:
    """A question of the ledger as it is shown; answers come with their confidence, best first."""

    type: str
    question: str
    gold: tuple[str, ...]
    answers: tuple[str, ...]
    nearest: str
    evidence: tuple[str, ...]


def by_cause(outcomes: Iterable[Outcome]) -> dict[Cause, list[Example]]:
    """The questions of the ledger by cause, the surest first, since what is wrong there misleads most."""
    found: dict[Cause, list[Example]] = {cause: [] for cause in Cause}
    for outcome in sorted(outcomes, key=lambda outcome: max(outcome.confidences[:1], default=0.0), reverse=True):
        if outcome.row:
            found[outcome.row.cause].append(_example(outcome.row, outcome.confidences))
    return {cause: some for cause, some in found.items() if some}


def _example(row: Row, confidences: Sequence[float]) -> Example:
    near = row.nearest
    return Example(
        type=row.type,
        question=_cut(row.question),
        gold=_few([_cut(" = ".join(item)) for item in row.gold]),
        answers=_few([f"{_cut(text)} ({sure:.0%})" for text, sure in zip(row.answers, confidences, strict=True)]),
        nearest=f"“{_cut(near.answer)}” to “{_cut(near.gold)}”, distance {near.distance:.3f}" if near else "",
        evidence=_few([_cut(sentence) for sentence in row.evidence]),
    )


def _few(strings: Sequence[str]) -> tuple[str, ...]:
    more = len(strings) - _MOST
    return (*strings[:_MOST], f"and {more:,} more") if more > 0 else tuple(strings)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} …"
