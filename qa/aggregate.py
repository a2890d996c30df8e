"""Merging: one answer from the spans of many passages, with its evidence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp

from bioqa.index.records import Hit, Passage
from bioqa.qa import abbreviations
from bioqa.qa.kinds import fits
from bioqa.qa.normalize import core, normalize
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.spans import Span, trimmed, unpaired
from bioqa.qa.terms import QuestionTerms

_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and|or)\s+|[,;]\s+|\s+(?:and|or|as well as)\s+)(?:the\s+|an?\s+)?")
# Chosen on BioASQ factoid questions of years 4-6, asked of an index of 50,000 documents:
_SOFTNESS = 4.0  # logits: how fast a span loses weight against the best span of its passage
_SENTENCE_SHARE = 0.8  # how much of a span's weight hangs on its sentence speaking of what was asked
_UNFIT = 0.2  # what is left of it, and of its mark, when a span cannot be of the kind asked for or repeats the question
_NEAR = 3.0  # logits behind the best span of its passage, up to which a span tells where a marked item ends
_MORE_WORDS = 3  # that such a span may add to it
_SHARPNESS = 3  # how fast passages lose weight down the ranking; chosen on years 9 and 10, like `AskConfig.settled`


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that says so: the answer is characters `start` to `end` of `sentence`; `score` weighs it (0..1), and
    `marked` is how surely the reader marks it as an item of a list (0..1)."""

    passage: Passage
    sentence: str
    start: int
    end: int
    score: float
    marked: float = 0.0

    @property
    def text(self) -> str:
        """The answer in the words of its sentence."""
        return self.sentence[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer before its confidence is known. `support` is the sum over documents of each one's best span."""

    text: str
    support: float
    evidence: tuple[Evidence, ...]  # one a document, best first


def merge(
    question: str,
    question_type: QuestionType,
    kind: str | None,
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
) -> list[Candidate]:
    """The distinct answers in what was read, best supported first.

    Spans with the same normalised text are one answer, and so are an abbreviation and what the passages say that it
    stands for. Each document supports an answer once, by its best span, so that a paper that repeats itself is still
    one paper. For a list question an enumeration counts as its items.
    """
    asked = _words(question)
    meanings = abbreviations.meanings(reading.context.text for reading in readings)
    supports: dict[str, dict[str, Evidence]] = {}
    for hit, reading in zip(hits, readings, strict=True):
        for offer in _offers(reading, question_type):
            text = reading.context.text[offer.start : offer.end]
            key = normalize(text)
            if not key:
                continue
            evidence = _evidence(hit, reading, offer, terms)
            if not fits(kind, text) or set(key.split()) <= asked:
                evidence = replace(evidence, score=evidence.score * _UNFIT, marked=evidence.marked * _UNFIT)
            documents = supports.setdefault(meanings.get(key, key), {})
            before = documents.setdefault(hit.passage.document.id, evidence)
            better = evidence if evidence.score > before.score else before
            documents[hit.passage.document.id] = replace(better, marked=max(evidence.marked, before.marked))
    merged = [_candidate(list(documents.values())) for documents in supports.values()]
    return sorted(merged, key=lambda candidate: (-candidate.support, candidate.text))


def _words(question: str) -> set[str]:
    """The words of a question as keys of answers have them: in the plural, and each in the singular."""
    return {part for text in (question, *question.split()) for part in normalize(text).split()}


def promise(hit: Hit) -> float:
    """How much a passage can add to an answer (0..1), by how well it was found."""
    return hit.score**_SHARPNESS


def lead(candidates: Sequence[Candidate]) -> float:
    """By how much support the best answer is ahead of the next that stands on other words; 0 if there is none."""
    if not candidates:
        return 0.0
    best, *others = candidates
    rivals = (other.support for other in others if not overlap(best.evidence, other.evidence))
    return best.support - next(rivals, 0.0)


def overlap(some: Sequence[Evidence], others: Sequence[Evidence]) -> bool:
    """Whether two answers stand on the same words somewhere, as "CFTR" and "CFTR gene on chromosome 7" do."""
    return any(
        one.sentence == other.sentence and one.start < other.end and other.start < one.end
        for one in some
        for other in others
    )


@dataclass(frozen=True, slots=True)
class _Offer:
    """Characters of a text that may be an answer, how likely the reader thinks so, and that it is an item of a list."""

    start: int
    end: int
    weight: float
    marked: float = 0.0


def _offers(reading: Reading, question_type: QuestionType) -> Iterator[_Offer]:
    """What a passage offers as answers: its spans, for a list question the items they enumerate and those it marks.

    A span weighs as much as the reader thinks that the passage answers at all, the less the farther it is behind the
    best one there. An item that is marked inside a piece of one of the best spans is that piece: marks fall short of
    the borders of a phrase.
    """
    text = reading.context.text
    near: list[tuple[int, int]] = []
    for span in reading.spans:
        best = reading.spans[0]
        behind = best.score - span.score
        for piece in pieces(text, span, question_type):
            yield _Offer(*piece, best.probability * exp(-behind / _SOFTNESS))
            if behind <= _NEAR:
                near.append(piece)
    if question_type is QuestionType.LIST:
        for item in reading.items:
            marked = core(text, item.start, item.end)
            yield _Offer(*_phrase(text, marked, near), item.probability, item.probability)


def _phrase(text: str, marked: tuple[int, int], near: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The first piece around what is marked that has few words more, or that itself."""
    longest = len(text[slice(*marked)].split()) + _MORE_WORDS
    around = (piece for piece in near if piece[0] <= marked[0] and marked[1] <= piece[1])
    return next((piece for piece in around if len(text[slice(*piece)].split()) <= longest), marked)


def pieces(text: str, span: Span, question_type: QuestionType) -> Iterator[tuple[int, int]]:
    """The ranges of `text` that a span offers as answers: itself, or for a list question the items it enumerates."""
    return (core(text, *item) for item in _items(text, span, question_type))


def enumerates(text: str) -> bool:
    """Whether a text is an enumeration of several items."""
    return bool(_SEPARATOR.search(text))


def _items(text: str, span: Span, question_type: QuestionType) -> Iterator[tuple[int, int]]:
    """The span, or what is between its separators, and between brackets whose other half is in another item."""
    if question_type is not QuestionType.LIST:
        yield span.start, span.end
        return
    start = span.start
    for match in [*_SEPARATOR.finditer(text, span.start, span.end), None]:
        end = match.start() if match else span.end
        brackets = unpaired(text, start, end)
        for begin, stop in pairwise([start, *brackets, end]):
            piece = trimmed(text, begin, stop)
            if piece[0] < piece[1]:
                yield piece
        start = match.end() if match else end


def _evidence(hit: Hit, reading: Reading, offer: _Offer, terms: QuestionTerms) -> Evidence:
    """The sentence around an answer, and how much that says: what the reader thinks of it and of the passage, how well
    that was found, how much of the question the sentence speaks of."""
    context = reading.context
    first, last = context.sentence_of(offer.start)
    sentence = context.text[first:last]
    speaks = 1 - _SENTENCE_SHARE + _SENTENCE_SHARE * terms.coverage(sentence)
    to_the_point = 1.0 if reading.relevance is None else reading.relevance
    score = offer.weight * promise(hit) * to_the_point * speaks
    return Evidence(context.passage, sentence, offer.start - first, offer.end - first, score, offer.marked)


def _candidate(evidence: list[Evidence]) -> Candidate:
    """One answer, in the form that has the most support of those that mean the same."""
    evidence.sort(key=lambda item: (-item.score, item.passage.number))
    forms: dict[str, float] = {}
    for item in evidence:
        forms[normalize(item.text)] = forms.get(normalize(item.text), 0.0) + item.score
    shown = max(forms, key=forms.__getitem__)
    text = next(item.text for item in evidence if normalize(item.text) == shown)
    return Candidate(text, sum(item.score for item in evidence), tuple(evidence))
