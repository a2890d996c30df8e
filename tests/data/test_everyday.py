import json
import re
from collections import Counter

import pytest

from bioqa.eval.everyday import table as everyday_table
from bioqa.eval.everyday.table import EverydayQuestion, EverydayTable, is_pmid
from bioqa.qa import starter

_CHOICES = "choice"  # these questions name the right answer themselves
_MOST_PASSAGES = 0.2  # share of the starter passages in which a pattern may match by chance
_WORD = re.compile(r"[\w.-]+")


@pytest.fixture(scope="module")
def table() -> EverydayTable:
    return everyday_table.read_table(everyday_table.shipped_folder())


@pytest.fixture(scope="module")
def passages() -> dict[str, str]:
    rows = [json.loads(line) for line in starter.passages_file().read_text(encoding="utf-8").splitlines()]
    return {row["id"]: f"{row['title']}\n{row['text']}" for row in rows}


def accepts(question: EverydayQuestion, text: str) -> bool:
    return all(pattern.search(text) for pattern in question.accept)


def answerable(table: EverydayTable) -> list[EverydayQuestion]:
    return [question for question in table.questions if question.expect == "answer"]


def test_there_are_enough_rows_of_each_kind(table: EverydayTable) -> None:
    assert len(table.questions) >= 400
    assert len(table.pairs) >= 150
    assert len(table.of_pubmed().questions) >= max(130, len(table.questions) // 3 - 5)
    assert Counter(question.expect for question in table.questions).keys() == set(everyday_table.EXPECTED)
    assert len({question.form for question in table.questions}) >= 20


def test_ids_and_questions_are_unique(table: EverydayTable) -> None:
    ids = [row.id for row in (*table.questions, *table.pairs)]
    assert len(set(ids)) == len(ids)
    texts = [question.text for question in table.questions]
    texts += [twin.text for pair in table.pairs for twin in pair.questions()]
    assert Counter(text.casefold() for text in texts).most_common(1)[0][1] == 1


def test_the_tables_are_small(table: EverydayTable) -> None:
    assert sum(path.stat().st_size for path in everyday_table.shipped_folder().iterdir()) <= 150_000


def test_the_halves_are_alike_and_share_no_source(table: EverydayTable) -> None:
    dev, test = table.of_half("dev"), table.of_half("test")
    assert not dev.sources() & test.sources()
    assert abs(len(dev.questions) - len(test.questions)) <= 10
    assert abs(len(dev.pairs) - len(test.pairs)) <= 10


def test_every_source_exists(table: EverydayTable, passages: dict[str, str]) -> None:
    assert [source for source in table.sources() if not is_pmid(source) and source not in passages] == []


def test_every_accept_pattern_matches_the_passage_that_answers(table: EverydayTable, passages: dict[str, str]) -> None:
    asked = [question for question in answerable(table) if not is_pmid(question.source)]
    assert [question.id for question in asked if not accepts(question, passages[question.source])] == []


def test_no_accept_pattern_matches_a_typical_wrong_answer(table: EverydayTable) -> None:
    asked = answerable(table)
    assert [question.id for question in asked if not question.wrong] == []
    assert [(question.id, wrong) for question in asked for wrong in question.wrong if accepts(question, wrong)] == []


def test_no_accept_pattern_matches_its_question(table: EverydayTable) -> None:
    asked = [question for question in answerable(table) if question.form != _CHOICES]
    assert [question.id for question in asked if accepts(question, question.text)] == []


def test_a_choice_rejects_what_is_not_to_be_chosen(table: EverydayTable) -> None:
    assert [question.id for question in table.questions if question.form == _CHOICES and not question.reject] == []


def test_no_accept_pattern_matches_by_chance(table: EverydayTable, passages: dict[str, str]) -> None:
    most = _MOST_PASSAGES * len(passages)
    loose = [
        question.id for question in answerable(table) if sum(accepts(question, t) for t in passages.values()) > most
    ]
    assert loose == []


def test_twins_differ_in_few_words(table: EverydayTable) -> None:
    def words(text: str) -> list[str]:
        return [word.casefold() for word in _WORD.findall(text)]

    for pair in table.pairs:
        true, false = Counter(words(pair.true)), Counter(words(pair.false))
        assert (true - false).total() + (false - true).total() <= 6, pair.id
        assert words(pair.true) != words(pair.false), pair.id


def test_the_questions_are_not_those_of_the_starter_set(table: EverydayTable) -> None:
    known = json.loads(starter.questions_file().read_text(encoding="utf-8"))["questions"]
    bodies = {" ".join(_WORD.findall(question["body"].casefold())) for question in known}
    asked = {" ".join(_WORD.findall(question.text.casefold())) for question in table.questions}
    assert asked & bodies == set()
