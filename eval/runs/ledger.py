"""The ledger: the stage at which each factoid and list question was lost."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from bioqa.eval.tables import Table
from bioqa.index import atomic
from bioqa.qa.question_types import QuestionType


class Cause(StrEnum):
    """The fate of a question, by the stage that lost it, from the first stage to the last."""

    RIGHT = "right"
    NOT_EXTRACTABLE = "not extractable"
    NOT_RETRIEVED = "not retrieved"
    NOT_READ = "retrieved, not read"
    MISRANKED = "read, merged or ranked wrongly"
    NEAR_MISS = "near miss"


MEANINGS: Mapping[Cause, str] = {
    Cause.RIGHT: "The first answer to a factoid question is correct, or all items of a list and no others are given.",
    Cause.NOT_EXTRACTABLE: "The gold snippets contain no gold answer.",
    Cause.NOT_RETRIEVED: "No passage that was read contains a gold answer.",
    Cause.NOT_READ: "A passage that was read contains a gold answer, but the reader did not extract it.",
    Cause.MISRANKED: "The reader extracted a gold answer, but another was ranked first, or it was left out.",
    Cause.NEAR_MISS: "A person would accept the answer, but it differs from the gold string.",
}


@dataclass(frozen=True, slots=True)
class NearestPair:
    """The closest pair of an answer and a gold string, with their normalised edit distance (0..1)."""

    answer: str
    gold: str
    distance: float


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The entry of one question."""

    id: str
    type: str
    question: str
    cause: Cause
    gold: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    confidence: float | None
    extractable: bool
    nearest: NearestPair | None
    evidence: tuple[str, ...]  # the sentences that support the first answers


def write(path: Path, entries: Iterable[LedgerEntry]) -> None:
    """Write the ledger as JSON lines. Raises StorageError if the file cannot be written."""
    lines = (json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
    atomic.write_text(path, "".join(lines))


def table(entries: Sequence[LedgerEntry]) -> Table:
    """The numbers of factoid and list questions by cause."""
    kinds = (QuestionType.FACTOID.value, QuestionType.LIST.value)
    counts = Counter((entry.cause, entry.type) for entry in entries)
    rows = [
        (
            cause.value,
            *(counts[cause, kind] for kind in kinds),
            sum(counts[cause, kind] for kind in kinds) / len(entries),
        )
        for cause in Cause
        if entries
    ]
    return Table("Ledger: the fate of each question", ("cause", *kinds, "share"), rows)
