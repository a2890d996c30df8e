"""BioASQ Task B files: questions with their gold answers, documents and snippets, in every shape the years have had."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioqa.eval.unpacked import unpacked
from bioqa.index import jsonl
from bioqa.index.errors import InputError
from bioqa.qa.questions import QuestionType

Fields = Mapping[str, Any]
_LARGEST = 100 << 20  # bytes; SQuAD's training questions have 42 MB
_MOST_VALUES = 3_000_000  # which take up to 200 bytes each; SQuAD has 0.8 million
_MOST_SNIPPETS = 2_000  # of a question, each of which is compared with each
_FARTHEST = 1 << 31  # character of a section
_SURROGATE = re.compile(rb"\\u[dD]|\xed[\xa0-\xbf]")  # of JSON in UTF-8, written out or not


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a document: characters `begin` to `end` of its section (title, abstract, or a section of the body)."""

    document: str
    begin_section: str
    end_section: str
    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and what is right.

    `exact` holds the acceptable strings of each item: one item for a factoid, several for a list, ("yes",) or ("no",)
    for yes/no, none for a summary. `ideal` holds the reference answers in prose. `documents` are ids without the
    address of PubMed before them.
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


def read_gold(path: Path) -> list[GoldQuestion]:
    """The questions of a BioASQ gold file, maybe compressed, at least one.

    Raises InputError: which question, what was expected.
    """
    questions = [_gold(fields, name) for name, fields in read_questions(path)]
    if not questions:
        raise InputError(f"{path}: there is no question in it")
    return questions


def read_json(path: Path, what: str, *, legible: bool = False) -> Any:
    """The content of a JSON file, maybe compressed; in a `legible` one question marks stand for lone surrogates, which
    no tokenizer takes.

    Raises InputError for a file that is missing or is not `what`.
    """
    content = unpacked(path, _LARGEST)
    if sum(map(content.count, b",[{")) > _MOST_VALUES:
        raise InputError(
            f"{path}: holds more than {_MOST_VALUES:,} values, which are not held in memory; split the file"
        )
    try:
        value = json.loads(content)
        if jsonl.depth(value) > jsonl.DEEPEST:
            raise ValueError("nested too deeply")
        if legible and _SURROGATE.search(content):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        return value
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not {what} ({error})") from None


def read_questions(path: Path) -> Iterator[tuple[str, Fields]]:
    """The entries of a BioASQ file, each with what to call it in an error.

    Raises InputError for a file that is none, an entry without an id, and an id that comes twice.
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
            raise InputError(f"{path}: question {identity} is there twice; every id may come once")
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
        concepts=strings(fields, "concepts", name),
        triples=triples(fields, name),
    )


def question_type(fields: Fields, name: str) -> QuestionType:
    """The type of an entry. Raises InputError for one that BioASQ doesn't have."""
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
    """The exact answer to a yes/no question, which comes as yes, Yes., or ["yes"]. Raises InputError for others."""
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    answer = re.match(r"\s*(yes|no)\b", only, re.IGNORECASE) if isinstance(only, str) else None
    if not answer:
        raise InputError(f"{name}: exact_answer of a yes/no question is {shown(value)}; expected yes or no")
    return answer[1].lower()


def answer_items(value: Any, name: str) -> tuple[tuple[str, ...], ...]:
    """The items of an exact answer, each with its synonyms, from "a", ["a", "b"] or [["a", "synonym of a"], ["b"]]."""
    items = [value] if isinstance(value, str) else value
    if isinstance(items, list):
        nested = [item if isinstance(item, list) else [item] for item in items]
        if all(isinstance(text, str) for item in nested for text in item):
            return tuple(tuple(item) for item in nested)
    raise InputError(
        f"{name}: exact_answer is {shown(value)}; expected strings, or lists of strings that mean the same"
    )


def ideal(fields: Fields, name: str) -> tuple[str, ...]:
    """The answers in prose: one string, or several."""
    value = fields.get("ideal_answer")
    texts = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{name}: ideal_answer is {shown(value)}; expected a string or a list of strings")
    return tuple(texts)


def documents(fields: Fields, name: str) -> tuple[str, ...]:
    """The ids of the documents, which come as ids or as addresses at PubMed."""
    return tuple(document_id(value, name) for value in listed(fields, "documents", name))


def document_id(value: Any, name: str) -> str:
    """The id of a document that is given by its id, or by its address with or without a slash at the end."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip(" /"):
        raise InputError(f"{name}: a document is {shown(value)}; expected a PMID or its address at PubMed")
    return str(value).strip(" /").rsplit("/", 1)[-1]


def snippets(fields: Fields, name: str) -> tuple[Snippet, ...]:
    """The snippets, with their offsets in their sections."""
    given = listed(fields, "snippets", name)
    if len(given) > _MOST_SNIPPETS:
        raise InputError(f"{name}: {len(given):,} snippets; a question has {_MOST_SNIPPETS:,} at most")
    return tuple(_snippet(value, f"{name}: snippet {n}") for n, value in enumerate(given, 1))


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


def strings(fields: Fields, key: str, name: str) -> tuple[str, ...]:
    """A list of strings that may be missing or null."""
    values = listed(fields, key, name)
    if not all(isinstance(value, str) for value in values):
        raise InputError(f"{name}: expected '{key}' to be a list of strings")
    return tuple(values)


def triples(fields: Fields, name: str) -> tuple[str, ...]:
    """The triples, each as one string."""
    return tuple(_triple(value, name) for value in listed(fields, "triples", name))


def _triple(value: Any, name: str) -> str:
    """A triple as one string: subject, predicate, object."""
    if isinstance(value, str):
        return value
    parts = [value.get(key) for key in ("s", "p", "o")] if isinstance(value, dict) else []
    texts = [part for part in parts if isinstance(part, str)]
    if len(texts) < 3:
        raise InputError(f"{name}: a triple is {shown(value)}; expected an object with strings s, p and o")
    return " ".join(texts)


def listed(fields: Fields, key: str, name: str) -> list[Any]:
    """The list under `key`; empty where it is missing or null."""
    values = fields.get(key)
    if values is None:
        return []
    if not isinstance(values, list):
        raise InputError(f"{name}: '{key}' is {shown(values)}; expected a list")
    return values


def shown(value: Any) -> str:
    """A value as an error message shows it: never endless."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
