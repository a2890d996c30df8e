"""A small run made by hand: what came of it is known to the letter, and its texts try to break out of a page."""

import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.squad import SquadQuestion
from bioqa.eval.datasets.submission import SubmittedAnswer
from bioqa.eval.runs import evaluation
from bioqa.eval.runs.evaluation import Evaluation
from bioqa.eval.runs.ledger import Cause, LedgerEntry, NearestPair
from bioqa.eval.runs.outcome import Outcome
from bioqa.eval.runs.scores import GoldBatch
from bioqa.qa.question_types import QuestionType

HOSTILE = "<script>alert('x')</script> & \"quoted\" | *starred* </details>"
FACTS = {"given": "nothing", "index": "my <index>", "reader": "toy", "date": "2020-02-02"}


def factoid(number: int, cause: Cause, sure: float, answer: str, gold: str) -> tuple[GoldQuestion, Outcome]:
    identity, body = f"f{number}", f"which {number}? {HOSTILE}"
    row = LedgerEntry(
        id=identity,
        type="factoid",
        question=body,
        cause=cause,
        gold=((gold, "a synonym"),),
        answers=(answer, "another"),
        confidence=sure,
        extractable=True,
        nearest=None if cause is Cause.RIGHT else NearestPair(answer, gold, 0.25),
        evidence=(f"Sentence {number} says {HOSTILE}",),
    )
    submitted = SubmittedAnswer(identity, (answer, "another"), "It is so.")
    question = GoldQuestion(identity, QuestionType.FACTOID, body, row.gold, ("1",), ideal=("It is so.",))
    return question, Outcome(submitted, (sure, 0.01), False, "factoid", True, row, 10.0)


def yes_no(number: int, sure: float, answer: str) -> tuple[GoldQuestion, Outcome]:
    identity = f"y{number}"
    question = GoldQuestion(identity, QuestionType.YESNO, "is it?", (("yes",),), ("1",))
    return question, Outcome(SubmittedAnswer(identity, (answer,)), (sure,), False, "yesno", True, None, 20.0)


def listed(number: int) -> tuple[GoldQuestion, Outcome]:
    identity = f"l{number}"
    row = LedgerEntry(identity, "list", "which ones?", Cause.NOT_READ, (("a",), ("b",)), (), None, False, None, ())
    question = GoldQuestion(identity, QuestionType.LIST, "which ones?", row.gold, ("1",))
    return question, Outcome(SubmittedAnswer(identity), (), True, "list", False, row, 30.0)


@pytest.fixture
def by_hand() -> Evaluation:
    """Five factoids (two right), two yes/no questions (one right), a list without an answer; in two batches."""
    some = [
        factoid(1, Cause.RIGHT, 0.9, "CFTR", "cftr"),
        factoid(2, Cause.NEAR_MISS, 0.8, "the CFTR", "CFTR"),
        factoid(3, Cause.NEAR_MISS, 0.95, "the HTT", "HTT"),
        factoid(4, Cause.RIGHT, 0.5, "HTT", "HTT"),
        factoid(5, Cause.MISRANKED, 0.3, "x", "y"),
    ]
    others = [yes_no(1, 0.9, "yes"), yes_no(2, 0.6, "no"), listed(1)]
    batches = [
        GoldBatch(name, [question for question, _ in part]) for name, part in (("one_<b>", some), ("two", others))
    ]
    return evaluation.evaluate_run(batches, [outcome for _, outcome in (*some, *others)], FACTS, retrieved=False)


@pytest.fixture
def squad_questions() -> tuple[SquadQuestion, ...]:
    """Four questions on two texts that answer them."""
    cftr = "Cystic fibrosis is caused by mutations in the CFTR gene. It was cloned in 1989 by Tsui and others."
    insulin = "Insulin lowers blood sugar. It is made by beta cells of the pancreas."
    return (
        SquadQuestion("q1", "Which gene is mutated in cystic fibrosis?", cftr, ("CFTR", "the CFTR gene")),
        SquadQuestion("q2", "When was it cloned?", cftr, ("1989",)),
        SquadQuestion("q3", "Which hormone lowers blood sugar?", insulin, ("Insulin",)),
        SquadQuestion("q4", "Which organ makes insulin?", insulin, ("the pancreas", "pancreas")),
    )
