import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.qa.question_types import QuestionType
from bioqa.train import smoke
from bioqa.train.schedule import Schedule
from bioqa.train.tasks.reader_recipe import ReaderConfig
from bioqa.train.tasks.retriever_recipe import RetrieverConfig


def gold(number: int, kind: QuestionType, exact: tuple[tuple[str, ...], ...]) -> GoldQuestion:
    return GoldQuestion(id=str(number), type=kind, body="?", exact=exact, ideal=(), documents=(), snippets=())


@pytest.mark.parametrize("kind", [ReaderConfig, RetrieverConfig])
def test_a_trial_is_one_short_epoch_of_the_same_recipe(kind: type) -> None:
    config = kind(base="b", max_tokens=384, limit=0, schedule=Schedule(epochs=9, batch=64, evaluations=5))
    short = smoke.shortened(config)
    assert (short.base, short.max_tokens, short.limit) == ("b", 96, 16)
    assert (short.schedule.epochs, short.schedule.evaluations, short.schedule.batch) == (1, 1, 16)
    assert short.schedule.learning_rate == config.schedule.learning_rate


def test_what_is_small_already_stays_so() -> None:
    short = smoke.shortened(ReaderConfig(base="b", max_tokens=32, negatives=0, schedule=Schedule(batch=2)))
    assert (short.max_tokens, short.negatives, short.schedule.batch) == (32, 0, 2)


def test_some_questions_of_each_type_are_taken_those_with_answers_first() -> None:
    answered = [gold(number, QuestionType.FACTOID, (("x",),)) for number in range(50)]
    unanswered = [gold(number, QuestionType.FACTOID, ()) for number in range(50, 90)]
    summaries = [gold(number, QuestionType.SUMMARY, ()) for number in range(90, 95)]
    kept = smoke.few_of_each_type([*unanswered, *answered, *summaries])
    assert [question.type for question in kept] == [QuestionType.FACTOID] * 12 + [QuestionType.SUMMARY] * 5
    assert all(question.exact for question in kept[:12])
