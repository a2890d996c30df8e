import json
import re
from collections import Counter
from typing import Any

import pytest

from bioqa.index.records import Document
from bioqa.index.text import passages
from bioqa.qa import starter

Passages = dict[str, dict[str, Any]]
Questions = list[dict[str, Any]]


@pytest.fixture(scope="module")
def shipped() -> Passages:
    rows = [json.loads(line) for line in starter.passages_file().read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def questions() -> Questions:
    return list(json.loads(starter.questions_file().read_text(encoding="utf-8"))["questions"])


def answerable(questions: Questions, kind: str) -> Questions:
    return [question for question in questions if question["type"] == kind and question["answerable"]]


def whole(passage: dict[str, Any]) -> str:
    return f"{passage['title']}\n{passage['text']}"


def says(text: str, synonyms: list[str]) -> bool:
    """Whether one of the synonyms stands in a text as whole words."""
    return any(re.search(rf"(?<!\w){re.escape(synonym.lower())}(?!\w)", text.lower()) for synonym in synonyms)


def test_there_are_enough_passages_of_a_readable_length(shipped: Passages) -> None:
    assert len(shipped) >= 400
    for name, passage in shipped.items():
        assert 60 <= len(passage["text"].split()) <= 150, name
        assert passage["title"].strip() == passage["title"] != "", name
        assert passage["text"].strip() == passage["text"], name


def test_ids_say_where_a_passage_is_from_and_what_it_is_about(shipped: Passages) -> None:
    assert all(re.fullmatch(r"starter:[a-z0-9]+(-[a-z0-9]+)*", name) for name in shipped)


def test_no_passage_is_there_twice(shipped: Passages) -> None:
    assert Counter(passage["text"] for passage in shipped.values()).most_common(1)[0][1] == 1


def test_every_starter_passage_is_one_passage_of_the_index(shipped: Passages) -> None:
    for passage in shipped.values():
        document = Document(id=passage["id"], title=passage["title"], abstract=passage["text"])
        ((start, end),) = passages.windows(document)
        assert document.text[start:end] == passage["text"]


def test_there_are_enough_questions_of_every_type_and_some_that_cannot_be_answered(questions: Questions) -> None:
    assert len(questions) >= 200
    assert len({question["id"] for question in questions}) == len(questions)
    assert len({question["body"] for question in questions}) == len(questions)
    assert {question["type"] for question in questions if question["answerable"]} == {
        "factoid",
        "list",
        "yesno",
        "summary",
    }
    assert sum(not question["answerable"] for question in questions) == 20


def test_every_snippet_stands_where_its_offsets_say(shipped: Passages, questions: Questions) -> None:
    for question in questions:
        for snippet in question["snippets"]:
            assert snippet["beginSection"] == snippet["endSection"] == "abstract", question["id"]
            start, end = snippet["offsetInBeginSection"], snippet["offsetInEndSection"]
            assert 0 <= start < end, question["id"]
            assert shipped[snippet["document"]]["text"][start:end] == snippet["text"], question["id"]


def test_gold_documents_ship_and_snippets_are_from_them(shipped: Passages, questions: Questions) -> None:
    for question in questions:
        assert set(question["documents"]) <= shipped.keys(), question["id"]
        assert {snippet["document"] for snippet in question["snippets"]} <= set(question["documents"]), question["id"]
        assert bool(question["snippets"]) is bool(question["documents"]) is question["answerable"], question["id"]


def test_every_gold_snippet_of_a_factoid_or_its_document_says_the_answer(
    shipped: Passages, questions: Questions
) -> None:
    for question in answerable(questions, "factoid"):
        (synonyms,) = question["exact_answer"]
        assert synonyms, question["id"]
        for snippet in question["snippets"]:
            document = whole(shipped[snippet["document"]])
            assert says(snippet["text"], synonyms) or says(document, synonyms), (question["id"], snippet["document"])


def test_every_item_of_a_list_stands_in_a_gold_document(shipped: Passages, questions: Questions) -> None:
    for question in answerable(questions, "list"):
        assert len(question["exact_answer"]) >= 2, question["id"]
        text = "\n".join(whole(shipped[document]) for document in question["documents"])
        for synonyms in question["exact_answer"]:
            assert says(text, synonyms), (question["id"], synonyms)


def test_no_two_items_of_a_list_go_by_the_same_name(questions: Questions) -> None:
    for question in answerable(questions, "list"):
        items = [{synonym.lower() for synonym in item} for item in question["exact_answer"]]
        assert sum(map(len, items)) == len(set().union(*items)), question["id"]


def test_yes_and_no_both_occur_in_good_numbers(questions: Questions) -> None:
    given = Counter(question["exact_answer"] for question in answerable(questions, "yesno"))
    assert given.keys() == {"yes", "no"}
    assert min(given.values()) >= 10


def test_what_can_be_answered_has_an_ideal_answer(questions: Questions) -> None:
    for question in questions:
        if question["answerable"]:
            assert question["ideal_answer"], question["id"]
            assert all(text.strip() for text in question["ideal_answer"]), question["id"]
        else:
            assert not question["exact_answer"], question["id"]
