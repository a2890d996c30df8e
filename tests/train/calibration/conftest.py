import pytest

from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.qa.engine import Engine
from bioqa.qa.question_types import QuestionType
from bioqa.train.calibration import observations
from bioqa.train.calibration.observations import Observations


def gold(kind: QuestionType, body: str, *items: str, documents: tuple[str, ...] = ()) -> GoldQuestion:
    return GoldQuestion("q", kind, body, tuple((item,) for item in items), documents, True)


@pytest.fixture(scope="module")
def questions() -> list[GoldQuestion]:
    return [
        gold(QuestionType.FACTOID, "what gene causes cystic fibrosis?", "CFTR", documents=("101", "102")),
        gold(QuestionType.LIST, "list the symptoms of pheochromocytoma", "headache", "sweating", documents=("105",)),
        gold(QuestionType.YESNO, "is Huntington disease dominant?", "yes", documents=("103",)),
        gold(QuestionType.YESNO, "does metformin cause hypoglycemia?", "no", documents=("104",)),
        gold(QuestionType.SUMMARY, "how does warfarin work?", documents=("107",)),
    ]


@pytest.fixture(scope="module")
def samples(questions: list[GoldQuestion], engine: Engine) -> dict[str, Observations]:
    return observations.collect(questions, engine)
