"""The trip of a question, from its text to answers with evidence."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from bioqa.index import model
from bioqa.index.hybrid import Index, Query
from bioqa.index.records import Hit
from bioqa.qa import calibration, kinds, questions, summary, wording, yesno
from bioqa.qa.aggregate import lead, merge, promise
from bioqa.qa.answers import Answer, disagreeing, foremost, given, judged
from bioqa.qa.config import AskConfig
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import Reader, Reading
from bioqa.qa.summary import Sentence
from bioqa.qa.terms import QuestionTerms

_YESNO_EVIDENCE = 2  # sentences that stand for a yes or no of which the reader does not tell what says so
_AT_ONCE = 4  # passages read before it is looked whether that was enough: twice as many as most laptops have free cores


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the trip sees it: checked, typed, and ready for both searches.

    `question` is as it was written, `plain` as it is read with.
    """

    question: str
    plain: str
    type: QuestionType
    kind: str | None
    query: Query
    terms: QuestionTerms


@dataclass(frozen=True, slots=True)
class Response:
    """All that came of a question.

    `answers` are those given, best first: none when bioqa abstained, and none for a summary, whose answer is
    `ideal_answer`. `guesses` are the best answers that were not sure enough; `disagreeing` are what other documents say
    with about as much weight as stands behind the first answer or guess. `found` is the probability that the passages
    found are to the point. `ideal_answer` is made of `citations`, chosen from the most relevant `sentences`.
    """

    question: str
    type: QuestionType
    kind: str | None
    answers: tuple[Answer, ...]
    guesses: tuple[Answer, ...]
    disagreeing: tuple[Answer, ...]
    abstained: bool
    ideal_answer: str
    citations: tuple[Sentence, ...]
    sentences: tuple[Sentence, ...]
    found: float
    found_features: Mapping[str, float]
    threshold: float
    hits: tuple[Hit, ...]
    readings: tuple[Reading, ...]
    timings_ms: dict[str, float]


class Engine:
    """An opened index with the models that search and read it."""

    def __init__(self, index_folder: Path, reader_folder: Path | None = None):
        with ThreadPoolExecutor(1) as pool:  # the two networks load side by side
            reader = pool.submit(Reader, reader_folder or model.shipped("reader"))
            self.index = Index(index_folder)
            self.encoder = self.index.open_encoder()
            self.reader = reader.result()
        self.calibration = calibration.load(self.reader.model)

    def ask(self, question: str, config: AskConfig, question_type: QuestionType | None = None) -> Response:
        """Answer a question; `question_type` None lets its wording decide.

        Raises InputError for a question that is empty or endless.
        """
        watch = Watch()
        with watch("question"):
            asked = self.understand(question, config, question_type)
        with watch("search"):
            hits = self.index.search(asked.query, config.passages, narrow=config.narrow)
        return self.answer(asked, hits, config, watch)

    def understand(self, question: str, config: AskConfig, question_type: QuestionType | None = None) -> Asked:
        """What is asked: type, expected kind, search terms and vector."""
        text = wording.checked(question, config.max_question_characters)
        plain = wording.plain(text)
        return Asked(
            question=text,
            plain=plain,
            type=question_type or questions.classify(text),
            kind=kinds.expected_kind(plain),
            query=Query.of(plain, self.encoder),
            terms=QuestionTerms(plain, self.index),
        )

    def answer(self, asked: Asked, hits: Sequence[Hit], config: AskConfig, watch: "Watch | None" = None) -> Response:
        """Read the passages in `hits` and answer from them."""
        watch = watch or Watch()
        answers: list[Answer] = []
        sentences: list[Sentence] = []
        with watch("read"):
            readings = self._read(asked, hits, config)
            read = hits[: len(readings)]
        by_spans = asked.type in (QuestionType.FACTOID, QuestionType.LIST)
        if config.prose or not by_spans:
            with watch("sentences"):
                sentences = summary.relevant_sentences(read, asked.terms, asked.query.vector, self.encoder)
        found_features = calibration.found_features(read, asked.terms, readings)
        found = self.calibration.found.probability(found_features)
        if by_spans:
            fitted: calibration.Logistic = getattr(self.calibration, asked.type)
            with watch("merge"):
                candidates = merge(asked.plain, asked.type, asked.kind, asked.terms, read, readings)
                answers = judged(candidates, asked.terms, read, readings, fitted)
        else:
            fitted = self.calibration.found
            if asked.type is QuestionType.YESNO and sentences:
                answers = self._yes_and_no(asked, sentences, read, readings, config)
        with watch("write"):
            least = fitted.threshold if config.min_confidence is None else config.min_confidence
            sure = given(answers, asked.type, found, config, least)
            abstained = not sure and (asked.type is not QuestionType.SUMMARY or not sentences or found < least)
            chosen = [] if abstained else summary.choose(_led_by_evidence(sure, sentences), config.ideal_words)
        return Response(
            question=asked.question,
            type=asked.type,
            kind=asked.kind,
            answers=sure,
            guesses=foremost(answers, asked.type, config) if abstained else (),
            disagreeing=disagreeing(answers, asked.type, least) if sure or found >= least else (),
            abstained=abstained,
            ideal_answer=summary.written(chosen),
            citations=tuple(chosen),
            sentences=tuple(sentences),
            found=found,
            found_features=found_features,
            threshold=least,
            hits=tuple(hits),
            readings=tuple(readings),
            timings_ms=watch.milliseconds(),
        )

    def _read(self, asked: Asked, hits: Sequence[Hit], config: AskConfig) -> list[Reading]:
        """What the first of `hits` say, in their order: until the tokens are spent, or what is left cannot matter."""
        longest = config.list_tokens if asked.type is QuestionType.LIST else config.factoid_tokens
        readings: list[Reading] = []
        for start in range(0, len(hits), _AT_ONCE):
            passages = [hit.passage for hit in hits[start : start + _AT_ONCE]]
            readings += self.reader.read(asked.plain, passages, max_tokens=longest, count=config.spans_per_passage)
            spent = sum(reading.tokens for reading in readings)
            if spent >= config.tokens or self._settled(asked, hits, readings, config):
                break
        return readings

    def _settled(self, asked: Asked, hits: Sequence[Hit], readings: Sequence[Reading], config: AskConfig) -> bool:
        if asked.type is QuestionType.SUMMARY:  # what is read tells only whether anything is to the point
            return isfinite(config.settled)
        if asked.type is not QuestionType.FACTOID:
            return False  # every passage may have a further item, or another view
        read = hits[: len(readings)]
        candidates = merge(asked.plain, asked.type, asked.kind, asked.terms, read, readings)
        unread = sum(map(promise, hits[len(readings) :]))
        return lead(candidates) >= config.settled * unread

    def _yes_and_no(
        self,
        asked: Asked,
        sentences: Sequence[Sentence],
        hits: Sequence[Hit],
        readings: Sequence[Reading],
        config: AskConfig,
    ) -> list[Answer]:
        """The more likely of the two, and the other one, each with what speaks for it.

        Where the reader tells what the passages say, nothing else does: an answer may have no evidence.
        """
        features = yesno.features(asked.plain, sentences, asked.terms, hits, readings)
        yes = self.calibration.yesno.probability(features)
        answers = [
            Answer(text, confidence, features, yesno.evidence(sentences, hits, readings, text))
            for text, confidence in (("yes", yes), ("no", 1 - yes))
        ]
        first, other = sorted(answers, key=lambda answer: -answer.confidence)
        if all(reading.verdict is None for reading in readings):
            chosen = summary.choose(sentences, config.ideal_words)[:_YESNO_EVIDENCE]
            first = replace(first, evidence=yesno.quoted(chosen))
        return [first, other]


def _led_by_evidence(answers: Sequence[Answer], sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, before the others the best one of the best answer, as the most relevant."""
    if not answers or not answers[0].evidence:
        return list(sentences)
    best = answers[0].evidence[0]
    lead = next((each for each in sentences if each.text == best.sentence), Sentence(best.passage, best.sentence, 1.0))
    return [replace(lead, relevance=1.0), *(each for each in sentences if each.text != best.sentence)]


class Watch:
    """Wall-clock time of the steps of a trip."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time what happens inside the `with` block as this step."""
        began = time.perf_counter()
        yield
        self._seconds[step] = time.perf_counter() - began

    def milliseconds(self) -> dict[str, float]:
        """Milliseconds a step, and their total."""
        self._seconds["total"] = time.perf_counter() - self._began
        return {step: round(seconds * 1000, 1) for step, seconds in self._seconds.items()}
