"""SQuAD 1.1 and 2.0: questions on a text, predictions of their answers, and a reader that makes some.

Rajpurkar et al., "SQuAD: 100,000+ questions for machine comprehension of text" (2016), and "Know what you don't know:
unanswerable questions for SQuAD" (2018).
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval.gold import Fields, listed, read_json, shown
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.index.progress import Progress
from bioqa.index.records import Document, Passage
from bioqa.index.runtime import processors
from bioqa.qa.reader import Reader

_LARGEST = sys.float_info.max  # an integer of JSON can be larger
_ANSWER_TOKENS = 30  # word pieces; what readers of SQuAD allow since BERT


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question on a text, with the answers that people gave: none where the text does not say.

    `starts` holds the character of the text at which each answer begins, None where the file doesn't say.
    """

    id: str
    question: str
    context: str
    answers: tuple[str, ...]
    starts: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Squad:
    """The questions of a file; `unanswerable` says that it is SQuAD 2.0, where some have no answer."""

    questions: tuple[SquadQuestion, ...]
    unanswerable: bool


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers by question id, "" for no answer, and the probability that there is none, where the system gives it."""

    answers: Mapping[str, str]
    no_answer: Mapping[str, float] | None = None


def read_squad(path: Path) -> Squad:
    """The questions of a SQuAD file, plain or compressed: 2.0 if one has a field `is_impossible`, or no answers.

    Raises InputError: which question, what was expected.
    """
    parsed = read_json(path, "a SQuAD file: expected JSON with 'data'", legible=True)
    data = parsed.get("data") if isinstance(parsed, dict) else None
    if not isinstance(data, list):
        raise InputError(f"{path}: not a SQuAD file: expected an object with a list called 'data'")
    questions: dict[str, SquadQuestion] = {}
    unanswerable = False
    for fields, context in (entry for place, article in enumerate(data, 1) for entry in _entries(article, path, place)):
        question = _question(fields, context, f"{path}: question {fields['id']}")
        if question.id in questions:
            raise InputError(f"{path}: question {question.id} is there twice; every id may come once")
        questions[question.id] = question
        unanswerable |= "is_impossible" in fields or not question.answers
    if not questions:
        raise InputError(f"{path}: there are no questions in it")
    return Squad(tuple(questions.values()), unanswerable)


def _entries(article: Any, path: Path, place: int) -> Iterator[tuple[Fields, str]]:
    """The questions of an article as they are in the file, each with the text that it is about."""
    if isinstance(article, dict) and isinstance(
        article.get("context"), str
    ):  # as COVID-QA has them: one text, one question
        article = {"paragraphs": [{"context": article["context"], "qas": [article]}]}
    paragraphs = article.get("paragraphs") if isinstance(article, dict) else None
    if not isinstance(paragraphs, list):
        raise InputError(f"{path}: article {place}: expected an object with a list called 'paragraphs'")
    for number, paragraph in enumerate(paragraphs, 1):
        name = f"{path}: article {place}, paragraph {number}"
        if not isinstance(paragraph, dict) or not isinstance(paragraph.get("context"), str):
            raise InputError(f"{name}: expected an object with a string 'context'")
        for fields in listed(paragraph, "qas", name):
            if not isinstance(fields, dict) or not isinstance(fields.get("id"), str):
                raise InputError(f"{name}: a question is {shown(fields)}; expected an object with a string 'id'")
            yield fields, paragraph["context"]


def _question(fields: Fields, context: str, name: str) -> SquadQuestion:
    question, given = fields.get("question"), fields.get("answers")
    if not isinstance(question, str):
        raise InputError(f"{name}: expected 'question' as text; found {shown(question)}")
    if not isinstance(given, list):
        raise InputError(f"{name}: expected a list called 'answers'; found {shown(given)}")
    answers = [answer.get("text") if isinstance(answer, dict) else None for answer in given]
    if not all(isinstance(text, str) for text in answers):
        raise InputError(f"{name}: 'answers' is {shown(given)}; expected objects with a string 'text'")
    starts = [answer.get("answer_start") for answer in given]
    return SquadQuestion(
        fields["id"],
        question,
        context,
        tuple(map(str, answers)),
        tuple(start if isinstance(start, int) else None for start in starts),
    )


def read_predictions(path: Path, probabilities: Path | None = None) -> Predictions:
    """Answers, and the probabilities of no answer, from files as the official script takes them.

    Raises InputError: which question, what was expected.
    """
    answers = _by_id(path, "predictions", "strings", lambda value: isinstance(value, str))
    if probabilities is None:
        return Predictions(answers)
    no_answer = _by_id(probabilities, "probabilities", "numbers", _is_number)
    for identity in answers:
        if identity not in no_answer:
            raise InputError(f"{probabilities}: nothing for question {identity}, which {path} answers")
    return Predictions(answers, no_answer)


def _by_id(path: Path, name: str, what: str, fits: Callable[[Any], bool]) -> dict[str, Any]:
    values = read_json(path, f"a file of {name}: expected a JSON object from question ids to {what}")
    if not isinstance(values, dict):
        raise InputError(f"{path}: not a file of {name}: expected a JSON object from question ids to {what}")
    for identity, value in values.items():
        if not fits(value):
            raise InputError(f"{path}: question {identity}: found {shown(value)}; expected {what}")
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write the answers as the official scripts take them. Raises StorageError where the disk refuses."""
    atomic.write_text(path, json.dumps(predictions.answers, indent=1) + "\n")


def predict(squad: Squad, reader: Reader, progress: Progress) -> Predictions:
    """The best span in each text; in SQuAD 2.0 no answer where the reader takes that for likelier."""

    def read(question: SquadQuestion) -> tuple[str, float]:
        passage = Passage(0, Document(question.id, abstract=_readable(question.context)), 0, len(question.context))
        (reading,) = reader.read(_readable(question.question), [passage], max_tokens=_ANSWER_TOKENS, count=1)
        if not reading.spans:
            return "", 1.0
        best = reading.spans[0]
        answer = "" if squad.unanswerable and best.probability < 0.5 else question.context[best.start : best.end]
        return answer, 1.0 - best.probability

    answers, no_answer = {}, {}
    with ThreadPoolExecutor(processors()) as pool:  # one passage a question would keep one processor busy
        try:
            for question, (answer, probability) in zip(squad.questions, pool.map(read, squad.questions), strict=True):
                answers[question.id], no_answer[question.id] = answer, probability
                progress.update(len(answers) / len(squad.questions), len(answers))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Predictions(answers, no_answer if squad.unanswerable else None)


def _readable(text: str) -> str:
    """The text with lone surrogates, which JSON can hold and no tokenizer takes, replaced one for one."""
    return text.encode("utf-8", "replace").decode()
