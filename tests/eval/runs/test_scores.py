import json
from dataclasses import replace
from pathlib import Path

import pytest

from bioqa.eval import tables
from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.datasets.submission import SubmittedAnswer
from bioqa.eval.runs import scores
from bioqa.eval.runs.evaluation import read_batches
from bioqa.eval.runs.scores import GoldBatch
from bioqa.qa.question_types import QuestionType


def question(identity: str, answer: str, snippet: str = "") -> GoldQuestion:
    snippets = (Snippet("1", "abstract", "abstract", 0, len(snippet), snippet),) if snippet else ()
    return GoldQuestion(identity, QuestionType.FACTOID, "?", ((answer,),), ("1",), snippets=snippets)


BATCH = GoldBatch("b", [question("1", "a", "it is a"), question("2", "b", "it is c"), question("3", "c")])
ANSWERS = {
    "1": SubmittedAnswer("1", ("a",)),
    "2": SubmittedAnswer("2", ("x", "b")),
    "3": SubmittedAnswer("3", tuple("123456")),
}


def test_the_ceiling_is_of_what_stands_in_the_snippets() -> None:
    assert scores.score(BATCH, ANSWERS).ceilings == {"factoid": 0.5}  # the third has no snippets to stand in


def test_what_is_handed_in_beyond_what_counts_is_counted() -> None:
    assert scores.score(BATCH, ANSWERS).truncated == 1


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
    parts = [scores.score(BATCH, ANSWERS), scores.score(GoldBatch("second", BATCH.questions[:1]), ANSWERS)]
    table = scores.batches_table(parts)
    assert [row[:3] for row in table.rows] == [("b", 3, pytest.approx(1 / 3)), ("second", 1, 1.0)]


def test_two_systems_are_compared_question_by_question() -> None:
    better = ANSWERS | {"2": SubmittedAnswer("2", ("b",))}
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
    assert scores.display_name(name) == expected


def test_concepts_are_not_compared_since_each_system_is_asked_others() -> None:
    one = replace(question("1", "a"), concepts=("http://c/1",))
    two = replace(question("2", "b"), concepts=("http://c/2",))
    given = [
        {"1": SubmittedAnswer("1", ("a",), concepts=said), "2": SubmittedAnswer("2", ("b",), concepts=other)}
        for said, other in [(("http://c/1",), ()), ((), ("http://c/2",))]
    ]
    ours, theirs = (scores.score(GoldBatch("b", [one, two]), answers) for answers in given)
    assert len(ours.measures["concepts_map"].per_question) == len(theirs.measures["concepts_map"].per_question) == 1
    compared = scores.comparison(ours, theirs)
    assert "factoid_mrr" in compared
    assert not [name for name in compared if name.startswith("concepts")]


def test_batches_have_names_of_their_own(tmp_path: Path) -> None:
    questions = [{"id": "1", "type": "summary", "body": "?", "ideal_answer": ["x"], "documents": ["1"]}]
    content = json.dumps({"questions": questions})
    (tmp_path / "a").mkdir()
    paths = [tmp_path / name for name in ("B.part1.json", "B.part2.json", "7B1_golden.json", "a/B.part1.json")]
    for path in paths:
        path.write_text(content)
    assert [batch.name for batch in read_batches(paths[:3])] == ["B.part1", "B.part2", "7B1_golden"]
    assert [batch.name for batch in read_batches(paths)] == [str(path) for path in paths]
