from dataclasses import replace

from bioqa.eval.report import examples
from bioqa.eval.runs.evaluation import Evaluation
from bioqa.eval.runs.ledger import MEANINGS, Cause
from bioqa.eval.runs.outcome import Outcome


def changed(outcome: Outcome, **changes: object) -> Outcome:
    assert outcome.ledger_entry
    return replace(outcome, ledger_entry=replace(outcome.ledger_entry, **changes))  # type: ignore[arg-type]


def test_every_cause_is_explained() -> None:
    assert list(MEANINGS) == list(Cause)


def test_causes_come_in_order_and_the_surest_first(by_hand: Evaluation) -> None:
    found = examples.by_cause(by_hand.outcomes)
    assert {cause: [one.question[:7] for one in some] for cause, some in found.items()} == {
        Cause.RIGHT: ["which 1", "which 4"],
        Cause.NOT_READ: ["which o"],
        Cause.MISRANKED: ["which 5"],
        Cause.NEAR_MISS: ["which 3", "which 2"],
    }
    assert list(found) == [cause for cause in Cause if cause in found]


def test_an_example_says_all_that_is_known(by_hand: Evaluation) -> None:
    one = examples.by_cause(by_hand.outcomes)[Cause.NEAR_MISS][1]
    assert (one.type, one.gold, one.answers) == ("factoid", ("CFTR = a synonym",), ("the CFTR (80%)", "another (1%)"))
    assert one.nearest == "“the CFTR” to “CFTR”, distance 0.250"
    assert len(one.evidence) == 1


def test_nothing_answered_is_an_example_too(by_hand: Evaluation) -> None:
    (one,) = examples.by_cause(by_hand.outcomes)[Cause.NOT_READ]
    assert (one.answers, one.nearest, one.evidence) == ((), "", ())


def test_what_is_endless_is_cut(by_hand: Evaluation) -> None:
    endless = changed(
        by_hand.outcomes[0],
        question="q" * 10_000,
        gold=tuple((f"{number}",) for number in range(1_500)),
        evidence=("e" * 10_000,),
    )
    (one,) = examples.by_cause([endless])[Cause.RIGHT]
    assert one.question.endswith("q …")
    assert max(map(len, (one.question, *one.evidence))) <= 302
    assert (len(one.gold), one.gold[-1]) == (13, "and 1,488 more")
