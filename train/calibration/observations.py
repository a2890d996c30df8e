"""The observations that confidence is fitted on: answers to questions with features, and whether they are right."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.everyday.table import EverydayQuestion
from bioqa.eval.measures.bioasq import is_correct
from bioqa.eval.runs.diagnosis import is_near_miss
from bioqa.eval.runs.evidence import from_snippets
from bioqa.index.errors import InputError
from bioqa.index.progress import NoProgress, Progress
from bioqa.index.search.hybrid import DEPTH
from bioqa.index.text import analyzer
from bioqa.qa.answers import Answer
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.qa.reader import Reading
from bioqa.qa.response import Response

_ALL_ANSWERS = AskConfig(min_confidence=0.0, top=sys.maxsize)


class SearchSetting(StrEnum):
    """What a question may be answered from, and so how answerable it is."""

    WHOLE = "the whole index, or the snippets that are given instead"
    NO_GOLD = "all but its gold documents"
    UNKNOWN = "no document with its rarest term: a subject that the index does not cover"
    EVERYDAY = "the whole index, asked in the forms that people type"


WEIGHTS = {  # most questions of users are answerable
    SearchSetting.WHOLE: 1.0,
    SearchSetting.NO_GOLD: 0.2,
    SearchSetting.UNKNOWN: 0.2,
    SearchSetting.EVERYDAY: 1.0,
}


@dataclass(slots=True)
class Observations:
    """The training data of one logistic model: features, correctness, question and search setting of each row.

    `accepted` says whether a person would accept the answer, such as the long form of a gold abbreviation.
    """

    features: list[dict[str, float]] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)
    question: list[int] = field(default_factory=list)
    setting: list[SearchSetting] = field(default_factory=list)
    accepted: list[bool] = field(default_factory=list)

    def add(
        self,
        features: dict[str, float],
        correct: bool,
        question: int,
        setting: SearchSetting,
        accepted: bool | None = None,
    ) -> None:
        """Add one row; what is correct is accepted where nothing else is said."""
        self.features.append(features)
        self.correct.append(correct)
        self.question.append(question)
        self.setting.append(setting)
        self.accepted.append(correct if accepted is None else accepted)

    def rows(self) -> "Iterator[tuple[dict[str, float], bool, int, SearchSetting, bool]]":
        """The rows, each as the arguments of `add`."""
        return zip(self.features, self.correct, self.question, self.setting, self.accepted, strict=True)

    def where(self, keep: Callable[[dict[str, float], SearchSetting], bool]) -> "Observations":
        """The rows for which `keep` is true of features and setting."""
        kept = Observations()
        for row in self.rows():
            if keep(row[0], row[3]):
                kept.add(*row)
        return kept


def refuse_without_gold(gold: Sequence[GoldQuestion], engine: Engine) -> None:
    """Raise InputError if the index holds no gold document of any question: then nothing found is right."""
    documents = list(dict.fromkeys(document for question in gold for document in question.documents))
    if not engine.index.count_documents(documents):
        raise InputError(f"{engine.index.location}: holds none of the gold documents; pass an index that does")


def collect(gold: Sequence[GoldQuestion], engine: Engine, progress: Progress | None = None) -> dict[str, Observations]:
    """The answers to every question from an index, in three search settings, and what was found."""
    samples = {name: Observations() for name in ("factoid", "list", "yesno", "found")}
    for place, question in enumerate(gold):
        analyzed = engine.analyze(question.body, _ALL_ANSWERS, question.type)
        hits = engine.index.search(analyzed.query, DEPTH)
        rarest = max(analyzed.terms.known, key=analyzed.terms.weights.__getitem__, default="")
        hits_by_setting = {
            SearchSetting.WHOLE: hits,
            SearchSetting.NO_GOLD: [hit for hit in hits if hit.passage.document.id not in question.documents],
            SearchSetting.UNKNOWN: [hit for hit in hits if rarest not in analyzer.terms(hit.passage.document.text)],
        }
        for setting, allowed in hits_by_setting.items():
            response = engine.answer(analyzed, allowed[: _ALL_ANSWERS.passages], _ALL_ANSWERS)
            found = _are_among(question.documents, response.readings)
            samples["found"].add(dict(response.relevance_features), found, place, setting)
            if question.type is not QuestionType.YESNO or setting is SearchSetting.WHOLE:
                _add_answers(samples, question, place, response, setting)
            # without evidence, nothing is learned about how evidence bears on yes and no
        (progress or NoProgress()).update((place + 1) / len(gold), place + 1)
    return samples


def collect_given(
    gold: Sequence[GoldQuestion], engine: Engine, progress: Progress | None = None
) -> dict[str, Observations]:
    """The answers to every question from its gold snippets; only what is correct is accepted, as BioASQ counts."""
    samples = {name: Observations() for name in ("factoid", "list", "yesno")}
    config = _ALL_ANSWERS.for_given_passages()
    for place, question in enumerate(gold):
        if question.type in samples and question.snippets:
            analyzed = engine.analyze(question.body, config, question.type)
            response = engine.answer(analyzed, from_snippets(question, analyzed, engine), config)
            _add_answers(samples, question, place, response, SearchSetting.WHOLE, strictly=True)
        (progress or NoProgress()).update((place + 1) / len(gold), place + 1)
    return samples


def add_everyday(
    samples: Mapping[str, Observations],
    asked: Sequence[tuple[EverydayQuestion, Engine]],
    progress: Progress | None = None,
) -> None:
    """Add the answers to everyday questions, each asked of its engine, and what was found.

    Questions in several parts are left out. No answer is right where none is expected.
    """
    first = 1 + max((number for sample in samples.values() for number in sample.question), default=-1)
    for place, (question, engine) in enumerate(asked):
        response = engine.ask(question.text, _ALL_ANSWERS)
        if response.parts:  # several questions in one
            continue
        if response.relevance_features:
            found = _are_among([question.source], response.readings)
            samples["found"].add(dict(response.relevance_features), found, first + place, SearchSetting.EVERYDAY)
        for features, correct in _judged(question, response):
            samples[response.type].add(features, correct, first + place, SearchSetting.EVERYDAY)
        (progress or NoProgress()).update((place + 1) / len(asked), place + 1)


def _judged(question: EverydayQuestion, response: Response) -> Iterator[tuple[dict[str, float], bool]]:
    """The features of each answer, and whether it is right; of yes and no whether it is yes."""
    if response.type is QuestionType.SUMMARY:
        return
    if response.type is QuestionType.YESNO:
        if question.expect in ("yes", "no"):
            yield from (
                (dict(answer.features), question.expect == "yes") for answer in filter(_is_fitted, response.answers)
            )
        return
    for answer in filter(_is_fitted, response.answers):
        accepted = any(pattern.search(answer.text) for pattern in question.accept)
        yield dict(answer.features), accepted and not (question.reject and question.reject.search(answer.text))


def _add_answers(
    samples: Mapping[str, Observations],
    gold: GoldQuestion,
    place: int,
    response: Response,
    setting: SearchSetting,
    *,
    strictly: bool = False,
) -> None:
    if gold.type is QuestionType.SUMMARY or not gold.exact:
        return
    synonyms = [text for item in gold.exact for text in item]
    for answer in filter(_is_fitted, response.answers):
        if gold.type is QuestionType.YESNO:
            samples[gold.type].add(dict(answer.features), gold.exact[0][0] == "yes", place, setting)
            continue
        correct = is_correct(answer.text, synonyms)
        accepted = correct or (not strictly and is_near_miss(answer.text, synonyms))
        samples[gold.type].add(dict(answer.features), correct, place, setting, accepted)


def _is_fitted(answer: Answer) -> bool:
    """Whether the confidence of an answer comes from features; that of an answer by rules does not."""
    return bool(answer.features)


def _are_among(documents: Sequence[str], readings: Sequence[Reading]) -> bool:
    return any(reading.context.passage.document.id in documents for reading in readings)
