"""The engine: from a question's text to answers with evidence."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import isfinite
from os import PathLike
from pathlib import Path

from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Hit
from bioqa.index.search.filters import NO_FILTER, Filter
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query, SearchIndex
from bioqa.qa import answer_types, calibration, question_types, starter, summary, wording, yesno
from bioqa.qa.aggregate import AnswerCandidate, merge, passage_weight, support_margin
from bioqa.qa.answers import Answer, conflicting_answers, score_candidates, select_answers, top_answers
from bioqa.qa.config import DEFAULTS, AskConfig
from bioqa.qa.forms import class_members, corrections, declined, names, routing, several, uncertain
from bioqa.qa.forms.focus import focus_of, with_background
from bioqa.qa.forms.form import Form, QuestionForm, form_of
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reader, Reading
from bioqa.qa.response import IndexSummary, Response
from bioqa.qa.stopwatch import Stopwatch
from bioqa.qa.summary import Sentence
from bioqa.qa.validation import candidates, quotations

_YESNO_EVIDENCE = 2  # sentences quoted for yes or no when the reader has no verdicts
_CLOSEST = 3  # passages searched for sentences that could contradict a claim
_AT_ONCE = 4  # passages read between two checks of whether to stop: twice the free cores of most laptops


@dataclass(frozen=True, slots=True)
class AnalyzedQuestion:
    """A validated question with its type, expected answer type and search terms.

    `question` is the text as written; `plain` is the text that search and reader use, in the words of the index, and
    `notice` explains the brand names in it. `written` is that text before words were `replaced`. Of a long question,
    `plain` is what asks, and `background`, the rest, has a part in the search only.
    """

    question: str
    plain: str
    type: QuestionType
    answer_type: str | None
    query: Query
    terms: QuestionTerms
    form: QuestionForm
    notice: str = ""
    written: str = ""
    replaced: tuple[str, ...] = ()
    background: str = ""


class Engine:
    """An open index with its encoder and a reader.

    >>> engine = Engine.open()  # the starter index; or Engine.open("my-index")
    >>> response = engine.ask("what gene causes cystic fibrosis?")
    >>> response.answers[0].text
    'CFTR'
    >>> response.answers[0].evidence[0].passage.document.id
    'starter:cystic-fibrosis-disease'
    >>> engine.search("CFTR modulators", k=1)[0].passage.document.title
    'Ivacaftor and other CFTR modulators'
    """

    def __init__(self, index: SearchIndex, reader: Reader, encoder: Encoder | None = None):
        """`encoder` is that of the index, which is opened where it is not given."""
        self.index = index
        self.reader = reader
        self.encoder = encoder or index.open_encoder()
        self.calibrations = calibration.load(reader.model)

    @classmethod
    def open(cls, index: str | PathLike[str] | None = None, reader: str | PathLike[str] | None = None) -> "Engine":
        """Open an index folder and a reader folder; None stands for the starter index and the shipped reader.

        Raises IndexFolderError or ModelError if one of them cannot be used.
        """
        reader_folder = model.shipped("reader") if reader is None else Path(reader)
        with ThreadPoolExecutor(1) as pool:  # loads the two networks in parallel
            loading = pool.submit(Reader, reader_folder)
            opened = Index(starter.index_folder() if index is None else Path(index))
            encoder = opened.open_encoder()
            return cls(opened, loading.result(), encoder)

    def search(self, query: str, k: int = 10, filters: Filter = NO_FILTER) -> list[Hit]:
        """The `k` best passages, best first. Raises InputError for a query that is empty or too long."""
        text = wording.validate_question(query, most=wording.LONGEST_QUERY)
        return self.index.search(Query.of(text, self.encoder), k, filters=filters)

    def ask(self, question: str, config: AskConfig = DEFAULTS, question_type: QuestionType | None = None) -> Response:
        """Answer a question; `question_type` None means that the wording decides.

        Raises InputError for a question that is empty or too long.
        """
        watch = Stopwatch()
        with watch("question"):
            text = wording.validate_question(question, config.max_question_characters)
            focus = focus_of(text)
            form = form_of(focus.question)
            if notice := declined.notice(form, focus.question):
                return self._declined(text, form, notice, watch)
            if form.parts and question_type is None:
                parts = (" ".join(filter(None, (focus.background, part))) for part in form.parts)
                return several.combine(text, [self.ask(part, config) for part in parts])
            analyzed = self.analyze(question, config, question_type)
        with watch("search"):
            hits = self.index.search(analyzed.query, config.passages, filters=config.filters)
        response = self.answer(analyzed, hits, config, watch)
        if not hits and (fault := self.index.filter_report(config.filters).fault):
            return replace(response, notice=fault)
        corrected = corrections.suggestion(analyzed.plain, self.index)
        if question_type is None and config.min_confidence is None:  # no short answer was asked for at any price
            if corrected:
                response = uncertain.withheld(response)
            else:
                members = class_members.answers(analyzed.plain, hits)
                response = routing.answered(response, members) if members else response
                response = uncertain.in_sentences(analyzed.form, analyzed.plain, analyzed.terms, response)
        return declined.with_notice(quotations.shortened(response, config.ideal_sentences), corrected)

    def analyze(self, question: str, config: AskConfig, question_type: QuestionType | None = None) -> AnalyzedQuestion:
        """The question's type, expected answer type, search terms and vector. Raises InputError as `ask` does."""
        text = wording.validate_question(question, config.max_question_characters)
        focus = focus_of(text)
        plain = wording.plain_wording(focus.question)
        worded = names.in_words_of(plain, self.index.document_frequency)
        form = form_of(worded.text)
        query = replace(Query.of(worded.text, self.encoder), text=worded.query)
        terms = QuestionTerms(worded.text, self.index, worded.aliases)
        if focus.background:
            told = Query.of(focus.background, self.encoder)
            query = with_background(query, told, terms, QuestionTerms(focus.background, self.index))
        if question_type and not routing.fits(form, question_type):
            form = QuestionForm(Form.QUESTION)
        return AnalyzedQuestion(
            question=text,
            plain=worded.text,
            written=plain,
            replaced=worded.replaced,
            notice=worded.notice,
            form=form,
            type=question_type or routing.type_of(form) or question_types.classify(focus.question),
            answer_type=answer_types.expected_answer_type(worded.text),
            query=query,
            terms=terms,
            background=focus.background,
        )

    def answer(
        self, analyzed: AnalyzedQuestion, hits: Sequence[Hit], config: AskConfig, watch: Stopwatch | None = None
    ) -> Response:
        """Read the passages in `hits` and answer from them."""
        watch = watch or Stopwatch()
        if names.used(analyzed.replaced, hits):  # as when passages come from elsewhere than the index
            analyzed = replace(analyzed, plain=analyzed.written, notice="")
        answers: list[Answer] = []
        sentences: list[Sentence] = []
        with watch("read"):
            readings = self._read(analyzed, hits, config)
            read = hits[: len(readings)]
        fitted = self.calibrations.given if config.given else self.calibrations.searched
        by_spans = analyzed.type in (QuestionType.FACTOID, QuestionType.LIST)
        if config.always_summarize or not by_spans:
            with watch("sentences"):
                sentences = summary.relevant_sentences(read, analyzed.terms, analyzed.query.vector, self.encoder)
        relevance_features = calibration.found_features(read, analyzed.terms, readings)
        relevance = fitted.found.probability(relevance_features)
        if by_spans:
            model_of_type: calibration.Logistic = getattr(fitted, analyzed.type)
            with watch("merge"):
                found = self._candidates(analyzed, read, readings)
                scored = score_candidates(found, analyzed.terms, read, readings, model_of_type)
                answers = quotations.quoting_sentences(scored, analyzed.terms)
        else:
            model_of_type = fitted.found
            if analyzed.type is QuestionType.YESNO and sentences:
                answers = self._yes_and_no(analyzed, sentences, read, readings, config, fitted.yesno)
        with watch("write"):
            threshold = model_of_type.threshold if config.min_confidence is None else config.min_confidence
            share = model_of_type.share if config.min_confidence is None else 0.0
            given = select_answers(answers, analyzed.type, relevance, config, threshold, share)
            abstained = not given and (
                analyzed.type is not QuestionType.SUMMARY or not sentences or relevance < threshold
            )
            chosen = (
                [] if abstained else summary.choose_sentences(_evidence_first(given, sentences), config.ideal_words)
            )
        response = Response(
            question=analyzed.question,
            asked=analyzed.plain if analyzed.background else "",
            form=analyzed.form.form,
            notice=analyzed.notice,
            type=analyzed.type,
            answer_type=analyzed.answer_type,
            answers=given,
            guesses=top_answers(answers, analyzed.type, config) if abstained else (),
            disagreeing=conflicting_answers(answers, analyzed.type, threshold)
            if (given or relevance >= threshold) and answer_types.has_one_answer(analyzed.answer_type, analyzed.type)
            else (),
            abstained=abstained,
            ideal_answer=summary.join_sentences(chosen),
            citations=tuple(chosen),
            sentences=tuple(sentences),
            relevance=relevance,
            relevance_features=relevance_features,
            threshold=threshold,
            hits=tuple(hits),
            readings=tuple(readings),
            timings_ms=watch.milliseconds(),
            encoder=self.encoder.card.name if self.encoder else None,
            reader=self.reader.model.card.name,
            index=self._index_summary(),
        )
        return routing.enforce(analyzed.form, analyzed.plain, analyzed.terms, response, config)

    def _index_summary(self) -> IndexSummary:
        return IndexSummary(self.index.location, self.index.documents, self.index.passages)

    def _declined(self, question: str, form: QuestionForm, notice: str, watch: Stopwatch) -> Response:
        """The response to something that is no question for the literature: one helpful line, without a search."""
        return Response(
            question=question,
            form=form.form,
            type=question_types.classify(question),
            answer_type=None,
            answers=(),
            guesses=(),
            disagreeing=(),
            abstained=True,
            ideal_answer="",
            citations=(),
            sentences=(),
            relevance=0.0,
            relevance_features={},
            threshold=self.calibrations.searched.found.threshold,
            hits=(),
            readings=(),
            timings_ms=watch.milliseconds(),
            encoder=self.encoder.card.name if self.encoder else None,
            reader=self.reader.model.card.name,
            index=self._index_summary(),
            notice=notice,
        )

    def _read(self, analyzed: AnalyzedQuestion, hits: Sequence[Hit], config: AskConfig) -> list[Reading]:
        """Read the passages in order until the tokens are spent or the rest cannot change the answer."""
        longest = config.list_tokens if analyzed.type is QuestionType.LIST else config.factoid_tokens
        readings: list[Reading] = []
        for start in range(0, len(hits), _AT_ONCE):
            passages = [hit.passage for hit in hits[start : start + _AT_ONCE]]
            readings += self.reader.read(analyzed.plain, passages, max_tokens=longest, count=config.spans_per_passage)
            spent = sum(reading.tokens for reading in readings)
            if spent >= config.tokens or self._is_settled(analyzed, hits, readings, config):
                break
        return readings

    def _is_settled(
        self, analyzed: AnalyzedQuestion, hits: Sequence[Hit], readings: Sequence[Reading], config: AskConfig
    ) -> bool:
        if analyzed.type is QuestionType.SUMMARY:  # reading decides only whether anything is relevant
            return isfinite(config.settled)
        if analyzed.type is not QuestionType.FACTOID:
            return False  # every passage may add an item or a different view
        read = hits[: len(readings)]
        found = self._candidates(analyzed, read, readings)
        unread = sum(map(passage_weight, hits[len(readings) :]))
        return support_margin(found) >= config.settled * unread

    def _candidates(
        self, analyzed: AnalyzedQuestion, hits: Sequence[Hit], readings: Sequence[Reading]
    ) -> list[AnswerCandidate]:
        """The merged answers of the readings that may answer the question, best supported first."""
        merged = merge(analyzed.plain, analyzed.type, analyzed.answer_type, analyzed.terms, hits, readings)
        return candidates.valid(analyzed.plain, analyzed.answer_type, merged)

    def _yes_and_no(
        self,
        analyzed: AnalyzedQuestion,
        sentences: Sequence[Sentence],
        hits: Sequence[Hit],
        readings: Sequence[Reading],
        config: AskConfig,
        fitted: calibration.Logistic,
    ) -> list[Answer]:
        """Yes and no with their evidence, the more likely one first.

        Where the reader has verdicts, only sentences that say so are evidence, so an answer may have none.
        """
        judgements = self._judge(analyzed, sentences[: yesno.JUDGED])
        if not any(each.says for each in judgements):
            closest = summary.sentences_of(hits[:_CLOSEST], analyzed.terms)
            judgements = self._judge(analyzed, yesno.could_contradict(analyzed.plain, closest))
        features = yesno.features(analyzed.plain, sentences, analyzed.terms, hits, readings, judgements)
        yes = fitted.probability(features)
        if not config.given:  # snippets that people chose all bear on the question: each counts, not the plainest one
            yes = yesno.with_side_of_sentences(yes, features)
        answers = [
            Answer(text, confidence, features, yesno.evidence(judgements, hits, text))
            for text, confidence in (("yes", yes), ("no", 1 - yes))
        ]
        first, other = sorted(answers, key=lambda answer: -answer.confidence)
        if all(reading.verdict is None for reading in readings):
            chosen = summary.choose_sentences(sentences, config.ideal_words)[:_YESNO_EVIDENCE]
            first = replace(first, evidence=yesno.quote_sentences(chosen))
        return [first, other]

    def _judge(self, analyzed: AnalyzedQuestion, sentences: Sequence[Sentence]) -> list[yesno.Judgement]:
        """What each of these sentences says to the claim, read alone."""
        said = self.reader.read(analyzed.plain, yesno.as_passages(sentences), max_tokens=1, count=1)
        return yesno.judge(analyzed.plain, sentences, analyzed.terms, said)


def _evidence_first(answers: Sequence[Answer], sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, with the best evidence of the best answer as the first and most relevant one."""
    if not answers or not answers[0].evidence:
        return list(sentences)
    best = answers[0].evidence[0]
    first = next((each for each in sentences if each.text == best.sentence), Sentence(best.passage, best.sentence, 1.0))
    return [replace(first, relevance=1.0), *(each for each in sentences if each.text != best.sentence)]
