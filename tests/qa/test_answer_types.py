import pytest

from bioqa.qa.answer_types import expected_answer_type, has_one_answer, matches_answer_type
from bioqa.qa.question_types import QuestionType


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many exons does dystrophin have?", "number"),
        ("What percentage of humans carry it?", "number"),
        ("In which year was penicillin discovered?", "year"),
        ("When was penicillin discovered?", "year"),
        ("On which chromosome is CFTR?", "chromosome"),
        ("Which gene is mutated in cystic fibrosis?", "gene or protein"),
        ("Which drug reverses warfarin?", "drug"),
        ("Which syndrome is caused by trisomy 21?", "disease"),
        ("Which parasite causes malaria?", "organism"),
        ("Which organ makes bile?", "place in the body"),
        ("Which test detects HIV?", "method"),
        ("Who discovered penicillin?", "person"),
        ("Who should not take triptans?", None),
        ("Which receptor antagonist blocks CGRP?", "drug"),
        ("Is the gene product an enzyme?", None),
        ("How long is the incubation period?", "duration"),
        ("Which type of virus causes measles?", "organism"),
        ("What is usually the age of diagnosis?", "number"),
        ("What is the most likely number of exons?", "number"),
        ("Give the prevalence of hemophilia A", "number"),
        ("Which gene modifies the age of onset of Huntington disease?", "gene or protein"),
        ("Which drug lowers the incidence of stroke?", "drug"),
        ("Which is the main reason for the increase in the incidence of cryptococcosis?", None),
        ("When is lorlatinib used?", None),
    ],
)
def test_wording_tells_what_is_asked_for(question: str, kind: str | None) -> None:
    assert expected_answer_type(question) == kind


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("number", "79 exons", True),
        ("number", "twenty-three pairs", True),
        ("number", "half of them", True),
        ("number", "dystrophin", False),
        ("number", "someone", False),
        ("year", "in 1928", True),
        ("year", "1.5 years", False),
        ("year", "12345", False),
        ("chromosome", "chromosome 7", True),
        ("chromosome", "the X chromosome", True),
        ("chromosome", "the long arm", False),
        ("drug", "anything", True),
        ("drug", "cystic fibrosis mice", False),
        ("person", "Alexander Fleming", True),
        ("person", "proinsulin", False),
        ("person", "FBN1", False),
        ("duration", "one to three months", True),
        ("duration", "three drugs", False),
        ("frequency", "weekly", True),
        ("inheritance", "autosomal recessive", True),
        ("inheritance", "the father", False),
        (None, "anything", True),
        ("no such kind", "anything", True),
    ],
)
def test_the_shape_of_an_answer_can_rule_it_out(kind: str | None, answer: str, expected: bool) -> None:
    assert matches_answer_type(kind, answer) is expected


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("drug", "Sweat chloride"),
        ("drug", "TLR4"),
        ("drug", "proteinuria"),
        ("gene or protein", "gefitinib"),
        ("place in the body", "mice"),
    ],
)
def test_what_is_of_another_kind_as_a_whole(kind: str, answer: str) -> None:
    assert not matches_answer_type(kind, answer)


def test_two_answers_contradict_each_other_only_where_one_can_be_right() -> None:
    assert has_one_answer(None, QuestionType.YESNO)
    assert has_one_answer("year", QuestionType.FACTOID)
    assert not has_one_answer("drug", QuestionType.FACTOID)
    assert not has_one_answer(None, QuestionType.FACTOID)
