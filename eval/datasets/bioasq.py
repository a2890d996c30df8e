"""Gold files of BioASQ Task B: questions with their answers, documents and snippets, in the format of any year."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval.datasets.files import Fields, list_field, read_json, shown, string_list
from bioqa.index.errors import InputError
from bioqa.qa.question_types import QuestionType

_MOST_SNIPPETS = 2_000  # of a question, each of which is compared with each
_FARTHEST = 1 << 31  # character of a section


@dataclass(frozen=True, slots=True)
class Snippet:
    """An excerpt of a document: characters `begin` to `end` of a section (title, abstract, or section of the body)."""

    document: str
    begin_section: str
    end_section: str
    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with its gold standard.

    `exact` holds the accepted synonyms of each item: one item for a factoid, several for a list, ("yes",) or ("no",)
    for yes/no, none for a summary. `ideal` holds the reference answers in prose. `documents` holds ids without the
    address of PubMed.
    """

    id: str
    type: QuestionType
    body: str
    exact: tuple[tuple[str, ...], ...]
    documents: tuple[str, ...]
    answerable: bool = True
    ideal: tuple[str, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    concepts: tuple[str, ...] = ()
    triples: tuple[str, ...] = ()

    @property
    def relevant_documents(self) -> tuple[str, ...]:
        """The distinct documents that the question names or quotes in a snippet."""
        return tuple(dict.fromkeys([*self.documents, *(snippet.document for snippet in self.snippets)]))

    @property
    def snippet_texts(self) -> tuple[str, ...]:
        """The distinct texts of the snippets, without surrounding white space and without empty ones."""
        return tuple(text for text in dict.fromkeys(snippet.text.strip() for snippet in self.snippets) if text)


def read_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a BioASQ gold file, plain or compressed; at least one.

    Raises InputError that names the question and what was expected.
    """
    questions = [_gold(fields, name) for name, fields in read_questions(path)]
    if not questions:
        raise InputError(f"{path}: the file has no questions; expected at least one")
    return questions


def read_questions(path: Path) -> Iterator[tuple[str, Fields]]:
    """The entries of a BioASQ file, each with its name for error messages.

    Raises InputError for another kind of file, an entry without an id, and a repeated id.
    """
    parsed = read_json(path, "a BioASQ file: expected JSON with 'questions'", legible=True)
    entries = parsed.get("questions") if isinstance(parsed, dict) else None
    if not isinstance(entries, list):
        raise InputError(f"{path}: not a BioASQ file: expected an object with a list called 'questions'")
    seen = set()
    for place, fields in enumerate(entries, start=1):
        identity = fields.get("id") if isinstance(fields, dict) else None
        if not isinstance(identity, str) or not identity:
            raise InputError(f"{path}: question number {place}: expected an object with a string 'id'")
        if identity in seen:
            raise InputError(f"{path}: question {identity} occurs twice; every id must be unique")
        seen.add(identity)
        yield f"{path}: question {identity}", fields


def _gold(fields: Fields, name: str) -> GoldQuestion:
    kind = question_type(fields, name)
    body = fields.get("body")
    if not isinstance(body, str) or not body.strip():
        raise InputError(f"{name}: expected 'body', the question itself, as text; found {shown(body)}")
    return GoldQuestion(
        id=fields["id"],
        type=kind,
        body=body,
        exact=_gold_exact(fields.get("exact_answer"), kind, name),
        documents=documents(fields, name),
        answerable=bool(fields.get("answerable", True)),
        ideal=ideal(fields, name),
        snippets=snippets(fields, name),
        concepts=string_list(fields, "concepts", name),
        triples=triples(fields, name),
    )


def question_type(fields: Fields, name: str) -> QuestionType:
    """The question type of an entry. Raises InputError for a type that BioASQ does not have."""
    try:
        return QuestionType(str(fields["type"]).lower())
    except KeyError:
        raise InputError(f"{name}: expected 'type'") from None
    except ValueError:
        known = ", ".join(QuestionType)
        raise InputError(f"{name}: type is {shown(fields['type'])}; expected one of {known}") from None


def _gold_exact(value: Any, kind: QuestionType, name: str) -> tuple[tuple[str, ...], ...]:
    if value in (None, [], "") or kind is QuestionType.SUMMARY:
        return ()
    if kind is QuestionType.YESNO:
        return ((yes_or_no(value, name),),)
    items = answer_items(value, name)
    if kind is QuestionType.FACTOID:  # flat synonyms, or one list of synonyms inside a list
        return (tuple(text for item in items for text in item),)
    return items


def yes_or_no(value: Any, name: str) -> str:
    """The exact answer to a yes/no question, written yes, Yes. or ["yes"]. Raises InputError for anything else."""
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    answer = re.match(r"\s*(yes|no)\b", only, re.IGNORECASE) if isinstance(only, str) else None
    if not answer:
        raise InputError(f"{name}: exact_answer of a yes/no question is {shown(value)}; expected yes or no")
    return answer[1].lower()


def answer_items(value: Any, name: str) -> tuple[tuple[str, ...], ...]:
    """The items of an exact answer with their synonyms, from "a", ["a", "b"] or [["a", "synonym of a"], ["b"]]."""
    items = [value] if isinstance(value, str) else value
    if isinstance(items, list):
        nested = [item if isinstance(item, list) else [item] for item in items]
        if all(isinstance(text, str) for item in nested for text in item):
            return tuple(tuple(item) for item in nested)
    raise InputError(f"{name}: exact_answer is {shown(value)}; expected strings or lists of synonyms")


def ideal(fields: Fields, name: str) -> tuple[str, ...]:
    """The reference answers in prose, written as one string or a list."""
    value = fields.get("ideal_answer")
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{name}: ideal_answer is {shown(value)}; expected a string or a list of strings")
    return tuple(texts)


def documents(fields: Fields, name: str) -> tuple[str, ...]:
    """The ids of the documents, written as ids or as PubMed addresses."""
    return tuple(document_id(value, name) for value in list_field(fields, "documents", name))


def document_id(value: Any, name: str) -> str:
    """The id of a document from its id or its address, with or without a final slash."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip(" /"):
        raise InputError(f"{name}: a document is {shown(value)}; expected a PMID or a PubMed address")
    return str(value).strip(" /").rsplit("/", 1)[-1]


def snippets(fields: Fields, name: str) -> tuple[Snippet, ...]:
    """The snippets with their offsets in their sections."""
    values = list_field(fields, "snippets", name)
    if len(values) > _MOST_SNIPPETS:
        raise InputError(f"{name}: {len(values):,} snippets; a question has {_MOST_SNIPPETS:,} at most")
    return tuple(_snippet(value, f"{name}: snippet {number}") for number, value in enumerate(values, 1))


def _snippet(value: Any, name: str) -> Snippet:
    if not isinstance(value, dict):
        raise InputError(f"{name} is {shown(value)}; expected an object")
    begin, end = value.get("offsetInBeginSection"), value.get("offsetInEndSection")
    if not (isinstance(begin, int) and isinstance(end, int) and max(abs(begin), abs(end)) < _FARTHEST):
        raise InputError(f"{name}: expected whole numbers as offsetInBeginSection and offsetInEndSection")
    sections = value.get("beginSection", "abstract"), value.get("endSection", "abstract")
    text = value.get("text", "")
    if not all(isinstance(field, str) for field in (*sections, text)):
        raise InputError(f"{name}: expected strings as text, beginSection and endSection")
    return Snippet(document_id(value.get("document"), name), *sections, begin, end, text)


def triples(fields: Fields, name: str) -> tuple[str, ...]:
    """The triples, each as one string."""
    return tuple(_triple(value, name) for value in list_field(fields, "triples", name))


def _triple(value: Any, name: str) -> str:
    """A triple as one string: subject, predicate, object."""
    if isinstance(value, str):
        return value
    parts = [value.get(key) for key in ("s", "p", "o")] if isinstance(value, dict) else []
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) < 3:
        raise InputError(f"{name}: a triple is {shown(value)}; expected an object with strings s, p and o")
    return " ".join(texts)
