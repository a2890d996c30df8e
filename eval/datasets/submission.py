"""Submissions to BioASQ Task B: a system's answers to the questions of a gold file, read and written."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval.datasets import bioasq
from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.datasets.files import Fields, string_list
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.qa.question_types import QuestionType

DOCUMENTS = SNIPPETS = 10  # the most that BioASQ accepts for a question
FACTOID_ANSWERS = 5
_PUBMED = "http://www.ncbi.nlm.nih.gov/pubmed/"  # the official evaluator compares addresses of this form


@dataclass(frozen=True, slots=True)
class SubmittedAnswer:
    """A system's answer to one question.

    `exact` holds the exact answers, best first: up to five for a factoid, the items of a list, "yes" or "no". Only the
    first of several synonyms counts, as in the official evaluator since BioASQ 5.
    """

    id: str
    exact: tuple[str, ...] = ()
    ideal: str = ""
    documents: tuple[str, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    concepts: tuple[str, ...] = ()
    triples: tuple[str, ...] = ()


def read_submission(path: Path, questions: Sequence[GoldQuestion]) -> list[SubmittedAnswer]:
    """The answers to `questions`, in their order. Answers to other questions are ignored.

    Raises InputError that names the question and what was expected. A question without an entry raises it too, because
    it would silently score as a wrong answer.
    """
    types = {question.id: question.type for question in questions}
    answers = {
        fields["id"]: _submitted(fields, types[fields["id"]], name)
        for name, fields in bioasq.read_questions(path)
        if fields["id"] in types
    }
    missing = [question.id for question in questions if question.id not in answers]
    if missing:
        raise InputError(
            f"{path}: {len(missing)} of {len(questions)} questions have no entry, the first is {missing[0]}; "
            "give an unanswered question an entry with only its id"
        )
    return [answers[question.id] for question in questions]


def _submitted(fields: Fields, kind: QuestionType, name: str) -> SubmittedAnswer:
    if fields.get("type") is not None and bioasq.question_type(fields, name) is not kind:
        raise InputError(f"{name}: type is {fields['type']}; the gold file has {kind}")
    return SubmittedAnswer(
        id=fields["id"],
        exact=_exact(fields.get("exact_answer"), kind, name),
        ideal=" ".join(bioasq.ideal(fields, name)),
        documents=bioasq.documents(fields, name),
        snippets=bioasq.snippets(fields, name),
        concepts=string_list(fields, "concepts", name),
        triples=bioasq.triples(fields, name),
    )


def _exact(value: Any, kind: QuestionType, name: str) -> tuple[str, ...]:
    if value in (None, [], "") or kind is QuestionType.SUMMARY:
        return ()
    if kind is QuestionType.YESNO:
        return (bioasq.yes_or_no(value, name),)
    return tuple(item[0] if item else "" for item in bioasq.answer_items(value, name))


def truncate(submitted: SubmittedAnswer, kind: QuestionType) -> SubmittedAnswer:
    """The part of an answer that counts by BioASQ's rules; the official evaluator itself truncates nothing."""
    return SubmittedAnswer(
        submitted.id,
        submitted.exact[:FACTOID_ANSWERS] if kind is QuestionType.FACTOID else submitted.exact,
        submitted.ideal,
        submitted.documents[:DOCUMENTS],
        submitted.snippets[:SNIPPETS],
        submitted.concepts,
        submitted.triples,
    )


def write_submission(path: Path, questions: Sequence[GoldQuestion], answers: Iterable[SubmittedAnswer]) -> None:
    """Write a file that BioASQ accepts. Raises StorageError if the file cannot be written."""
    entries = [_entry(question, answer) for question, answer in zip(questions, answers, strict=True)]
    atomic.write_text(path, json.dumps({"questions": entries}, ensure_ascii=False, indent=1) + "\n")


def _entry(question: GoldQuestion, answer: SubmittedAnswer) -> Mapping[str, Any]:
    exact: Mapping[QuestionType, Any] = {
        QuestionType.FACTOID: [[text] for text in answer.exact],
        QuestionType.LIST: [[text] for text in answer.exact],
        QuestionType.YESNO: answer.exact[0] if answer.exact else "",
    }
    return {
        "id": question.id,
        "type": question.type.value,
        "body": question.body,
        "documents": [_address(document) for document in answer.documents],
        "snippets": [_snippet(snippet) for snippet in answer.snippets],
        **({"exact_answer": exact[question.type]} if question.type in exact else {}),
        "ideal_answer": answer.ideal,
    }


def _address(document: str) -> str:
    return _PUBMED + document if re.fullmatch(r"\d+", document, re.ASCII) else document


def _snippet(snippet: Snippet) -> Mapping[str, Any]:
    return {
        "document": _address(snippet.document),
        "beginSection": snippet.begin_section,
        "endSection": snippet.end_section,
        "offsetInBeginSection": snippet.begin,
        "offsetInEndSection": snippet.end,
        "text": snippet.text,
    }
