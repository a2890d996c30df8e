import pytest

from bioqa.index.records import Document, Passage
from bioqa.qa.aggregate import AnswerCandidate, Evidence
from bioqa.qa.validation.candidates import valid


def candidate(sentence: str, text: str) -> AnswerCandidate:
    """The answer `text`, which stands in the sentence."""
    start = sentence.index(text)
    passage = Passage(0, Document("1", abstract=sentence), 0, len(sentence))
    return AnswerCandidate(text, 1.0, (Evidence(passage, sentence, start, start + len(text), 1.0),))


def kept(question: str, kind: str | None, sentence: str, *texts: str) -> list[str]:
    return [each.text for each in valid(question, kind, [candidate(sentence, text) for text in texts])]


def test_a_preposition_or_a_verb_alone_is_no_answer() -> None:
    said = "Mutations in CFTR lead to cystic fibrosis after birth."
    assert kept("What is mutated?", None, said, "in", "lead to", "after", "CFTR") == ["CFTR"]


def test_an_answer_is_given_once_where_two_are_the_same_once_whole() -> None:
    assert kept("What is lost?", None, "A copy of chromosome 21 is lost.", "21", "chromosome 21") == ["chromosome 21"]


def test_an_answer_does_not_repeat_the_question() -> None:
    said = "The treatment of tuberculosis begins with isoniazid."
    assert kept("What is given for tuberculosis?", None, said, "tuberculosis", "treatment of tuberculosis") == []
    assert kept("What is given for tuberculosis?", None, said, "isoniazid") == ["isoniazid"]


@pytest.mark.parametrize(
    ("question", "kind", "sentence", "wrong", "right"),
    [
        (
            "Which drugs treat cystic fibrosis?",
            "drug",
            "Sweat chloride falls under ivacaftor.",
            "Sweat chloride",
            "ivacaftor",
        ),
        ("Which drug helps?", "drug", "Ivacaftor lowers proteinuria.", "proteinuria", "Ivacaftor"),
        ("Which gene is it?", "gene or protein", "Erlotinib inhibits EGFR.", "Erlotinib", "EGFR"),
        ("How many are there?", "number", "There are 23 pairs in cells.", "cells", "23"),
        ("Name three beta blockers", "drug", "Phenoxybenzamine, then atenolol.", "Phenoxybenzamine", "atenolol"),
    ],
)
def test_what_is_of_another_kind_or_class_is_no_answer(
    question: str, kind: str, sentence: str, wrong: str, right: str
) -> None:
    assert kept(question, kind, sentence, wrong, right) == [right]


def test_a_drug_that_is_measured_or_a_clause_is_no_drug() -> None:
    assert kept("Which drug is used?", "drug", "Digoxin levels rise with amiodarone.", "Digoxin") == []
    assert kept("Which drug is used?", "drug", "Warfarin crosses the placenta.", "Warfarin crosses the placenta") == []


def test_the_effect_is_no_cause() -> None:
    said = "Trisomy 21 causes intellectual disability."
    assert kept("What causes Down syndrome?", None, said, "intellectual disability", "Trisomy 21") == ["Trisomy 21"]
