"""The steps that the conversions of BioASQ's gold files share: which questions, and which texts."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bioqa.eval import contexts, evaluation, findings, scores
from bioqa.eval.contexts import Contexts
from bioqa.eval.findings import Finding
from bioqa.eval.gold import GoldQuestion
from bioqa.index.errors import InputError
from bioqa.index.hybrid import Index
from bioqa.index.progress import Progress
from bioqa.qa.questions import QuestionType

TYPES: Mapping[str, Collection[QuestionType]] = {
    "factoid": (QuestionType.FACTOID,),
    "list": (QuestionType.LIST,),
    "both": (QuestionType.FACTOID, QuestionType.LIST),
}
Texts = Callable[[GoldQuestion], Contexts]


def questions(paths: Sequence[Path], kind: str) -> list[GoldQuestion]:
    """The questions of gold files whose type is one of TYPES[kind].

    Raises InputError where there are none, and where a question is in two files.
    """
    whole = scores.pooled(evaluation.read_batches(paths), cure="give every question once")
    wanted = [question for question in whole.questions if question.type in TYPES[kind]]
    if not wanted:
        there = ", ".join(sorted({question.type.value for question in whole.questions}))
        raise InputError(f"{whole.name}: no {' or '.join(TYPES[kind])} questions in it, only {there} questions")
    return wanted


def documents_in(folder: Path, asked: Sequence[GoldQuestion]) -> Texts:
    """What takes a question to its documents in an index. Raises InputError where it holds none of any question."""
    index = Index(folder)
    if not index.passages_of([document for question in asked for document in question.documents]):
        raise InputError(f"{folder}: holds none of the gold documents; build an index of them, or use the snippets")
    return lambda question: contexts.of_documents(question, index)


def look(asked: Sequence[GoldQuestion], texts: Texts, rules: Collection[str], progress: Progress) -> list[Finding]:
    """Look for the answers to every question in its texts."""
    found = []
    for question in asked:
        found.append(findings.look(question, texts(question), rules))
        progress.update(len(found) / len(asked), len(found))
    return found


def lines(entries: Iterable[Mapping[str, Any]]) -> str:
    """The entries as JSON lines."""
    return "".join(json.dumps(entry) + "\n" for entry in entries)
