"""Submissions to BioASQ Task B: the answers of a system to the questions of a gold file, read and written."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval import gold
from bioqa.eval.gold import GoldQuestion, Snippet
from bioqa.eval.unpacked import Fields, string_list
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.qa.questions import QuestionType

DOCUMENTS = SNIPPETS = 10  # what BioASQ lets a system hand in a question
FACTOID_ANSWERS = 5
_PUBMED = "http://www.ncbi.nlm.nih.gov/pubmed/"  # the form of address that the official evaluator compares


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a system answers to one question.

    `exact` holds its answers, best first: up to five to a factoid, the items of a list, "yes" or "no". Of synonyms
    that it gives for one answer only the first counts, as in the official evaluator since BioASQ 5.
    """

    id: str
    exact: tuple[str, ...] = ()
    ideal: str = ""
    documents: tuple[str, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    concepts: tuple[str, ...] = ()
    triples: tuple[str, ...] = ()


def read_submission(path: Path, questions: Sequence[GoldQuestion]) -> list[Submitted]:
    """The answers to `questions`, in their order. Answers to other questions are passed over.

    Raises InputError: which question, what was expected; and where a question has no entry, as it would score like a
    wrong answer without anybody having meant it.
    """
    types = {question.id: question.type for question in questions}
    found = {
        fields["id"]: _submitted(fields, types[fields["id"]], name)
        for name, fields in gold.read_questions(path)
        if fields["id"] in types
    }
    missing = [question.id for question in questions if question.id not in found]
    if missing:
        raise InputError(
            f"{path}: {len(missing)} of {len(questions)} questions have no entry, the first is {missing[0]}; "
            "a question without an answer needs an entry with its id alone"
        )
    return [found[question.id] for question in questions]


def _submitted(fields: Fields, kind: QuestionType, name: str) -> Submitted:
    if fields.get("type") is not None and gold.question_type(fields, name) is not kind:
        raise InputError(f"{name}: type is {fields['type']}; the gold file has {kind}")
    return Submitted(
        id=fields["id"],
        exact=_exact(fields.get("exact_answer"), kind, name),
        ideal=" ".join(gold.ideal(fields, name)),
        documents=gold.documents(fields, name),
        snippets=gold.snippets(fields, name),
        concepts=string_list(fields, "concepts", name),
        triples=gold.triples(fields, name),
    )


def _exact(value: Any, kind: QuestionType, name: str) -> tuple[str, ...]:
    if value in (None, [], "") or kind is QuestionType.SUMMARY:
        return ()
    if kind is QuestionType.YESNO:
        return (gold.yes_or_no(value, name),)
    return tuple(item[0] if item else "" for item in gold.answer_items(value, name))


def cut(submitted: Submitted, kind: QuestionType) -> Submitted:
    """What of an answer BioASQ's rules let count; the official evaluator itself cuts nothing."""
    return Submitted(
        submitted.id,
        submitted.exact[:FACTOID_ANSWERS] if kind is QuestionType.FACTOID else submitted.exact,
        submitted.ideal,
        submitted.documents[:DOCUMENTS],
        submitted.snippets[:SNIPPETS],
        submitted.concepts,
        submitted.triples,
    )


def write_submission(path: Path, questions: Sequence[GoldQuestion], answers: Iterable[Submitted]) -> None:
    """Write a file that BioASQ takes. Raises StorageError where the disk refuses."""
    entries = [_entry(question, answer) for question, answer in zip(questions, answers, strict=True)]
    atomic.write_text(path, json.dumps({"questions": entries}, ensure_ascii=False, indent=1) + "\n")


def _entry(question: GoldQuestion, answer: Submitted) -> Mapping[str, Any]:
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
