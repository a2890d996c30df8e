"""The selection of questions and texts for conversions of BioASQ's gold files."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bioqa.eval.convert import contexts
from bioqa.eval.convert.alignments import Alignment, align
from bioqa.eval.convert.contexts import Contexts
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.runs import evaluation, scores
from bioqa.index.errors import InputError
from bioqa.index.progress import Progress
from bioqa.index.search.hybrid import Index
from bioqa.qa.question_types import QuestionType

TYPES: Mapping[str, Collection[QuestionType]] = {
    "factoid": (QuestionType.FACTOID,),
    "list": (QuestionType.LIST,),
    "both": (QuestionType.FACTOID, QuestionType.LIST),
}
ContextSource = Callable[[GoldQuestion], Contexts]


def select_questions(paths: Sequence[Path], kind: str) -> list[GoldQuestion]:
    """The questions of gold files with a type in TYPES[kind].

    Raises InputError if there are none, and for a question in two files.
    """
    whole = scores.pooled(evaluation.read_batches(paths), cure="give every question once")
    selected = [question for question in whole.questions if question.type in TYPES[kind]]
    if not selected:
        present = ", ".join(sorted({question.type.value for question in whole.questions}))
        raise InputError(
            f"{whole.name}: no {' or '.join(TYPES[kind])} questions, only {present} questions; choose another --type"
        )
    return selected


def documents_in(folder: Path, questions: Sequence[GoldQuestion]) -> ContextSource:
    """A function from a question to its documents in an index. Raises InputError if the index holds none of them."""
    index = Index(folder)
    if not index.passages_of([document for question in questions for document in question.documents]):
        raise InputError(f"{folder}: holds none of the gold documents; build an index of them, or use the snippets")
    return lambda question: contexts.of_documents(question, index)


def align_all(
    questions: Sequence[GoldQuestion], source: ContextSource, rules: Collection[str], progress: Progress
) -> list[Alignment]:
    """Align the gold answers of every question with its texts."""
    alignments = []
    for question in questions:
        alignments.append(align(question, source(question), rules))
        progress.update(len(alignments) / len(questions), len(alignments))
    return alignments


def json_lines(entries: Iterable[Mapping[str, Any]]) -> str:
    """The entries as JSON lines."""
    return "".join(json.dumps(entry) + "\n" for entry in entries)
