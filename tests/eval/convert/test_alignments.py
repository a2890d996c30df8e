import pytest

from bioqa.eval import tables
from bioqa.eval.convert import alignments
from bioqa.eval.convert.alignments import RuleCounts
from bioqa.eval.convert.contexts import Contexts
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.qa.question_types import QuestionType


def question(*items: tuple[str, ...], identity: str = "q") -> GoldQuestion:
    return GoldQuestion(identity, QuestionType.LIST, "which?", items, ())


TEXTS = Contexts(("cftr and TNF-α", "the CFTR gene", "nothing here"), missing_documents=2)
QUESTIONS = [
    (question(("CFTR", "ABCC7"), ("TNF-alpha", "TNF"), ("HTT",), identity="some"), TEXTS),
    (question(("HTT", "---"), identity="none"), TEXTS),
    (question(("",), (" ",), identity="no answer"), TEXTS),
    (question(identity="nothing gold"), TEXTS),
    (question(("CFTR",), identity="no text"), Contexts(())),
]
FINDINGS = [alignments.align(gold, contexts) for gold, contexts in QUESTIONS]


def test_every_gold_string_is_looked_for_in_every_text() -> None:
    found = FINDINGS[0]
    texts = zip(TEXTS.texts, found.matches, strict=True)
    assert [[(text[m.start : m.end], m.rule) for m in matches] for text, matches in texts] == [
        [("cftr", "case"), ("TNF-α", "normal")],
        [("CFTR", "exact")],
        [],
    ]


def test_a_gold_string_counts_for_the_strictest_rule_that_found_it_anywhere() -> None:
    assert FINDINGS[0].rules == {"CFTR": "exact", "TNF-alpha": "normal", "TNF": "exact"}


def test_an_item_is_missing_when_none_of_its_strings_is_found() -> None:
    assert FINDINGS[0].missing == [("HTT",)]
    assert FINDINGS[1].missing == [("HTT", "---")]
    assert FINDINGS[2].items == FINDINGS[2].missing == []
    assert alignments.missing_items(FINDINGS) == [
        {"question": "some", "item": ("HTT",), "contexts": 3},
        {"question": "none", "item": ("HTT", "---"), "contexts": 3},
        {"question": "no text", "item": ("CFTR",), "contexts": 0},
    ]


def test_rules_that_do_not_count_find_nothing() -> None:
    assert alignments.align(*QUESTIONS[0], rules=["exact"]).rules == {"CFTR": "exact", "TNF": "exact"}


def test_every_question_has_a_match_or_one_reason_to_have_none() -> None:
    counted = alignments.statistics(FINDINGS)
    assert (counted.questions, counted.questions_with_match, counted.questions_without_match) == (5, 1, 1)
    assert (counted.questions_without_exact_answer, counted.questions_without_context) == (2, 1)


def test_what_was_found_is_counted_by_rule() -> None:
    counted = alignments.statistics(FINDINGS)
    assert (counted.gold_items, counted.gold_items_found) == (5, 2)
    assert (counted.gold_strings, counted.gold_strings_found) == (8, 3)
    assert (counted.contexts, counted.contexts_with_match, counted.matches) == (12, 2, 3)
    assert counted.documents_lacking == 8
    assert counted.by_rule["exact"] == RuleCounts(questions=1, gold_strings=2, matches=1)
    assert counted.by_rule["case"] == RuleCounts(questions=0, gold_strings=0, matches=1)
    assert counted.by_rule["normal"] == RuleCounts(questions=0, gold_strings=1, matches=1)


@pytest.mark.parametrize("rule", ["exact", "abbreviation"])
def test_the_table_has_a_line_for_every_rule(rule: str) -> None:
    assert f"\n{rule} " in tables.text(alignments.table(alignments.statistics([]).by_rule))
