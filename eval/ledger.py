"""The ledger: for each factoid and list question, which stage lost it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from bioqa.eval.tables import Table
from bioqa.index import atomic
from bioqa.qa.questions import QuestionType


class Cause(StrEnum):
    """What became of a question, from the first stage that can lose it to the last."""

    RIGHT = "right"
    NOT_EXTRACTABLE = "not extractable"
    NOT_RETRIEVED = "not retrieved"
    NOT_READ = "retrieved, not read"
    MISRANKED = "read, merged or ranked wrongly"
    NEAR_MISS = "near miss"


MEANINGS: Mapping[Cause, str] = {
    Cause.RIGHT: "The first answer to a factoid, or all of a list and nothing else, equals the gold file's.",
    Cause.NOT_EXTRACTABLE: "No gold answer stands in the gold snippets.",
    Cause.NOT_RETRIEVED: "No passage that was read holds a gold answer.",
    Cause.NOT_READ: "A passage that was read holds a gold answer, but the reader offered no such span.",
    Cause.MISRANKED: "The reader offered a gold answer, but another came first, or it was left out.",
    Cause.NEAR_MISS: "What was answered is right to a person's eye, but differs from the gold string.",
}


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
    """Write the ledger, a question a line. Raises StorageError where the disk refuses."""
    lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    atomic.write_text(path, "".join(lines))


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
