"""Examples from the ledger, shortened for reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bioqa.eval.runs.ledger import Cause, LedgerEntry, NearestPair
from bioqa.eval.runs.outcome import Outcome

_MAX_CHARACTERS = 300  # of a string
_MAX_STRINGS = 12  # of a list


@dataclass(frozen=True, slots=True)
class LedgerExample:
    """An entry of the ledger in text form. Answers include their confidence, best first."""

    type: str
    question: str
    gold: tuple[str, ...]
    answers: tuple[str, ...]
    nearest: str
    evidence: tuple[str, ...]


def by_cause(outcomes: Iterable[Outcome]) -> dict[Cause, list[LedgerExample]]:
    """The entries of the ledger by cause, most confident answers first: a confident wrong answer misleads most."""
    examples: dict[Cause, list[LedgerExample]] = {cause: [] for cause in Cause}
    for outcome in sorted(outcomes, key=lambda outcome: max(outcome.confidences[:1], default=0.0), reverse=True):
        entry = outcome.ledger_entry
        if entry:
            examples[entry.cause].append(_example(entry, outcome.confidences))
    return {cause: some for cause, some in examples.items() if some}


def _example(entry: LedgerEntry, confidences: Sequence[float]) -> LedgerExample:
    answers = zip(entry.answers, confidences, strict=True)
    return LedgerExample(
        type=entry.type,
        question=_shorten(entry.question),
        gold=_first([_shorten(" = ".join(item)) for item in entry.gold]),
        answers=_first([f"{_shorten(answer)} ({sure:.0%})" for answer, sure in answers]),
        nearest=_pair(entry.nearest) if entry.nearest else "",
        evidence=_first([_shorten(sentence) for sentence in entry.evidence]),
    )


def _pair(nearest: NearestPair) -> str:
    return f"“{_shorten(nearest.answer)}” to “{_shorten(nearest.gold)}”, distance {nearest.distance:.3f}"


def _first(strings: Sequence[str]) -> tuple[str, ...]:
    more = len(strings) - _MAX_STRINGS
    return (*strings[:_MAX_STRINGS], f"and {more:,} more") if more > 0 else tuple(strings)


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS].rstrip()} …"
