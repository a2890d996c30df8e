import copy
import re
from dataclasses import replace

from bioqa.eval.datasets.bioasq import GoldQuestion, Snippet
from bioqa.eval.everyday.table import EverydayQuestion
from bioqa.qa.engine import Engine
from bioqa.train.calibration import observations
from bioqa.train.calibration.observations import Observations, SearchSetting

SETTINGS = [SearchSetting.WHOLE, SearchSetting.NO_GOLD, SearchSetting.UNKNOWN]


def test_questions_with_snippets_are_answered_from_them_alone(questions: list[GoldQuestion], engine: Engine) -> None:
    text = "Mutations of the ZZZ3 gene cause cystic fibrosis."
    snippet = Snippet("1", "abstract", "abstract", 0, len(text), text)
    asked = replace(questions[0], exact=(("ZZZ3",),), snippets=(snippet,))
    sample = observations.collect_given([asked, *questions[1:]], engine)
    assert any(sample["factoid"].correct)
    assert set(sample["factoid"].question) == {0}
    assert not sample["list"].correct


def test_what_a_person_would_accept_is_told_from_what_is_correct(questions: list[GoldQuestion], engine: Engine) -> None:
    factoid = observations.collect([replace(questions[0], exact=(("CFTRs",),))], engine)["factoid"]
    assert any(factoid.accepted)
    assert not any(factoid.correct)


def test_every_question_is_asked_in_every_view(questions: list[GoldQuestion], samples: dict[str, Observations]) -> None:
    found = samples["found"]
    assert found.question == [place for place in range(len(questions)) for _ in SETTINGS]
    assert found.setting == SETTINGS * len(questions)
    assert found.correct[:: len(SETTINGS)] == [True] * len(questions)
    assert not any(found.where(lambda _, view: view is SearchSetting.NO_GOLD).correct)


def test_answers_are_right_where_the_gold_file_has_them(samples: dict[str, Observations]) -> None:
    factoid = samples["factoid"]
    first = factoid.where(lambda features, _: features["place"] == 0)
    assert first.correct[first.setting.index(SearchSetting.WHOLE)] is True
    assert not any(factoid.where(lambda _, view: view is SearchSetting.NO_GOLD).correct)
    assert sum(samples["list"].where(lambda _, view: view is SearchSetting.WHOLE).correct) == 2
    assert samples["yesno"].correct == [True, False]
    assert set(samples["yesno"].setting) == {SearchSetting.WHOLE}


def test_progress_is_told_after_every_question(questions: list[GoldQuestion], engine: Engine) -> None:
    seen: list[tuple[float, int]] = []

    class Watcher:
        def update(self, fraction: float, count: int) -> None:
            seen.append((fraction, count))

    observations.collect(questions[:2], engine, Watcher())
    assert seen == [(0.5, 1), (1.0, 2)]


def test_everyday_questions_are_asked_of_their_engines_and_judged_by_their_patterns(engine: Engine) -> None:
    def everyday(text: str, expect: str, *accept: str, source: str = "101") -> EverydayQuestion:
        return EverydayQuestion("q", "dev", "question", source, text, expect, tuple(map(re.compile, accept)))

    sample = {name: Observations() for name in ("factoid", "list", "yesno", "found")}
    asked = [
        everyday("what gene causes cystic fibrosis?", "answer", "CFTR"),
        everyday("which gene causes Huntington disease?", "answer", "XYZ", source="elsewhere"),
        everyday("is Huntington disease dominant?", "yes"),
        everyday("is Huntington disease recessive?", "no"),
    ]
    observations.add_everyday(sample, [(question, engine) for question in asked])
    right = {
        number for number, correct in zip(sample["factoid"].question, sample["factoid"].correct, strict=True) if correct
    }
    assert right == {0}
    assert sample["yesno"].correct == [True, False]
    assert sample["found"].correct[:2] == [True, False]
    assert set(sample["factoid"].setting) == {SearchSetting.EVERYDAY}


def test_everyday_questions_are_numbered_after_the_others(
    questions: list[GoldQuestion], engine: Engine, samples: dict[str, Observations]
) -> None:
    sample = copy.deepcopy(samples)
    question = EverydayQuestion("q", "dev", "question", "103", "is Huntington disease dominant?", "yes")
    observations.add_everyday(sample, [(question, engine)])
    assert sample["yesno"].question == [2, 3, len(questions)]
