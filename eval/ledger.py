"""The ledger: for each factoid and list question, which stage lost it."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from bioqa.eval.tables import Table
from bioqa.qa.questions import QuestionType


class Cause(StrEnum):
    """What became of a question, from the first stage that can lose it to the last."""

    RIGHT = "right"
    NOT_EXTRACTABLE = "not extractable"  # no gold answer stands in the gold snippets
    NOT_RETRIEVED = "not retrieved"  # no passage read holds a gold answer
    NOT_READ = "retrieved, not read"  # a passage holds one, but the reader offered no such span
    MISRANKED = "read, merged or ranked wrongly"  # the reader offered it; another came first, or it was left out
    NEAR_MISS = "near miss"  # what was answered is right by a person's eye, but not as a string


@dataclass(frozen=True, slots=True)
class Nearest:
    """The closest pair of an answer and a gold string; `distance` is their edit distance as a share of the longer."""

    answer: str
    gold: str
    distance: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger."""

    id: str
    type: str
    question: str
    cause: Cause
    gold: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    confidence: float | None
    extractable: bool
    nearest: Nearest | None
    evidence: tuple[str, ...]  # the sentences behind the first answers


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write the ledger, a question a line."""
    lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def table(rows: Sequence[Row]) -> Table:
    """How many factoid and list questions each cause has."""
    kinds = (QuestionType.FACTOID.value, QuestionType.LIST.value)
    counts = Counter((row.cause, row.type) for row in rows)
    body = [
        (cause.value, *(counts[cause, kind] for kind in kinds), sum(counts[cause, kind] for kind in kinds) / len(rows))
        for cause in Cause
        if rows
    ]
    return Table("Ledger: what became of each question", ("cause", *kinds, "share"), body)
