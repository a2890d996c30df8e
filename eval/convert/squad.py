"""Pairs of a question and a text in SQuAD format, to train span readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioqa.eval.convert.alignments import Alignment
from bioqa.eval.datasets.alignment import Match


@dataclass(frozen=True, slots=True)
class SquadPair:
    """A question with one of its texts, and the matches of its answers there, if any."""

    id: str
    question: str
    context: str
    answers: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """The contents of a file of pairs."""

    pairs: int
    pairs_without_answer: int
    answers: int


def make_pairs(
    alignments: Sequence[Alignment], *, first_match: bool = False, unanswerable: bool = False
) -> list[SquadPair]:
    """A pair for every text with a match; with `unanswerable` also for texts without one.

    `first_match` keeps only the first match of each text. Questions without a gold answer make no pairs. The id joins
    the id of the question and the number of the text, so it does not depend on the settings.
    """
    return [
        SquadPair(
            f"{alignment.question.id}_{place:03}",
            alignment.question.body,
            text,
            matches[:1] if first_match else matches,
        )
        for alignment in alignments
        if alignment.items
        for place, (text, matches) in enumerate(zip(alignment.contexts.texts, alignment.matches, strict=True), start=1)
        if matches or unanswerable
    ]


def as_squad(pairs: Sequence[SquadPair], *, unanswerable: bool = False) -> Mapping[str, Any]:
    """The pairs as SQuAD 1.1, or 2.0 with `unanswerable`. Each pair is a paragraph, as in BioBERT's training files."""
    return {
        "version": "v2.0" if unanswerable else "1.1",
        "data": [{"title": "BioASQ", "paragraphs": [_paragraph(pair, unanswerable) for pair in pairs]}],
    }


def _paragraph(pair: SquadPair, unanswerable: bool) -> Mapping[str, Any]:
    answers = [{"text": pair.context[match.start : match.end], "answer_start": match.start} for match in pair.answers]
    version_2_fields = {"is_impossible": not answers} if unanswerable else {}
    entry = {"id": pair.id, "question": pair.question, "answers": answers, **version_2_fields}
    return {"context": pair.context, "qas": [entry]}


def counts(pairs: Sequence[SquadPair]) -> PairCounts:
    """The numbers of pairs and answers."""
    return PairCounts(
        pairs=len(pairs),
        pairs_without_answer=sum(not pair.answers for pair in pairs),
        answers=sum(len(pair.answers) for pair in pairs),
    )
