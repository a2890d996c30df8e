import pytest

from bioqa.index.records import Document, Passage
from bioqa.qa.engine import Engine
from bioqa.qa.summary import Sentence
from bioqa.qa.terms import QuestionTerms
from bioqa.qa.yesno import features

QUESTION = "Does metformin cause hypoglycemia?"


@pytest.fixture(scope="module")
def terms(engine: Engine) -> QuestionTerms:
    return QuestionTerms(QUESTION, engine.index)


def sentences(*texts: str, relevance: float = 0.5) -> list[Sentence]:
    return [Sentence(Passage(0, Document(id="1", abstract=text), 0, len(text)), text, relevance) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "Metformin does not cause hypoglycemia.",
        "Metformin rarely causes hypoglycemia.",
        "Metformin lacks this effect.",
        "It CANNOT cause it.",
        "It doesn't.",
        "Neither does metformin.",
        "Metformin failed to cause it.",
    ],
)
def test_a_sentence_that_negates_speaks_against(terms: QuestionTerms, text: str) -> None:
    assert features(QUESTION, sentences(text), terms)["negated"] == 1.0


@pytest.mark.parametrize(
    "text",
    ["Metformin causes hypoglycemia.", "Nodules and knots are noted.", "The nose is normal.", "Nonetheless it does."],
)
def test_a_sentence_without_negation_speaks_for(terms: QuestionTerms, text: str) -> None:
    assert features(QUESTION, sentences(text), terms)["negated"] == 0.0


def test_a_question_that_negates_turns_it_round(terms: QuestionTerms) -> None:
    asked = "Is metformin not a cause of hypoglycemia?"
    assert features(asked, sentences("Metformin does not cause it."), terms)["negated"] == 0.0
    assert features(asked, sentences("Metformin causes it."), terms)["negated"] == 1.0


def test_sentences_are_weighed_by_their_relevance_and_only_the_first_three_vote(terms: QuestionTerms) -> None:
    voters = sentences("It does.", relevance=0.6) + sentences("It does not.", relevance=0.3)
    voters += sentences("It does.", relevance=0.1) + sentences("It does not.", "It does not.", relevance=0.1)
    assert features(QUESTION, voters, terms)["negated"] == pytest.approx(0.3)


@pytest.mark.parametrize("voters", [[], sentences("It does not.", relevance=0.0)])
def test_without_weight_on_either_side_it_is_even(terms: QuestionTerms, voters: list[Sentence]) -> None:
    assert features(QUESTION, voters, terms)["negated"] == 0.5


def test_a_claim_is_covered_by_a_sentence_or_by_its_passage(terms: QuestionTerms) -> None:
    text = "Metformin was studied. It can cause hypoglycemia."
    passage = Passage(0, Document(id="1", abstract=text), 0, len(text))
    found = features(QUESTION, [Sentence(passage, "It can cause hypoglycemia.", 0.5)], terms)
    whole = terms.coverage("metformin can cause hypoglycemia")
    assert 0 < found["claim"] < found["passage"] == whole
