from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.runs import diagnosis
from bioqa.eval.runs.ledger import Cause, LedgerEntry, NearestPair
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Answer, Engine
from bioqa.qa.question_types import QuestionType

FACTOID, LIST = QuestionType.FACTOID, QuestionType.LIST
Entry = Callable[..., LedgerEntry]


def question(kind: QuestionType, *items: tuple[str, ...], snippet: str = "") -> GoldQuestion:
    snippets = (Snippet("101", "abstract", "abstract", 0, len(snippet), snippet),) if snippet else ()
    return GoldQuestion("q", kind, "what gene causes cystic fibrosis?", items, ("101",), snippets=snippets)


@pytest.fixture
def entry(engine: Engine) -> Entry:
    """The ledger's line where these were the answers, and the paper on CFTR was read."""
    found = engine.ask("what gene causes cystic fibrosis?", AskConfig(passages=1))

    def made(gold: GoldQuestion, *answers: str) -> LedgerEntry:
        row = diagnosis.diagnose(gold, replace(found, type=gold.type), [Answer(text, 0.5, {}, ()) for text in answers])
        assert row
        return row

    return made


def test_a_factoid_is_right_by_its_first_answer(entry: Entry) -> None:
    assert entry(question(FACTOID, ("cftr",)), "CFTR", "x").cause is Cause.RIGHT
    assert entry(question(FACTOID, ("cftr",)), "chromosome", "CFTR").cause is Cause.MISRANKED


def test_what_no_passage_says_was_not_retrieved_or_cannot_be(entry: Entry) -> None:
    gold = question(FACTOID, ("SLC26A9",), snippet="It is SLC26A9.")
    assert entry(gold, "CFTR").cause is Cause.NOT_RETRIEVED
    assert entry(gold, "CFTR").extractable
    without = question(FACTOID, ("SLC26A9",), snippet="It is SLC26A91.")
    assert entry(without, "CFTR").cause is Cause.NOT_EXTRACTABLE
    assert not entry(without, "CFTR").extractable


def test_what_a_passage_says_but_no_span_offers_was_not_read(entry: Entry, engine: Engine) -> None:
    (hit,) = engine.ask("what gene causes cystic fibrosis?", AskConfig(passages=1)).hits
    sentence = hit.passage.text.rstrip(".")  # no span holds all of a passage
    assert entry(question(FACTOID, (sentence,)), "elsewhere").cause is Cause.NOT_READ


def test_what_is_right_to_the_eye_is_a_near_miss_with_its_distance(entry: Entry) -> None:
    row = entry(question(FACTOID, ("CFTR.",)), "the CFTR")
    assert row.cause is Cause.NEAR_MISS
    assert row.nearest == NearestPair("the CFTR", "CFTR.", pytest.approx(5 / 8))


def test_a_list_is_right_when_it_is_all_there_and_nothing_else(entry: Entry) -> None:
    gold = question(LIST, ("a1",), ("b2",))
    assert entry(gold, "a1", "B2").cause is Cause.RIGHT
    assert entry(gold, "a1", "b2", "zebra").cause is Cause.MISRANKED
    assert entry(gold, "a1").cause is Cause.NOT_EXTRACTABLE


def test_a_list_has_the_cause_of_most_of_what_is_missed(entry: Entry) -> None:
    gold = question(LIST, ("SLC26A9",), ("HTT",), ("CFTR",), snippet="SLC26A9 and HTT")
    assert entry(gold, "zebra").cause is Cause.NOT_RETRIEVED


def test_nothing_answered_still_has_a_line(entry: Entry) -> None:
    row = entry(question(FACTOID, ("CFTR",)))
    assert (row.answers, row.confidence, row.nearest) == ((), None, None)


def test_only_factoids_and_lists_with_gold_answers_are_in_the_ledger(engine: Engine) -> None:
    found = engine.ask("what gene causes cystic fibrosis?", AskConfig(passages=1))
    assert diagnosis.diagnose(question(FACTOID), found, []) is None
    assert diagnosis.diagnose(question(QuestionType.YESNO, ("yes",)), found, []) is None


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("IL-6", "interleukin", False),
        ("IL-6", "IL6", True),
        ("IL-6", "IL-8", False),
        ("human glioma", "Glioma", True),
        ("rotavirus", "rotavirus disease", False),
        ("chromosome 7", "chromosome 17", False),
        ("alacrima", "alacrimia", True),
        ("95%", "95 %", True),
        ("kinase", "phosphatase", False),
        ("", "a", False),
    ],
)
def test_near_misses_are_what_a_person_would_accept(answer: str, gold: str, expected: bool) -> None:
    assert diagnosis.is_near_miss(answer, [gold]) is expected


@pytest.mark.parametrize(
    ("some", "other", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("ABC", "abc", 0), ("flaw", "lawn", 2)],
)
def test_distances_are_those_of_levenshtein(some: str, other: str, edits: int) -> None:
    assert diagnosis.edit_distance(some, other) == pytest.approx(edits / max(len(some), len(other), 1))


def slow_edits(some: str, other: str) -> int:
    if not some or not other:
        return len(some) + len(other)
    if some[0] == other[0]:
        return slow_edits(some[1:], other[1:])
    return 1 + min(slow_edits(some[1:], other), slow_edits(some, other[1:]), slow_edits(some[1:], other[1:]))


@settings(deadline=None)
@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_distances_agree_with_the_definition(some: str, other: str) -> None:
    assert diagnosis.edit_distance(some, other) * max(len(some), len(other), 1) == pytest.approx(
        slow_edits(some, other)
    )
