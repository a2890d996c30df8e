import pytest

from bioqa.eval import scores, tables
from bioqa.eval.gold import GoldQuestion, Snippet
from bioqa.eval.scores import Batch
from bioqa.eval.submission import Submitted
from bioqa.qa.questions import QuestionType


def question(identity: str, answer: str, snippet: str = "") -> GoldQuestion:
    snippets = (Snippet("1", "abstract", "abstract", 0, len(snippet), snippet),) if snippet else ()
    return GoldQuestion(identity, QuestionType.FACTOID, "?", ((answer,),), ("1",), snippets=snippets)


BATCH = Batch("b", [question("1", "a", "it is a"), question("2", "b", "it is c"), question("3", "c")])
ANSWERS = {"1": Submitted("1", ("a",)), "2": Submitted("2", ("x", "b")), "3": Submitted("3", tuple("123456"))}


def test_the_ceiling_is_of_what_stands_in_the_snippets() -> None:
    assert scores.score(BATCH, ANSWERS).ceilings == {"factoid": 0.5}  # the third has no snippets to stand in


def test_what_is_handed_in_beyond_what_counts_is_counted() -> None:
    assert scores.score(BATCH, ANSWERS).shortened == 1


def test_figures_have_the_names_of_the_official_evaluator() -> None:
    found = scores.as_object(scores.score(BATCH, ANSWERS))
    assert found["phase_b"]["factoid_mrr"] == pytest.approx(0.5)
    assert found["phase_a"]["documents_map"] == 0.0
    assert found["questions"] == {"factoid": 3}
    assert scores.as_object(scores.score(BATCH, ANSWERS, retrieved=False))["phase_a"] == {}


def test_only_measures_with_questions_are_shown() -> None:
    text = tables.text(scores.measures_table(scores.score(BATCH, ANSWERS)))
    assert "factoid MRR" in text
    assert "yes/no" not in text
    assert "list" not in text


def test_batches_are_rows() -> None:
    parts = [scores.score(BATCH, ANSWERS), scores.score(Batch("second", BATCH.questions[:1]), ANSWERS)]
    table = scores.batches_table(parts)
    assert [row[:3] for row in table.rows] == [("b", 3, pytest.approx(1 / 3)), ("second", 1, 1.0)]


def test_two_systems_are_compared_question_by_question() -> None:
    better = ANSWERS | {"2": Submitted("2", ("b",))}
    found = scores.comparison(scores.score(BATCH, better), scores.score(BATCH, ANSWERS))
    assert found["factoid_strict_accuracy"].difference == pytest.approx(1 / 3)
    assert found["factoid_strict_accuracy"].p_value == 1.0  # one question proves nothing
    assert found["factoid_lenient_accuracy"].difference == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("documents_gmap", "documents GMAP"),
        ("documents_map", "documents MAP"),
        ("yesno_macro_f1", "yes/no macro F1"),
        ("list_f_measure", "list F"),
        ("ideal_rouge_su4_recall", "ideal ROUGE-SU4 recall"),
        ("factoid_mrr", "factoid MRR"),
    ],
)
def test_measures_have_names_that_people_say(name: str, expected: str) -> None:
    assert scores.spoken(name) == expected
