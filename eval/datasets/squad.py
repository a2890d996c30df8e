"""The files of SQuAD 1.1 and 2.0: questions about texts, and predicted answers.

Rajpurkar et al., "SQuAD: 100,000+ questions for machine comprehension of text" (2016), and "Know what you don't know:
unanswerable questions for SQuAD" (2018).
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval.datasets.files import Fields, list_field, read_json, shown
from bioqa.index import atomic
from bioqa.index.errors import InputError

_LARGEST = sys.float_info.max  # an integer of JSON can be larger


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """A question about a text with its reference answers; an unanswerable question has none.

    `starts` holds the character offset of each answer in the text, or None if the file does not give it.
    """

    id: str
    question: str
    context: str
    answers: tuple[str, ...]
    starts: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class SquadDataset:
    """The questions of a file. `unanswerable` marks SQuAD 2.0, where some questions have no answer."""

    questions: tuple[SquadQuestion, ...]
    unanswerable: bool


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers by question id ("" for no answer) and, if the system gives them, probabilities of no answer."""

    answers: Mapping[str, str]
    no_answer: Mapping[str, float] | None = None


def read_squad(path: Path) -> SquadDataset:
    """The questions of a SQuAD file, plain or compressed. It is SQuAD 2.0 if any question has the field `is_impossible`
    or no answers.

    Raises InputError that names the question and what was expected.
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
            raise InputError(f"{path}: question {question.id} occurs twice; every id must be unique")
        questions[question.id] = question
        unanswerable |= "is_impossible" in fields or not question.answers
    if not questions:
        raise InputError(f"{path}: the file has no questions; expected at least one")
    return SquadDataset(tuple(questions.values()), unanswerable)


def _entries(article: Any, path: Path, place: int) -> Iterator[tuple[Fields, str]]:
    """The raw questions of an article, each with its text."""
    if isinstance(article, dict) and isinstance(article.get("context"), str):  # COVID-QA: one question for each text
        article = {"paragraphs": [{"context": article["context"], "qas": [article]}]}
    paragraphs = article.get("paragraphs") if isinstance(article, dict) else None
    if not isinstance(paragraphs, list):
        raise InputError(f"{path}: article {place}: expected an object with a list called 'paragraphs'")
    for number, paragraph in enumerate(paragraphs, 1):
        name = f"{path}: article {place}, paragraph {number}"
        if not isinstance(paragraph, dict) or not isinstance(paragraph.get("context"), str):
            raise InputError(f"{name}: expected an object with a string 'context'")
        for fields in list_field(paragraph, "qas", name):
            if not isinstance(fields, dict) or not isinstance(fields.get("id"), str):
                raise InputError(f"{name}: a question is {shown(fields)}; expected an object with a string 'id'")
            yield fields, paragraph["context"]


def _question(fields: Fields, context: str, name: str) -> SquadQuestion:
    question, entries = fields.get("question"), fields.get("answers")
    if not isinstance(question, str):
        raise InputError(f"{name}: expected 'question' as text; found {shown(question)}")
    if not isinstance(entries, list):
        raise InputError(f"{name}: expected a list called 'answers'; found {shown(entries)}")
    answers = [answer.get("text") if isinstance(answer, dict) else None for answer in entries]
    if not all(isinstance(text, str) for text in answers):
        raise InputError(f"{name}: 'answers' is {shown(entries)}; expected objects with a string 'text'")
    starts = [answer.get("answer_start") for answer in entries]
    return SquadQuestion(
        fields["id"],
        question,
        context,
        tuple(map(str, answers)),
        tuple(start if isinstance(start, int) else None for start in starts),
    )


def read_predictions(path: Path, probabilities: Path | None = None) -> Predictions:
    """Answers and probabilities of no answer from files in the format of the official script.

    Raises InputError that names the question and what was expected.
    """
    answers = _by_id(path, "predictions", "strings", lambda value: isinstance(value, str))
    if probabilities is None:
        return Predictions(answers)
    no_answer = _by_id(probabilities, "probabilities", "numbers", _is_number)
    for identity in answers:
        if identity not in no_answer:
            raise InputError(f"{probabilities}: no probability for question {identity}, which {path} answers")
    return Predictions(answers, no_answer)


def _by_id(path: Path, kind: str, expected: str, is_valid: Callable[[Any], bool]) -> dict[str, Any]:
    """The values of a JSON object by question id; `kind` and `expected` describe them in errors."""
    values = read_json(path, f"a file of {kind}: expected a JSON object from question ids to {expected}")
    if not isinstance(values, dict):
        raise InputError(f"{path}: not a file of {kind}: expected a JSON object from question ids to {expected}")
    for identity, value in values.items():
        if not is_valid(value):
            raise InputError(f"{path}: question {identity}: found {shown(value)}; expected {expected}")
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write the answers in the format of the official scripts. Raises StorageError if the file cannot be written."""
    atomic.write_text(path, json.dumps(predictions.answers, indent=1) + "\n")
