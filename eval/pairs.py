"""Pairs of a question and a text that answers it, in the format of SQuAD: what span readers are trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioqa.eval.alignment import Match
from bioqa.eval.findings import Finding


@dataclass(frozen=True, slots=True)
class Pair:
    """A question on one of its texts, and where its answers stand there: none where the text has none."""

    id: str
    question: str
    context: str
    answers: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """What a file of pairs has in it."""

    pairs: int
    pairs_without_answer: int
    answers: int


def pairs(findings: Sequence[Finding], *, first_match: bool = False, unanswerable: bool = False) -> list[Pair]:
    """A pair for every text with a match; with `unanswerable` for those without one too.

    `first_match` keeps the first match of each text alone. Questions that have no gold answer make no pairs. The id is
    that of the question and the place of the text among its texts, left out or not: it is the same for all settings.
    """
    return [
        Pair(f"{finding.question.id}_{place:03}", finding.question.body, text, matches[:1] if first_match else matches)
        for finding in findings
        if finding.items
        for place, (text, matches) in enumerate(zip(finding.contexts.texts, finding.matches, strict=True), start=1)
        if matches or unanswerable
    ]


def as_squad(found: Sequence[Pair], *, unanswerable: bool = False) -> Mapping[str, Any]:
    """The pairs as SQuAD 1.1, or with `unanswerable` as 2.0; a paragraph a pair, as BioBERT's training files are."""
    return {
        "version": "v2.0" if unanswerable else "1.1",
        "data": [{"title": "BioASQ", "paragraphs": [_paragraph(pair, unanswerable) for pair in found]}],
    }


def _paragraph(pair: Pair, unanswerable: bool) -> Mapping[str, Any]:
    answers = [{"text": pair.context[match.start : match.end], "answer_start": match.start} for match in pair.answers]
    of_version_2 = {"is_impossible": not answers} if unanswerable else {}
    entry = {"id": pair.id, "question": pair.question, "answers": answers, **of_version_2}
    return {"context": pair.context, "qas": [entry]}


def counts(found: Sequence[Pair]) -> PairCounts:
    """How many pairs and answers there are."""
    return PairCounts(
        pairs=len(found),
        pairs_without_answer=sum(not pair.answers for pair in found),
        answers=sum(len(pair.answers) for pair in found),
    )
