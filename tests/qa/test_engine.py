from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.questions import QuestionType


def test_the_first_question_a_newcomer_asks(engine: Engine) -> None:
    response = engine.ask("what gene causes cystic fibrosis?", AskConfig(min_confidence=0.0))
    assert response.type is QuestionType.FACTOID
    best = response.answers[0]
    assert best.text == "CFTR"
    assert set(best.documents) == {"101", "102"}
    for evidence in best.evidence:
        assert evidence.sentence[evidence.start : evidence.end] == "CFTR"
