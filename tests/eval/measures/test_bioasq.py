from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.datasets.submission import SubmittedAnswer
from bioqa.eval.measures import bioasq
from bioqa.qa.question_types import QuestionType

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY
EPSILON = 1e-5


def gold(kind: QuestionType, *items: tuple[str, ...], **more: object) -> GoldQuestion:
    return GoldQuestion(**({"id": "1", "type": kind, "body": "?", "exact": items, "documents": ()} | more))  # type: ignore[arg-type]


def answered(*exact: str, **more: object) -> SubmittedAnswer:
    return SubmittedAnswer("1", exact, **more)  # type: ignore[arg-type]


def phase_a(*pairs: tuple[GoldQuestion, SubmittedAnswer]) -> dict[str, float]:
    return {name: measure.value for name, measure in bioasq.phase_a(pairs).items()}


def phase_b(*pairs: tuple[GoldQuestion, SubmittedAnswer]) -> dict[str, float]:
    return {name: measure.value for name, measure in bioasq.phase_b(pairs).items()}


@pytest.mark.parametrize(
    ("answer", "synonyms", "expected"),
    [
        ("cftr", ["CFTR"], True),
        ("CFTR gene", ["CFTR"], False),
        (" CFTR", ["CFTR"], False),
        ("IL 6", ["IL-6"], False),
        ("", [], False),
    ],
)
def test_answers_are_the_same_only_as_whole_strings_whatever_their_case(
    answer: str, synonyms: list[str], expected: bool
) -> None:
    assert bioasq.is_correct(answer, synonyms) is expected


def test_factoid_measures_are_those_worked_out_by_hand() -> None:
    question = gold(FACTOID, ("a", "A1"))
    answers = [("A",), ("x", "a1"), ("x", "y", "z", "v", "a"), ("x", "y"), ()]
    found = phase_b(*((question, answered(*exact)) for exact in answers))
    assert found["factoid_strict_accuracy"] == pytest.approx(1 / 5)
    assert found["factoid_lenient_accuracy"] == pytest.approx(3 / 5)
    assert found["factoid_mrr"] == pytest.approx((1 + 1 / 2 + 1 / 5) / 5)


def test_list_measures_are_those_worked_out_by_hand() -> None:
    question = gold(LIST, ("a", "a1"), ("b",), ("c",), ("d",))
    answers = [("A1", "b", "x"), ("a", "b", "c", "d"), ("x",), ()]
    found = phase_b(*((question, answered(*exact)) for exact in answers))
    first = 2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4)
    assert found["list_precision"] == pytest.approx((2 / 3 + 1) / 4)
    assert found["list_recall"] == pytest.approx((2 / 4 + 1) / 4)
    assert found["list_f_measure"] == pytest.approx((first + 1) / 4)


def test_to_name_an_item_twice_is_right_once() -> None:
    assert bioasq.list_counts(gold(LIST, ("a", "a1"), ("b",)), ["a", "a1"]) == (1, 1)


def test_an_item_that_shares_its_name_with_a_found_one_is_not_missed() -> None:
    assert bioasq.list_counts(gold(LIST, ("a", "b"), ("a", "c")), ["a"]) == (1, 0)
    assert bioasq.list_counts(gold(LIST, ("a",), ("a", "c"), ("a", "d")), ["a"]) == (1, 1)


def test_yes_no_measures_are_those_of_the_confusion_matrix() -> None:
    yes, no = gold(YESNO, ("yes",)), gold(YESNO, ("no",))
    pairs = [(yes, "yes")] * 3 + [(yes, "no")] + [(no, "no")] * 2 + [(no, "yes")] * 2
    found = phase_b(*((question, answered(exact)) for question, exact in pairs))
    assert found["yesno_accuracy"] == pytest.approx(5 / 8)
    assert found["yesno_f1_yes"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    assert found["yesno_f1_no"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))
    assert found["yesno_macro_f1"] == pytest.approx((found["yesno_f1_yes"] + found["yesno_f1_no"]) / 2)


def test_no_answer_is_wrong_for_yes_and_for_no() -> None:
    yes, no = gold(YESNO, ("yes",)), gold(YESNO, ("no",))
    found = phase_b((yes, answered("yes")), (yes, answered()), (no, answered("no")))
    assert found["yesno_f1_yes"] == found["yesno_f1_no"] == pytest.approx(2 / 3)


def test_a_label_that_never_comes_has_an_f1_of_zero() -> None:
    found = phase_b((gold(YESNO, ("yes",)), answered("yes")))
    assert (found["yesno_f1_yes"], found["yesno_f1_no"], found["yesno_macro_f1"]) == (1.0, 0.0, 0.5)


def test_questions_without_a_gold_answer_are_left_out() -> None:
    found = phase_b((gold(FACTOID), answered("a")), (gold(FACTOID, ("a",)), answered("a")), (gold(LIST), answered("a")))
    assert found["factoid_strict_accuracy"] == 1.0
    assert found["list_f_measure"] == 0.0


def test_without_questions_all_is_zero() -> None:
    assert set(phase_b().values()) == set(phase_a().values()) == {0.0}
    assert len(phase_a()) == 20


def test_document_measures_are_those_worked_out_by_hand() -> None:
    first = gold(SUMMARY, documents=("1", "2", "3", "4")), answered(documents=("1", "9", "2"))
    second = gold(SUMMARY, documents=("1",)), answered(documents=("9",))
    found = phase_a(first, second)
    average = (1 / 1 + 2 / 3) / 4
    assert found["documents_mean_precision"] == pytest.approx((2 / 3) / 2)
    assert found["documents_recall"] == pytest.approx((2 / 4) / 2)
    assert found["documents_f_measure"] == pytest.approx(2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2) / 2)
    assert found["documents_map"] == pytest.approx(average / 2)
    assert found["documents_gmap"] == pytest.approx(exp((log(average + EPSILON) + log(EPSILON)) / 2))


def test_average_precision_is_divided_by_ten_where_more_is_right() -> None:
    documents = tuple(str(n) for n in range(20))
    found = phase_a((gold(SUMMARY, documents=documents), answered(documents=documents[:10])))
    assert found["documents_map"] == pytest.approx(1.0)


def test_a_document_given_twice_counts_twice() -> None:
    found = phase_a((gold(SUMMARY, documents=("1", "2")), answered(documents=("1", "1"))))
    assert found["documents_mean_precision"] == 1.0
    assert found["documents_recall"] == pytest.approx(2 / 3)


def test_concepts_count_where_both_sides_have_some_and_triples_where_the_gold_side_has() -> None:
    found = phase_a(
        (gold(SUMMARY, concepts=("c",), triples=("t",)), answered(concepts=("c",), triples=("t",))),
        (gold(SUMMARY, concepts=("c",), triples=("t",)), answered()),
        (gold(SUMMARY), answered(concepts=("c",), triples=("t",))),
    )
    assert found["concepts_mean_precision"] == 1.0
    assert found["triples_mean_precision"] == 0.5


def test_snippet_measures_are_of_merged_characters() -> None:
    def piece(begin: int, end: int) -> Snippet:
        return Snippet("1", "abstract", "abstract", begin, end, "")

    question = gold(SUMMARY, snippets=(piece(0, 9), piece(5, 19)))  # merged: 20 characters
    found = phase_a((question, answered(snippets=(piece(10, 29), piece(20, 39)))))  # merged: 30, of them 10 right
    assert found["snippets_mean_precision"] == pytest.approx(10 / 30)
    assert found["snippets_recall"] == pytest.approx(10 / 20)
    assert found["snippets_f_measure"] == pytest.approx(0.4)
    assert found["snippets_map"] == pytest.approx(10 / 30)
    assert found["snippets_gmap"] == pytest.approx(10 / 30 + EPSILON)


def test_to_gmap_a_question_without_gold_snippets_is_as_good_as_perfect() -> None:
    piece = Snippet("1", "abstract", "abstract", 0, 9, "")
    found = phase_a((gold(SUMMARY), answered(snippets=(piece,))), (gold(SUMMARY, snippets=(piece,)), answered()))
    assert found["snippets_map"] == 0.0
    assert found["snippets_gmap"] == pytest.approx(exp((0 + log(EPSILON)) / 2))


@pytest.mark.filterwarnings("error")
def test_a_gold_snippet_that_ends_before_it_begins_is_no_cause_for_a_warning() -> None:
    turned, piece = (Snippet("1", "abstract", "abstract", *ends, "") for ends in ((50, 10), (0, 99)))
    found = phase_a((gold(SUMMARY, snippets=(turned,)), answered(snippets=(piece,))))
    assert found["snippets_map"] == pytest.approx(-39 / 100)
    assert found["snippets_gmap"] == 0.0


def test_ideal_answers_are_compared_with_all_references() -> None:
    question = gold(SUMMARY, ideal=("Mutations of the CFTR gene cause cystic fibrosis.",))
    assert phase_b((question, answered(ideal=question.ideal[0])))["ideal_rouge_2_f1"] == pytest.approx(1.0)
    assert phase_b((question, answered(ideal="nothing of that")))["ideal_rouge_su4_recall"] < 0.2
    assert phase_b((gold(SUMMARY, ideal=("  ",)), answered(ideal="text")))["ideal_rouge_2_recall"] == 0.0


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=5, unique=True), min_size=1))
def test_strict_is_at_most_mrr_and_that_at_most_lenient(answers: list[list[str]]) -> None:
    found = phase_b(*((gold(FACTOID, ("a",)), answered(*exact)) for exact in answers))
    strict, mrr, lenient = (found[f"factoid_{name}"] for name in ("strict_accuracy", "mrr", "lenient_accuracy"))
    assert 0 <= strict <= mrr + 1e-12 <= lenient + 2e-12 <= 1 + 3e-12


@given(st.lists(st.sampled_from("abcdefg"), max_size=7, unique=True))
def test_the_order_of_a_list_makes_no_difference(answers: list[str]) -> None:
    question = gold(LIST, ("a",), ("b",), ("c",))
    assert bioasq.list_counts(question, answers) == bioasq.list_counts(question, answers[::-1])
