"""BioASQ questions with their gold answers, and the measures of Task B over answers to them."""

import gzip
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from bioqa.index.errors import InputError
from bioqa.qa.questions import QuestionType


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and what is right.

    `exact` holds the acceptable strings of each item: one item for a factoid, several for a list, ("yes",) or ("no",)
    for yes/no, none for a summary. `documents` are ids without the address of PubMed before them.
    """

    id: str
    type: QuestionType
    body: str
    exact: tuple[tuple[str, ...], ...]
    documents: tuple[str, ...]
    answerable: bool


def read_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a BioASQ gold file, plain or gzipped. Raises InputError: which question, what was expected."""
    try:
        content = path.read_bytes()
        parsed = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
        questions = parsed["questions"]
        if not isinstance(questions, list):
            raise TypeError(f"'questions' is {type(questions).__name__}")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise InputError(f"{path}: not a BioASQ file: expected JSON with 'questions' ({error})") from None
    return [_gold(fields, path) for fields in questions]


def _gold(fields: dict[str, Any], path: Path) -> GoldQuestion:
    try:
        kind = QuestionType(fields["type"])
        return GoldQuestion(
            id=str(fields["id"]),
            type=kind,
            body=str(fields["body"]),
            exact=_exact(fields.get("exact_answer"), kind),
            documents=tuple(str(document).rstrip("/").rsplit("/", 1)[-1] for document in fields.get("documents", [])),
            answerable=bool(fields.get("answerable", True)),
        )
    except (KeyError, ValueError, TypeError) as error:
        name = fields.get("id", "?") if isinstance(fields, dict) else "?"
        raise InputError(
            f"{path}: question {name}: expected id, type, body and exact_answer of a BioASQ question ({error})"
        ) from None


def _exact(value: Any, kind: QuestionType) -> tuple[tuple[str, ...], ...]:
    if not value or kind is QuestionType.SUMMARY:
        return ()
    if kind is QuestionType.YESNO:
        answer = str(value[0] if isinstance(value, list) else value).strip().rstrip(".").lower()
        if answer not in ("yes", "no"):
            raise ValueError(f"exact_answer of a yes/no question is {value!r}")
        return ((answer,),)
    if isinstance(value, str):
        return ((value,),)
    if kind is QuestionType.FACTOID:  # flat synonyms, or one list of synonyms inside a list
        return (tuple(str(text) for item in value for text in (item if isinstance(item, list) else [item])),)
    return tuple(tuple(str(text) for text in (item if isinstance(item, list) else [item])) for item in value)


def same(answer: str, synonyms: Sequence[str]) -> bool:
    """Whether BioASQ takes `answer` for one of `synonyms`: equal as whole strings in lower case."""
    return answer.strip().lower() in {synonym.strip().lower() for synonym in synonyms}


@dataclass(frozen=True, slots=True)
class FactoidScores:
    """Strict accuracy (the first answer is right), lenient accuracy (one of five is), and mean reciprocal rank."""

    strict: float
    lenient: float
    mrr: float
    questions: int


def factoid_scores(gold: Sequence[GoldQuestion], answers: Sequence[Sequence[str]]) -> FactoidScores:
    """The factoid measures over up to five answers a question, best first."""
    ranks = []
    for question, given in zip(gold, answers, strict=True):
        synonyms = question.exact[0] if question.exact else ()
        ranks.append(next((rank for rank, answer in enumerate(given[:5], start=1) if same(answer, synonyms)), None))
    if not ranks:
        return FactoidScores(0.0, 0.0, 0.0, 0)
    return FactoidScores(
        strict=fmean(rank == 1 for rank in ranks),
        lenient=fmean(rank is not None for rank in ranks),
        mrr=fmean(1 / rank if rank else 0.0 for rank in ranks),
        questions=len(ranks),
    )


@dataclass(frozen=True, slots=True)
class ListScores:
    """Means over questions of precision, recall and F-measure of the items."""

    precision: float
    recall: float
    f1: float
    questions: int


def list_scores(gold: Sequence[GoldQuestion], answers: Sequence[Sequence[str]]) -> ListScores:
    """The list measures; a gold item is found when one of its synonyms is among the answers."""
    rows = []
    for question, given in zip(gold, answers, strict=True):
        found = sum(any(same(answer, item) for answer in given) for item in question.exact)
        precision = found / len(given) if given else 0.0
        recall = found / len(question.exact) if question.exact else 0.0
        rows.append((precision, recall, 2 * precision * recall / (precision + recall) if found else 0.0))
    if not rows:
        return ListScores(0.0, 0.0, 0.0, 0)
    precision, recall, f1 = (fmean(column) for column in zip(*rows, strict=True))
    return ListScores(precision, recall, f1, len(rows))
