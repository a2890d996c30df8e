"""Verdicts on everyday questions and minimal pairs, and their counts by form, by corpus and by confidence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from bioqa.eval.everyday.table import EverydayQuestion, MinimalPair, is_pmid
from bioqa.eval.measures import confidence
from bioqa.eval.measures.confidence import ConfidenceMeasures
from bioqa.eval.tables import Table
from bioqa.qa.question_types import QuestionType

_SHOWN = 120  # characters of an answer in the list of failures
_KINDS = {  # types whose confidence has the same meaning
    "answers": (QuestionType.FACTOID, QuestionType.LIST),
    "yes or no": (QuestionType.YESNO,),
    "summaries": (QuestionType.SUMMARY,),
}
_Row = TypeVar("_Row", "JudgedQuestion", "JudgedPair")


class Verdict(StrEnum):
    """Right, silent where an answer was expected, or wrong: given as an answer and not right."""

    RIGHT = "right"
    SILENT = "silent"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Reply:
    """What bioqa says to a question, or would say if it did not abstain.

    `answers` are the first three, best first, without those of a summary. `prose` is the first part of the ideal answer
    of a summary. `confidence` is that of the first answer, or that the passages found are relevant to a summary.
    """

    type: QuestionType
    abstained: bool
    answers: tuple[str, ...]
    prose: str
    confidence: float

    @property
    def text(self) -> str:
        """Where a right answer is looked for: the answers, one a line, or the prose of a summary."""
        return self.prose if self.type is QuestionType.SUMMARY else "\n".join(self.answers)

    @property
    def asserted(self) -> str:
        """What a person must take as true: the first answer only, unless the answers are items of a list."""
        return self.answers[0] if self.type is QuestionType.FACTOID and self.answers else self.text


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with its reply."""

    question: EverydayQuestion
    reply: Reply

    @property
    def is_right(self) -> bool:
        """Whether the reply is right, given or not. Nothing is right where no passage answers.

        One of three answers may be right, except where a serious error is foreseen: there the asserted one must be.
        """
        question, reply = self.question, self.reply
        if question.expect == "abstain":
            return False
        if question.expect != "answer":
            return [answer.lower() for answer in reply.answers[:1]] == [question.expect]
        if question.reject is None:
            return all(pattern.search(reply.text) for pattern in question.accept)
        accepted = all(pattern.search(reply.asserted) for pattern in question.accept)
        return accepted and not question.reject.search(reply.asserted)

    @property
    def verdict(self) -> Verdict:
        """Abstaining is right where it is expected, and silent elsewhere."""
        if self.reply.abstained:
            return Verdict.RIGHT if self.question.expect == "abstain" else Verdict.SILENT
        return Verdict.RIGHT if self.is_right else Verdict.WRONG


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A minimal pair with the replies to both twins."""

    pair: MinimalPair
    true: JudgedQuestion
    false: JudgedQuestion

    @property
    def verdict(self) -> Verdict:
        """Right if both twins are, wrong if either is, else silent."""
        verdicts = {self.true.verdict, self.false.verdict}
        if Verdict.WRONG in verdicts:
            return Verdict.WRONG
        return Verdict.SILENT if Verdict.SILENT in verdicts else Verdict.RIGHT


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the three verdicts."""

    right: int = 0
    silent: int = 0
    wrong: int = 0

    @property
    def total(self) -> int:
        """The number of questions or pairs."""
        return self.right + self.silent + self.wrong


@dataclass(frozen=True, slots=True)
class EverydayScores:
    """All verdicts of a run; `left_out` counts questions and pairs whose PubMed abstracts no index held."""

    half: str
    questions: Sequence[JudgedQuestion]
    pairs: Sequence[JudgedPair]
    left_out: Mapping[str, int]
    facts: Mapping[str, str] = field(default_factory=dict)


def tally(rows: Iterable[JudgedQuestion | JudgedPair]) -> Tally:
    """Count the verdicts."""
    verdicts = [row.verdict for row in rows]
    return Tally(*(verdicts.count(verdict) for verdict in Verdict))


def confidences(scores: EverydayScores) -> dict[str, ConfidenceMeasures]:
    """How well confidence separates right from wrong, over the questions and the twins of all pairs."""
    asked = [*scores.questions, *(twin for pair in scores.pairs for twin in (pair.true, pair.false))]
    measured = {}
    for kind, types in _KINDS.items():
        rows = [row for row in asked if row.reply.type in types]
        if rows:
            measured[kind] = confidence.measure([row.reply.confidence for row in rows], [row.is_right for row in rows])
    return measured


def tables(scores: EverydayScores) -> list[Table]:
    """Counts by form and by attribute, and accuracy at thresholds of confidence."""
    found = []
    if scores.questions:
        groups = _grouped(scores.questions, lambda row: row.question.form, lambda row: row.question.source)
        found.append(_table(f"Everyday questions, half {scores.half}", "form", groups))
    if scores.pairs:
        groups = _grouped(scores.pairs, lambda row: row.pair.attribute, lambda row: row.pair.source)
        found.append(_table(f"Minimal pairs, half {scores.half}", "attribute", groups))
    return found + [confidence.table(kind, measured) for kind, measured in confidences(scores).items()]


def failures_table(scores: EverydayScores) -> Table:
    """Every question and every twin of a pair that is silent or wrong, with what bioqa said or held back."""
    columns = ("verdict", "id", "form", "question", "expected", "confidence", "reply")
    rows = [
        (
            row.verdict.value,
            row.question.id,
            row.question.form,
            row.question.text,
            _expected(row.question),
            row.reply.confidence,
            " | ".join(row.reply.text.split("\n"))[:_SHOWN] or "nothing",
        )
        for row in _failures(scores)
    ]
    return Table("Silent and wrong", columns, rows)


def as_object(scores: EverydayScores, *, failures: bool = False) -> dict[str, Any]:
    """What `bioqa eval everyday --json` prints."""
    questions = _grouped(scores.questions, lambda row: row.question.form, lambda row: row.question.source)
    pairs = _grouped(scores.pairs, lambda row: row.pair.attribute, lambda row: row.pair.source)
    found: dict[str, Any] = {
        "half": scores.half,
        **scores.facts,
        "left_out": dict(scores.left_out),
        "questions": {name: asdict(counts) for name, counts in questions.items()},
        "pairs": {name: asdict(counts) for name, counts in pairs.items()},
        "confidence": {kind: asdict(measured) for kind, measured in confidences(scores).items()},
    }
    if failures:
        table = failures_table(scores)
        found["failures"] = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return found


def _failures(scores: EverydayScores) -> list[JudgedQuestion]:
    twins = [twin for pair in scores.pairs for twin in (pair.true, pair.false)]
    return [row for row in (*scores.questions, *twins) if row.verdict is not Verdict.RIGHT]


def _expected(question: EverydayQuestion) -> str:
    return " && ".join(pattern.pattern for pattern in question.accept) or question.expect


def _grouped(rows: Sequence[_Row], group: Callable[[_Row], str], source: Callable[[_Row], str]) -> dict[str, Tally]:
    """Tallies by group in the order of the rows, then by corpus, then of all rows."""
    found = {name: tally(row for row in rows if group(row) == name) for name in dict.fromkeys(map(group, rows))}
    for corpus, is_of_pubmed in (("starter passages", False), ("PubMed abstracts", True)):
        counts = tally(row for row in rows if is_pmid(source(row)) is is_of_pubmed)
        if counts.total:
            found[corpus] = counts
    return {**found, "all": tally(rows)}


def _table(title: str, column: str, groups: Mapping[str, Tally]) -> Table:
    columns = (column, "count", "right", "silent", "wrong", "share right", "share wrong")
    rows = [
        (
            name,
            counts.total,
            counts.right,
            counts.silent,
            counts.wrong,
            counts.right / counts.total,
            counts.wrong / counts.total,
        )
        for name, counts in groups.items()
    ]
    return Table(title, columns, rows)
