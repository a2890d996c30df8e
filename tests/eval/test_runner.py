from collections.abc import Callable
from dataclasses import replace

import pytest

from bioqa.eval import runner
from bioqa.eval.bioasq import GoldQuestion
from bioqa.eval.runner import Trip
from bioqa.index.errors import InputError
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Answer, Engine
from bioqa.qa.questions import QuestionType

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY


def gold(
    kind: QuestionType, body: str, *items: str, documents: tuple[str, ...] = (), answerable: bool = True
) -> GoldQuestion:
    return GoldQuestion("q", kind, body, tuple((item,) for item in items), documents, answerable)


@pytest.fixture
def trip(engine: Engine) -> Callable[..., Trip]:
    """A trip that came back with these answers (given) or guesses (abstained), and found the paper 101."""
    found = engine.ask("what gene causes cystic fibrosis?", AskConfig(passages=1))
    assert [hit.passage.document.id for hit in found.hits] == ["101"]

    def made(question: GoldQuestion, *texts: str, abstained: bool = False, ms: float = 1.0) -> Trip:
        answers = tuple(Answer(text, 0.5, {}, ()) for text in texts)
        given, guesses = ((), answers) if abstained else (answers, ())
        response = replace(
            found, answers=given, guesses=guesses, abstained=abstained, type=question.type, timings_ms={"total": ms}
        )
        return Trip(question, response)

    return made


def test_questions_are_asked_in_order_with_the_type_of_the_gold_file(engine: Engine) -> None:
    questions = [gold(LIST, "what is metformin?"), gold(YESNO, "what gene causes cystic fibrosis?")]
    seen: list[tuple[float, int]] = []

    class Watcher:
        def update(self, fraction: float, count: int) -> None:
            seen.append((fraction, count))

    trips = runner.run(questions, engine, AskConfig(), Watcher())
    assert [found.gold for found in trips] == questions
    assert [found.response.type for found in trips] == [LIST, YESNO]
    assert seen == [(0.5, 1), (1.0, 2)]


def test_the_best_answers_are_the_guesses_where_it_abstained(trip: Callable[..., Trip]) -> None:
    question = gold(FACTOID, "which?", "a")
    assert [answer.text for answer in trip(question, "a", "b").best] == ["a", "b"]
    assert [answer.text for answer in trip(question, "c", abstained=True).best] == ["c"]


def test_the_scores_are_those_worked_out_by_hand(trip: Callable[..., Trip]) -> None:
    trips = [
        trip(gold(FACTOID, "which gene is it?", "a", documents=("101",)), "a", "b", ms=10),
        trip(gold(FACTOID, "which gene is it?", "a", documents=("999", "101")), "b", "a", abstained=True, ms=20),
        trip(gold(FACTOID, "which genes are they?", "a", documents=("999",)), "b", ms=30),
        trip(gold(LIST, "which genes are they?", "a", "b"), "a", "x", ms=40),
        trip(gold(YESNO, "is it?", "yes"), "yes", ms=50),
        trip(gold(YESNO, "is it?", "no"), "yes", ms=60),
        trip(gold(YESNO, "is it?", "no"), "no", abstained=True, ms=70),
        trip(gold(SUMMARY, "why?"), ms=80),
        trip(gold(FACTOID, "which gene is it?", answerable=False), "a", abstained=True, ms=90),
        trip(gold(YESNO, "is it?", answerable=False), "yes", ms=100),
    ]
    found = runner.scores(trips)
    assert found["questions"] == 10
    assert found["factoid"] == {
        "strict": pytest.approx(1 / 3),
        "lenient": pytest.approx(2 / 3),
        "mrr": pytest.approx((1 + 1 / 2) / 3),
        "questions": 3,
    }
    assert found["list"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "questions": 1}
    assert found["yesno"]["accuracy"] == pytest.approx(2 / 3)
    assert found["yesno"]["questions"] == 3
    assert found["abstained"] == {"answerable": 2, "of_answerable": 8, "unanswerable": 1, "of_unanswerable": 2}
    assert found["gold_document_in_passages_read"] == pytest.approx(2 / 3)
    assert found["type_right"] == pytest.approx(9 / 10)
    assert found["median_ms"] == 55


def test_a_list_is_scored_where_it_abstained_too(trip: Callable[..., Trip]) -> None:
    found = runner.scores([trip(gold(LIST, "which genes are they?", "a"), "a", abstained=True)])
    assert found["list"]["recall"] == 1.0


def test_no_trips_have_scores_of_zero() -> None:
    found = runner.scores([])
    assert found["questions"] == found["median_ms"] == found["type_right"] == found["yesno"]["accuracy"] == 0
    assert found["factoid"]["questions"] == found["list"]["questions"] == 0


def test_a_question_that_cannot_be_asked_ends_the_run(engine: Engine) -> None:
    with pytest.raises(InputError, match="empty"):
        runner.run([gold(FACTOID, "???")], engine, AskConfig())


def test_what_the_small_corpus_says_is_scored_right(engine: Engine) -> None:
    questions = [
        gold(FACTOID, "what gene causes cystic fibrosis?", "CFTR", documents=("101", "102")),
        gold(FACTOID, "which gene is expanded in Huntington disease?", "HTT", documents=("103",)),
        gold(YESNO, "is Huntington disease dominant?", "yes", documents=("103",)),
        gold(FACTOID, "which protein is the target of imatinib in leukemia?", answerable=False),
    ]
    found = runner.scores(runner.run(questions, engine, AskConfig()))
    assert found["gold_document_in_passages_read"] == 1.0
    assert found["factoid"]["strict"] == found["yesno"]["accuracy"] == 1.0
    assert found["abstained"]["unanswerable"] == 1
    assert found["median_ms"] > 0
