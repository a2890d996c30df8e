from collections.abc import Callable

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.forms.form import Form
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

Given = Callable[..., Response]


@pytest.fixture
def given(engine: Engine) -> Given:
    """The response to a question from these texts, each with a title."""

    def ask(question: str, *texts: tuple[str, str]) -> Response:
        documents = [Document(id=str(place), title=title, abstract=text) for place, (title, text) in enumerate(texts)]
        hits = [
            Hit(Passage(place, document, document.abstract_start, len(document.text)), 1.0, dense_score=0.8)
            for place, document in enumerate(documents)
        ]
        config = AskConfig()
        return engine.answer(engine.analyze(question, config, None), hits, config)

    return ask


GOUT = (
    "Gout and urate crystals",
    "In the joint, crystals of urate provoke attacks of severe pain. Gout is an arthritis caused by urate crystals."
    " Attacks are treated with colchicine. Allopurinol lowers urate for good.",
)
SCURVY = ("Scurvy", "Scurvy is caused by a lack of ascorbic acid. Lemons are eaten on ships for that reason.")


def test_a_topic_is_answered_by_the_sentence_that_defines_it(given: Given) -> None:
    response = given("gout", GOUT)
    assert response.form is Form.DEFINITION
    assert response.type is QuestionType.SUMMARY
    assert response.citations[0].text == "Gout is an arthritis caused by urate crystals."


def test_a_topic_that_no_passage_mentions_is_not_answered(given: Given) -> None:
    response = given("beriberi", GOUT)
    assert response.abstained
    assert response.notice == "No passage in this index is about beriberi."


def test_an_aspect_is_answered_by_a_sentence_that_speaks_of_it(given: Given) -> None:
    assert given("gout treatment", GOUT).citations[0].text == "Attacks are treated with colchicine."


def test_an_aspect_that_no_sentence_speaks_of_is_not_answered(given: Given) -> None:
    response = given("scurvy transmission", SCURVY)
    assert response.abstained
    assert "transmission" in response.notice


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("Is scurvy dominant or recessive?", "Wilson disease is recessive.", None),
        ("Is Wilson disease dominant or recessive?", "Wilson disease is an autosomal recessive disorder.", "recessive"),
        ("Does glucagon raise or lower glucose?", "Glucagon raises the glucose in the blood.", "raise"),
        ("Does uniparental disomy come from the mother or the father?", "Uniparental disomy is maternal.", "mother"),
        ("Which is better, aspirin or ibuprofen?", "Aspirin inhibits platelets, and so does ibuprofen.", None),
        (
            "Which is more effective, aspirin or ibuprofen?",
            "In this trial ibuprofen was more effective than aspirin against pain.",
            "ibuprofen",
        ),
        (
            "Which is more effective, aspirin or ibuprofen?",
            "In this trial ibuprofen was less effective than aspirin against pain.",
            "aspirin",
        ),
    ],
)
def test_a_choice_is_answered_by_a_named_option_or_not_at_all(
    given: Given, question: str, sentence: str, answer: str | None
) -> None:
    response = given(question, ("A trial", sentence))
    assert [found.text for found in response.answers] == ([answer] if answer else [])
    assert response.abstained is (answer is None)
    assert bool(response.notice) is response.abstained


def test_a_comparison_speaks_of_both_sides(given: Given) -> None:
    warfarin = ("Warfarin", "Warfarin inhibits vitamin K epoxide reductase.")
    heparin = ("Heparin", "Heparin activates antithrombin in the blood.")
    response = given("How does warfarin differ from heparin?", warfarin, heparin, GOUT)
    assert {"0", "1"} == {sentence.passage.document.id for sentence in response.citations[:2]}
    assert given("warfarin vs heparin", warfarin, GOUT).abstained


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does GWAS stand for?", "genome-wide association study"),
        ("full form of gwas", "genome-wide association study"),
        ("What does CRAB stand for?", "hypercalcemia, renal failure, anemia and bone lesions"),
        ("abbreviation of genome-wide association study", "GWAS"),
        ("What does FISH stand for?", None),
    ],
)
def test_an_abbreviation_is_answered_by_its_definition(given: Given, question: str, answer: str | None) -> None:
    text = (
        "A genome-wide association study (GWAS) finds loci. Doctors remember CRAB: hypercalcemia, renal failure,"
        " anemia and bone lesions."
    )
    response = given(question, ("Studies", text))
    assert [found.text for found in response.answers] == ([answer] if answer else [])


def test_a_negated_question_is_answered_by_a_negated_sentence_only(given: Given) -> None:
    question = "Which antihypertensives must not be used in pregnancy?"
    says = ("Hypertension in pregnancy", "In pregnancy, antihypertensives such as lisinopril must not be used.")
    other = ("Hypertension in pregnancy", "In pregnancy, the antihypertensive labetalol is the drug of first choice.")
    assert "labetalol" not in [answer.text for answer in given(question, says, other).answers]
    silent = given(question, other)
    assert silent.abstained
    assert "no sentence" in silent.notice


def test_excluded_things_are_no_answers(given: Given) -> None:
    genes = ("Parkinson genes", "Recessive Parkinson disease is caused by the genes PRKN, PINK1 and PARK7.")
    texts = [answer.text for answer in given("recessive Parkinson genes other than PRKN", genes).answers]
    assert not any("PRKN" in text for text in texts)


@pytest.mark.parametrize(
    "question", ["hello", "thanks a lot!", "who are you?", "Was ist CFTR?", "¿Qué es CFTR?", "a", "疟疾是什么？"]
)
def test_what_is_no_english_question_gets_one_helpful_line(engine: Engine, question: str) -> None:
    response = engine.ask(question)
    assert response.abstained
    assert response.notice
    assert "\n" not in response.notice
    assert not response.hits


def test_several_questions_are_each_answered(engine: Engine) -> None:
    response = engine.ask("what gene causes cystic fibrosis and which drug lowers uric acid?")
    assert [part.question for part in response.parts] == [
        "what gene causes cystic fibrosis?",
        "which drug lowers uric acid?",
    ]
    texts = [answer.text for answer in response.answers[:3]]
    assert "CFTR" in texts
    assert any("allopurinol" in text.lower() for text in texts)
    assert len(response.to_dict()["parts"]) == 2


@pytest.mark.parametrize(
    "question",
    ["x" * 1_999, "\x1b[31mCFTR\x07?", "🙂 CFTR 🙂", "ген CFTR что это", ", ".join(["CFTR"] * 100), "1", "p53 " * 400],
)
def test_odd_input_gets_a_response(engine: Engine, question: str) -> None:
    assert isinstance(engine.ask(question), Response)
