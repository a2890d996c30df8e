"""Merging: one answer from the spans of many passages, with its evidence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bioqa.index.records import Hit, Passage
from bioqa.qa.normalize import normalize
from bioqa.qa.questions import QuestionType, fits
from bioqa.qa.reader import Context, Reading
from bioqa.qa.spans import Span, trimmed

_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and|or)\s+|[,;]\s+|\s+(?:and|or|as well as)\s+)(?:the\s+|an?\s+)?")
_UNFIT = 0.2  # what is left of a span's weight when its shape cannot be of the kind asked for, or it repeats the question


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that says so: the answer stands at characters `start` to `end` of `sentence`; `score` is the reader's."""

    passage: Passage
    sentence: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer before its confidence is known. `support` is the sum over documents of each one's best span."""

    text: str
    support: float
    evidence: tuple[Evidence, ...]  # one a document, best first

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that say so."""
        return tuple(item.passage.document.id for item in self.evidence)


def merge(
    question: str, question_type: QuestionType, kind: str | None, hits: Sequence[Hit], readings: Sequence[Reading]
) -> list[Candidate]:
    """The distinct answers in the spans that were read, best supported first.

    Spans with the same normalised text are one answer. Each document supports an answer once, by its best span, so that
    a paper that repeats itself is still one paper. For a list question an enumeration counts as its items.
    """
    asked = set(normalize(question).split())
    supports: dict[str, dict[str, Evidence]] = {}
    for hit, reading in zip(hits, readings, strict=True):
        for span in reading.spans:
            for start, end in _items(reading.context.text, span, question_type):
                text = reading.context.text[start:end]
                key = normalize(text)
                if not key:
                    continue
                weight = span.probability * (0.5 + 0.5 * hit.score)
                if not fits(kind, text) or set(key.split()) <= asked:
                    weight *= _UNFIT
                evidence = _evidence(reading.context, start, end, weight)
                best = supports.setdefault(key, {})
                before = best.get(hit.passage.document.id)
                if before is None or evidence.score > before.score:
                    best[hit.passage.document.id] = evidence
    merged = [_candidate(list(best.values())) for best in supports.values()]
    return _without_fragments(sorted(merged, key=lambda candidate: (-candidate.support, candidate.text)))


def _items(text: str, span: Span, question_type: QuestionType) -> Iterator[tuple[int, int]]:
    if question_type is not QuestionType.LIST:
        yield span.start, span.end
        return
    start = span.start
    for match in [*_SEPARATOR.finditer(text, span.start, span.end), None]:
        end = match.start() if match else span.end
        piece = trimmed(text, start, end)
        if piece[0] < piece[1]:
            yield piece
        start = match.end() if match else end


def _evidence(context: Context, start: int, end: int, score: float) -> Evidence:
    first, last = context.sentence_of(start)
    return Evidence(context.passage, context.text[first:last], start - first, end - first, score)


def _candidate(evidence: list[Evidence]) -> Candidate:
    evidence.sort(key=lambda item: (-item.score, item.passage.number))
    best = evidence[0]
    return Candidate(best.sentence[best.start : best.end], sum(item.score for item in evidence), tuple(evidence))


def _without_fragments(best_first: list[Candidate]) -> list[Candidate]:
    """Drop an answer that is part of a better one, or holds a better one, in the same best sentence."""
    kept: list[Candidate] = []
    for candidate in best_first:
        mine = candidate.evidence[0]
        if not any(
            mine.sentence == other.sentence and mine.start < other.end and other.start < mine.end
            for other in (better.evidence[0] for better in kept)
        ):
            kept.append(candidate)
    return kept
