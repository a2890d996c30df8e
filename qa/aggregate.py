"""Aggregation of the spans from many passages into distinct answers with evidence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp

from bioqa.index.records import Hit, Passage
from bioqa.qa import abbreviations
from bioqa.qa.answer_types import matches_answer_type
from bioqa.qa.normalize import core_range, normalize_answer
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.spans import Span, trim_range, unpaired_brackets

_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and|or)\s+|[,;]\s+|\s+(?:and|or|as well as)\s+)(?:the\s+|an?\s+)?")
# Tuned on BioASQ factoid questions of years 4-6 over an index of 50,000 documents:
_SOFTNESS = 4.0  # logits: decay of a span's weight with its distance from the best span of its passage
_SENTENCE_SHARE = 0.8  # share of a span's weight that depends on its sentence covering the question's terms
_MISMATCH = 0.2  # factor on the scores of a span of the wrong answer type, or one that repeats the question
_NEAR = 3.0  # logits below the best span of its passage within which a span can extend a tagged item
_MORE_WORDS = 3  # the most words by which it may do so
_SHARPNESS = 3  # decay of a passage's weight with its retrieval score; tuned on years 9 and 10, as `AskConfig.settled`


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that supports an answer.

    The answer is characters `start` to `end` of `sentence`. `score` (0..1) is the weight of the evidence;
    `item_probability` (0..1) is the reader's probability that the answer is an item of a list.
    """

    passage: Passage
    sentence: str
    start: int
    end: int
    score: float
    item_probability: float = 0.0

    @property
    def text(self) -> str:
        """The answer as written in the sentence."""
        return self.sentence[self.start : self.end]


@dataclass(frozen=True, slots=True)
class AnswerCandidate:
    """An answer without a confidence. `support` is the sum over documents of the score of each one's best span."""

    text: str
    support: float
    evidence: tuple[Evidence, ...]  # one per document, best first


def merge(
    question: str,
    question_type: QuestionType,
    answer_type: str | None,
    terms: QuestionTerms,
    hits: Sequence[Hit],
    readings: Sequence[Reading],
) -> list[AnswerCandidate]:
    """The distinct answers in the readings, best supported first.

    Spans with the same normalised text are one answer, and so are an abbreviation and its long form in the passages.
    Each document supports an answer once, by its best span, so repetition within a paper does not count. For a list
    question an enumeration counts as its items. `answer_type` is the expected one, None if unknown.
    """
    question_words = _words(question)
    meanings = abbreviations.expansions(reading.context.text for reading in readings)
    supports: dict[str, dict[str, Evidence]] = {}
    for hit, reading in zip(hits, readings, strict=True):
        for offer in _possible_answers(reading, question_type):
            text = reading.context.text[offer.start : offer.end]
            key = normalize_answer(text)
            if not key:
                continue
            evidence = _evidence(hit, reading, offer, terms)
            if not matches_answer_type(answer_type, text) or set(key.split()) <= question_words:
                evidence = replace(
                    evidence,
                    score=evidence.score * _MISMATCH,
                    item_probability=evidence.item_probability * _MISMATCH,
                )
            documents = supports.setdefault(meanings.get(key, key), {})
            before = documents.setdefault(hit.passage.document.id, evidence)
            better = evidence if evidence.score > before.score else before
            documents[hit.passage.document.id] = replace(
                better, item_probability=max(evidence.item_probability, before.item_probability)
            )
    merged = [_candidate(list(documents.values())) for documents in supports.values()]
    return sorted(merged, key=lambda candidate: (-candidate.support, candidate.text))


def _words(question: str) -> set[str]:
    """The words of a question as normalised keys contain them: as written, and each in the singular."""
    return {part for text in (question, *question.split()) for part in normalize_answer(text).split()}


def passage_weight(hit: Hit) -> float:
    """The weight of a passage (0..1) by its retrieval score: the most that it can add to an answer's support."""
    return hit.score**_SHARPNESS


def support_margin(candidates: Sequence[AnswerCandidate]) -> float:
    """The support of the best answer less that of the next answer from other words; 0 without answers."""
    if not candidates:
        return 0.0
    best, *others = candidates
    rivals = (other.support for other in others if not overlap(best.evidence, other.evidence))
    return best.support - next(rivals, 0.0)


def overlap(some: Sequence[Evidence], others: Sequence[Evidence]) -> bool:
    """Whether two answers share words of a sentence, as "CFTR" and "CFTR gene on chromosome 7" do."""
    return any(
        one.sentence == other.sentence and one.start < other.end and other.start < one.end
        for one in some
        for other in others
    )


@dataclass(frozen=True, slots=True)
class _PossibleAnswer:
    """Characters of a text that may be an answer, with the reader's weight for it and its probability as an item of a
    list."""

    start: int
    end: int
    weight: float
    item_probability: float = 0.0


def _possible_answers(reading: Reading, question_type: QuestionType) -> Iterator[_PossibleAnswer]:
    """The possible answers in a passage: its spans, and for a list question the items of its enumerations and tagged
    items.

    A span weighs as much as the passage's best span is probable, less for every logit below it. A tagged item inside an
    item of a near-best span takes the borders of that one, because tags often miss the ends of a phrase.
    """
    text = reading.context.text
    near: list[tuple[int, int]] = []
    for span in reading.spans:
        best = reading.spans[0]
        behind = best.score - span.score
        for piece in answer_ranges(text, span, question_type):
            yield _PossibleAnswer(*piece, best.probability * exp(-behind / _SOFTNESS))
            if behind <= _NEAR:
                near.append(piece)
    if question_type is QuestionType.LIST:
        for item in reading.items:
            tagged = core_range(text, item.start, item.end)
            yield _PossibleAnswer(*_phrase(text, tagged, near), item.probability, item.probability)


def _phrase(text: str, tagged: tuple[int, int], near: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The first of the `near` ranges around a tagged item that adds few words, or the tagged item itself."""
    longest = len(text[slice(*tagged)].split()) + _MORE_WORDS
    around = (span for span in near if span[0] <= tagged[0] and tagged[1] <= span[1])
    return next((span for span in around if len(text[slice(*span)].split()) <= longest), tagged)


def answer_ranges(text: str, span: Span, question_type: QuestionType) -> Iterator[tuple[int, int]]:
    """The ranges of `text` that a span offers as answers: its items for a list question, else the span itself."""
    return (core_range(text, *item) for item in _items(text, span, question_type))


def is_enumeration(text: str) -> bool:
    """Whether a text enumerates several items."""
    return bool(_SEPARATOR.search(text))


def _items(text: str, span: Span, question_type: QuestionType) -> Iterator[tuple[int, int]]:
    """The span, or the text between its separators and its unpaired brackets."""
    if question_type is not QuestionType.LIST:
        yield span.start, span.end
        return
    start = span.start
    for match in [*_SEPARATOR.finditer(text, span.start, span.end), None]:
        end = match.start() if match else span.end
        brackets = unpaired_brackets(text, start, end)
        for begin, stop in pairwise([start, *brackets, end]):
            piece = trim_range(text, begin, stop)
            if piece[0] < piece[1]:
                yield piece
        start = match.end() if match else end


def _evidence(hit: Hit, reading: Reading, offer: _PossibleAnswer, terms: QuestionTerms) -> Evidence:
    """The sentence around an answer, scored by the span's weight, the passage's weight and relevance, and the
    sentence's coverage of the question's terms."""
    context = reading.context
    first, last = context.sentence_of(offer.start)
    sentence = context.text[first:last]
    coverage = 1 - _SENTENCE_SHARE + _SENTENCE_SHARE * terms.coverage(sentence)
    relevance = 1.0 if reading.relevance is None else reading.relevance
    score = offer.weight * passage_weight(hit) * relevance * coverage
    return Evidence(context.passage, sentence, offer.start - first, offer.end - first, score, offer.item_probability)


def _candidate(evidence: list[Evidence]) -> AnswerCandidate:
    """One answer, written in the form with the most support."""
    evidence.sort(key=lambda item: (-item.score, item.passage.number))
    forms: dict[str, float] = {}
    for item in evidence:
        forms[normalize_answer(item.text)] = forms.get(normalize_answer(item.text), 0.0) + item.score
    best_form = max(forms, key=forms.__getitem__)
    text = next(item.text for item in evidence if normalize_answer(item.text) == best_form)
    return AnswerCandidate(text, sum(item.score for item in evidence), tuple(evidence))
