"""The trip of a question, from its text to answers with evidence."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bioqa.index import model
from bioqa.index.encoder import Encoder
from bioqa.index.filters import Filter
from bioqa.index.hybrid import Index, Query
from bioqa.index.records import Hit
from bioqa.qa import calibration, questions, summary, yesno
from bioqa.qa.aggregate import Candidate, Evidence, merge
from bioqa.qa.config import AskConfig
from bioqa.qa.questions import QuestionType
from bioqa.qa.reader import Reader, Reading
from bioqa.qa.summary import Sentence
from bioqa.qa.terms import QuestionTerms

_IDEAL_SENTENCES = {QuestionType.FACTOID: 1, QuestionType.LIST: 2, QuestionType.YESNO: 2, QuestionType.SUMMARY: 3}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its text, the probability (0..1) that it is right, and a sentence of each document that says so."""

    text: str
    confidence: float
    documents: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """All that came of a question.

    `answers` are those given, best first: none when bioqa abstained, and none for a summary, whose answer is
    `ideal_answer`. `guesses` are the best answers that were not sure enough. `found` is the probability that the
    passages found are to the point.
    """

    question: str
    type: QuestionType
    kind: str | None
    answers: tuple[Answer, ...]
    guesses: tuple[Answer, ...]
    abstained: bool
    ideal_answer: str
    citations: tuple[Sentence, ...]
    found: float
    threshold: float
    hits: tuple[Hit, ...]
    readings: tuple[Reading, ...]
    timings_ms: dict[str, float]


class Engine:
    """An opened index with the models that search and read it."""

    def __init__(self, index_folder: Path, reader_folder: Path | None = None, encoder_folder: Path | None = None):
        with ThreadPoolExecutor(1) as pool:  # the two networks load side by side
            reader = pool.submit(Reader, reader_folder or model.shipped("reader"))
            self.index = Index(index_folder)
            self.encoder: Encoder | None = None
            if self.index.manifest.encoder:
                self.encoder = Encoder(encoder_folder or model.shipped("encoder"))
                self.index.check_encoder(self.encoder)
            self.reader = reader.result()
        self.calibration = calibration.load(self.reader.model)

    def search(self, text: str, k: int, *, mode: str, narrow: Filter) -> list[Hit]:
        """The `k` best passages for a text."""
        return self.index.search(self._query(text), k, mode=mode, narrow=narrow)

    def ask(self, question: str, config: AskConfig, question_type: QuestionType | None = None) -> Response:
        """Answer a question; `question_type` None lets its wording decide. Raises InputError for an empty or endless one."""
        watch = _Watch()
        with watch("question"):
            question = questions.checked(question, config.max_question_characters)
            question_type = question_type or questions.classify(question)
            kind = questions.expected_kind(question)
            query = self._query(question)
            terms = QuestionTerms(question, self.index)
        with watch("search"):
            hits = self.index.search(query, config.passages, narrow=config.narrow)
            found = self.calibration.found.probability(calibration.found_features(hits, terms))
        readings: list[Reading] = []
        sentences: list[Sentence] = []
        if question_type in (QuestionType.FACTOID, QuestionType.LIST):
            with watch("read"):
                longest = config.list_tokens if question_type is QuestionType.LIST else config.factoid_tokens
                passages = [hit.passage for hit in hits]
                readings = self.reader.read(question, passages, max_tokens=longest, count=config.spans_per_passage)
            with watch("merge"):
                candidates = merge(question, question_type, kind, hits, readings)
                fitted = getattr(self.calibration, question_type)
                answers = _judged(candidates, terms, hits, fitted)
                given = _confident(answers, question_type, config, fitted.threshold)
                abstained = not given
        else:
            with watch("sentences"):
                sentences = summary.relevant_sentences(hits, terms, query.vector, self.encoder)
                fitted = self.calibration.found
                least = fitted.threshold if config.min_confidence is None else config.min_confidence
                answers = self._yes_or_no(question, sentences, terms, hits) if question_type is QuestionType.YESNO else []
                abstained = not sentences or found < least
                given = [] if abstained else answers
        with watch("write"):
            count = _IDEAL_SENTENCES[question_type]
            chosen = [] if abstained else summary.choose(sentences, count) or _evidence_sentences(given, count)
        return Response(
            question=question, type=question_type, kind=kind, answers=tuple(given),
            guesses=tuple(answers[: config.top]) if abstained else (), abstained=abstained,
            ideal_answer=" ".join(sentence.text for sentence in chosen), citations=tuple(chosen),
            found=found, threshold=fitted.threshold if config.min_confidence is None else config.min_confidence,
            hits=tuple(hits), readings=tuple(readings), timings_ms=watch.milliseconds(),
        )  # fmt: skip

    def _query(self, text: str) -> Query:
        return Query(text, self.encoder.encode([text])[0] if self.encoder else None)

    def _yes_or_no(
        self, question: str, sentences: Sequence[Sentence], terms: QuestionTerms, hits: Sequence[Hit]
    ) -> list[Answer]:
        yes = self.calibration.yesno.probability(yesno.features(question, sentences, terms))
        evidence = tuple(
            Evidence(sentence.passage, sentence.text, 0, len(sentence.text), sentence.relevance)
            for sentence in summary.choose(sentences, _IDEAL_SENTENCES[QuestionType.YESNO])
        )
        documents = tuple(dict.fromkeys(item.passage.document.id for item in evidence))
        return [Answer("yes" if yes >= 0.5 else "no", max(yes, 1 - yes), documents, evidence)]


def _judged(
    candidates: Sequence[Candidate], terms: QuestionTerms, hits: Sequence[Hit], fitted: calibration.Logistic
) -> list[Answer]:
    similarities = {hit.passage.number: hit.dense_score or 0.0 for hit in hits}
    return [
        Answer(
            candidate.text,
            fitted.probability(calibration.answer_features(candidates, place, terms, similarities)),
            candidate.documents,
            candidate.evidence,
        )
        for place, candidate in enumerate(candidates[:20])
    ]


def _confident(
    answers: Sequence[Answer], question_type: QuestionType, config: AskConfig, threshold: float
) -> list[Answer]:
    """What is sure enough to give: every such item of a list; for a factoid the first five if the best one is."""
    least = threshold if config.min_confidence is None else config.min_confidence
    if question_type is QuestionType.LIST:
        return [answer for answer in answers if answer.confidence >= least]
    return list(answers[: config.top]) if answers and answers[0].confidence >= least else []


def _evidence_sentences(answers: Sequence[Answer], count: int) -> list[Sentence]:
    best = {answer.evidence[0].sentence: answer.evidence[0] for answer in reversed(answers[:count])}
    return [Sentence(item.passage, text, item.score) for text, item in reversed(best.items())]


class _Watch:
    """Wall-clock time of the steps of a trip."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._seconds[step] = time.perf_counter() - began

    def milliseconds(self) -> dict[str, float]:
        """Milliseconds a step, and their total."""
        self._seconds["total"] = time.perf_counter() - self._began
        return {step: round(seconds * 1000, 1) for step, seconds in self._seconds.items()}
