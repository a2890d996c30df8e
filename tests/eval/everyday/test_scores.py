import re

import pytest

from bioqa.eval import tables
from bioqa.eval.everyday import scores as everyday_scores
from bioqa.eval.everyday.scores import EverydayScores, JudgedPair, JudgedQuestion, Reply, Tally, Verdict
from bioqa.eval.everyday.table import EverydayQuestion, MinimalPair
from bioqa.qa.question_types import QuestionType

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY


def question(
    expect: str = "answer",
    accept: tuple[str, ...] = (),
    reject: str = "",
    source: str = "starter:x",
    form: str = "cause",
) -> EverydayQuestion:
    flags = re.IGNORECASE | re.MULTILINE
    return EverydayQuestion(
        id="q1",
        half="dev",
        form=form,
        source=source,
        text="why?",
        expect=expect,
        accept=tuple(re.compile(pattern, flags) for pattern in accept),
        reject=re.compile(reject, flags) if reject else None,
    )


def reply(
    *answers: str, of: QuestionType = FACTOID, abstained: bool = False, prose: str = "", sure: float = 0.5
) -> Reply:
    return Reply(of, abstained, answers, prose, sure)


def verdict(asked: EverydayQuestion, said: Reply) -> Verdict:
    return JudgedQuestion(asked, said).verdict


def test_a_right_answer_may_be_the_second() -> None:
    assert verdict(question(accept=("^cftr$",)), reply("HTT", "CFTR")) is Verdict.RIGHT
    assert verdict(question(accept=("^cftr$",)), reply("HTT")) is Verdict.WRONG
    assert verdict(question(accept=("^cftr$",)), reply()) is Verdict.WRONG


def test_all_patterns_must_match_but_not_the_same_answer() -> None:
    asked = question(accept=("borrelia", "doxycycline"))
    assert verdict(asked, reply("Borrelia", "doxycycline")) is Verdict.RIGHT
    assert verdict(asked, reply("Borrelia", "ceftriaxone")) is Verdict.WRONG


def test_prose_counts_for_a_summary_only() -> None:
    asked = question(accept=("lysosome",))
    assert verdict(asked, reply(of=SUMMARY, prose="It fuses with a lysosome.")) is Verdict.RIGHT
    assert verdict(asked, reply("cell death", prose="It fuses with a lysosome.")) is Verdict.WRONG


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (reply("Sabin", "Salk"), Verdict.RIGHT),  # the other answers of a factoid are alternatives
        (reply("Salk", "Sabin"), Verdict.WRONG),
        (reply("a vaccine", "Sabin"), Verdict.WRONG),  # no second try where a serious error is foreseen
        (reply("Sabin", "Salk", of=LIST), Verdict.WRONG),  # all items of a list are asserted
        (reply(of=SUMMARY, prose="Sabin, unlike Salk, ..."), Verdict.WRONG),
    ],
)
def test_a_serious_error_makes_an_answer_wrong(said: Reply, expected: Verdict) -> None:
    assert verdict(question(accept=("sabin",), reject="salk"), said) is expected


def test_yes_and_no_are_the_first_answer() -> None:
    assert verdict(question("yes"), reply("Yes", of=YESNO)) is Verdict.RIGHT
    assert verdict(question("no"), reply("yes", "no", of=YESNO)) is Verdict.WRONG
    assert verdict(question("no"), reply(of=SUMMARY, prose="No.")) is Verdict.WRONG


def test_abstaining_is_right_only_where_it_is_expected() -> None:
    held_back = reply("CFTR", abstained=True)
    assert verdict(question("abstain"), held_back) is Verdict.RIGHT
    assert verdict(question("abstain"), reply("CFTR")) is Verdict.WRONG
    assert verdict(question(accept=("cftr",)), held_back) is Verdict.SILENT
    assert JudgedQuestion(question(accept=("cftr",)), held_back).is_right  # had it been given
    assert not JudgedQuestion(question("abstain"), held_back).is_right


PAIR = MinimalPair("p1", "dev", "inheritance", "7", "Is it recessive?", "Is it dominant?")


def pair(true: Reply, false: Reply) -> JudgedPair:
    asked, twin = PAIR.questions()
    return JudgedPair(PAIR, JudgedQuestion(asked, true), JudgedQuestion(twin, false))


YES, NO, NOTHING = reply("yes", of=YESNO), reply("no", of=YESNO), reply("yes", of=YESNO, abstained=True)


@pytest.mark.parametrize(
    ("true", "false", "expected"),
    [
        (YES, NO, Verdict.RIGHT),
        (YES, YES, Verdict.WRONG),
        (NO, NO, Verdict.WRONG),
        (NOTHING, YES, Verdict.WRONG),
        (NOTHING, NO, Verdict.SILENT),
        (NOTHING, NOTHING, Verdict.SILENT),
    ],
)
def test_a_pair_is_right_if_both_twins_are(true: Reply, false: Reply, expected: Verdict) -> None:
    assert pair(true, false).verdict is expected


@pytest.fixture
def scores() -> EverydayScores:
    """Four questions, of which two are right, and a pair of which one twin is wrong."""
    judged = [
        JudgedQuestion(question(accept=("a",)), reply("a", sure=0.9)),
        JudgedQuestion(question(accept=("a",), source="12"), reply("b", sure=0.2)),
        JudgedQuestion(question("abstain", form="greeting", source=""), reply("a", abstained=True, sure=0.05)),
        JudgedQuestion(question(accept=("a",), form="keyword"), reply("x\ty", abstained=True, sure=0.0)),
    ]
    return EverydayScores("dev", judged, [pair(YES, YES)], {"questions": 1, "pairs": 0}, {"reader": "toy"})


def test_verdicts_are_counted_by_form_and_corpus(scores: EverydayScores) -> None:
    found = everyday_scores.as_object(scores)
    assert found["questions"] == {
        "cause": {"right": 1, "silent": 0, "wrong": 1},
        "greeting": {"right": 1, "silent": 0, "wrong": 0},
        "keyword": {"right": 0, "silent": 1, "wrong": 0},
        "starter passages": {"right": 2, "silent": 1, "wrong": 0},
        "PubMed abstracts": {"right": 0, "silent": 0, "wrong": 1},
        "all": {"right": 2, "silent": 1, "wrong": 1},
    }
    assert found["pairs"]["all"] == {"right": 0, "silent": 0, "wrong": 1}
    assert (found["half"], found["reader"], found["left_out"]) == ("dev", "toy", {"questions": 1, "pairs": 0})
    assert "failures" not in found


def test_confidence_is_measured_as_if_bioqa_never_abstained(scores: EverydayScores) -> None:
    measured = everyday_scores.confidences(scores)
    assert {kind: found.questions for kind, found in measured.items()} == {"answers": 4, "yes or no": 2}
    assert measured["answers"].accuracy == 0.25  # nothing is right where no passage answers
    surest = next(point for point in measured["answers"].thresholds if point.threshold == 0.5)
    assert (surest.coverage, surest.accuracy) == (0.25, 1.0)
    assert measured["yes or no"].accuracy == 0.5


def test_failures_show_the_question_and_the_reply(scores: EverydayScores) -> None:
    table = everyday_scores.failures_table(scores)
    assert [row[0] for row in table.rows] == ["wrong", "silent", "wrong"]
    assert table.rows[0][3:] == ("why?", "a", 0.2, "b")
    assert table.rows[2][3:5] == ("Is it dominant?", "no")
    assert everyday_scores.as_object(scores, failures=True)["failures"][0]["reply"] == "b"


def test_in_text_every_group_has_its_line(scores: EverydayScores) -> None:
    shown = "\n".join(tables.text(table) for table in everyday_scores.tables(scores))
    for start in (
        "Everyday questions, half dev",
        "cause ",
        "all ",
        "Minimal pairs, half dev",
        "inheritance ",
        "Confidence",
    ):
        assert f"\n{start}" in f"\n{shown}"


def test_a_run_without_pairs_has_no_table_of_them() -> None:
    only = EverydayScores("dev", [JudgedQuestion(question(accept=("a",)), reply("a"))], [], {})
    assert [table.title.split(",")[0] for table in everyday_scores.tables(only)] == ["Everyday questions", "Confidence"]


def test_a_tally_adds_up() -> None:
    assert Tally(3, 2, 1).total == 6
