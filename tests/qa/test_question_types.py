import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bioqa.qa import starter
from bioqa.qa.answer_types import expected_answer_type
from bioqa.qa.question_types import QuestionType, classify
from bioqa.qa.wording import plain_wording

FACTOID, LIST, YESNO, SUMMARY = QuestionType.FACTOID, QuestionType.LIST, QuestionType.YESNO, QuestionType.SUMMARY


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what gene causes cystic fibrosis?", FACTOID),
        ("Tocilizumab is an anti-TNF antibody, yes  or no?", YESNO),
        ("As of Feb 2019, are gangliosides a target for the treatment of Alzheimer's disease?", YESNO),
        ("Can you summarize Myasthenia Gravis?", SUMMARY),
        ("Elaborate on the role of CARMEN in cardiac specification.", SUMMARY),
        ("Which is the main function of sororin?", SUMMARY),
        ("What is the mode of action of teriparatide?", SUMMARY),
        ("Which enzyme is inhibited by allopurinol?", FACTOID),
        ("What is the target of imatinib?", FACTOID),
        ("How many chromosomes do humans have?", FACTOID),
        ("When was insulin discovered?", FACTOID),
        ("Where is the HTT gene located?", FACTOID),
        ("Which drugs target BCR-ABL?", LIST),
        ("List the symptoms of pheochromocytoma.", LIST),
        ("please list the drugs that inhibit EGFR", LIST),
        ("Which are the subunits of hemoglobin?", LIST),
        ("Name three inhibitors of EGFR.", LIST),
        ("Which cell types express CD8?", LIST),
        ("Is Huntington disease dominant?", YESNO),
        ("Does metformin cause weight gain?", YESNO),
        ("In humans, can prions replicate?", YESNO),
        ("Isn't hemophilia A X-linked?", YESNO),
        ("What is metformin?", SUMMARY),
        ("How does warfarin work?", SUMMARY),
        ("Why is folate given in pregnancy?", SUMMARY),
        ("What is the role of CFTR in the lung?", SUMMARY),
        ("Describe the life cycle of Plasmodium.", SUMMARY),
    ],
)
def test_wording_tells_the_type(question: str, expected: QuestionType) -> None:
    assert classify(question) is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Can you tell me which gene causes cystic fibrosis?", FACTOID),
        ("Do you know which gene causes cystic fibrosis?", FACTOID),
        ("Does anyone know when insulin was discovered?", FACTOID),
        ("Could you name the gene that causes cystic fibrosis?", FACTOID),
        ("Could you please give me the gene that causes cystic fibrosis?", FACTOID),
        ("Tell me which gene causes cystic fibrosis", FACTOID),
        ("Tell me, please, on which chromosome CFTR is.", FACTOID),
        ("Would you know how many chromosomes humans have?", FACTOID),
        ("Can you give me a list of EGFR inhibitors?", LIST),
        ("Would you please list the inhibitors of EGFR?", LIST),
        ("Tell me the genes that cause amyotrophic lateral sclerosis.", LIST),
        ("I would like to know which drugs inhibit EGFR", LIST),
        ("Do you know of any drugs that inhibit EGFR?", LIST),
        ("Give me three inhibitors of EGFR", LIST),
        ("Tell me the role of p53 in apoptosis", SUMMARY),
        ("I'd like to know what the role of p53 in apoptosis is.", SUMMARY),
        ("Please tell me what BRCA1 is.", SUMMARY),
        ("Could you tell me how warfarin works?", SUMMARY),
        ("Can you tell me about metformin?", SUMMARY),
        ("Can you give me an overview of CRISPR?", SUMMARY),
        ("Please tell me: is metformin safe?", YESNO),
        ("Can you tell me if metformin causes lactic acidosis?", YESNO),
        ("I’d like to know whether metformin causes lactic acidosis", YESNO),
        ("Can you predict it from the sequence?", YESNO),
        ("Can you", YESNO),
    ],
)
def test_a_polite_question_has_the_type_of_what_it_asks_for(question: str, expected: QuestionType) -> None:
    assert classify(question) is expected


@pytest.mark.parametrize("apostrophe", ["'", "’"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What's BRCA1?", SUMMARY),
        ("what's the role of p53 in apoptosis?", SUMMARY),
        ("What's the target of imatinib?", FACTOID),
        ("Who's the discoverer of insulin?", FACTOID),
        ("How's insulin made?", SUMMARY),
        ("Where's the HTT gene?", FACTOID),
        ("Isn't insulin produced in the pancreas?", YESNO),
        ("Aren't prions proteins?", YESNO),
        ("Hasn't CFTR been cloned?", YESNO),
        ("Wasn't insulin discovered in 1921?", YESNO),
        ("Doesn't metformin cause acidosis?", YESNO),
        ("Shouldn't children be given aspirin?", YESNO),
        ("Can't prions replicate?", YESNO),
        ("Won't aspirin help?", YESNO),
        ("In humans, isn't insulin produced in the pancreas?", YESNO),
    ],
)
def test_a_contraction_counts_as_what_it_stands_for_with_either_apostrophe(
    question: str, expected: QuestionType, apostrophe: str
) -> None:
    assert classify(question.replace("'", apostrophe)) is expected


@pytest.mark.parametrize(
    "statement",
    [
        "Wilson disease is autosomal dominant.",
        "Aspirin irreversibly inhibits COX-1",
        "Mutations of CFTR cause cystic fibrosis.",
        "Metformin does not cause hypoglycemia",
        "The heart is on the right?",
        "Thiazides raise urinary calcium, right?",
        "True or false: insulin is made in the liver",
    ],
)
def test_a_statement_asks_whether_it_is_true(statement: str) -> None:
    assert classify(statement) is YESNO


@pytest.mark.parametrize(
    "other",
    [
        "Willis-Ekbom disease is also known as?",
        "Most common genetic cause of ALS in Europeans",
        "drugs that lower uric acid",
        "beta blockers side effects",
        "HER-2 belongs to what family of proteins?",
        "wat is sickel cell anemia",
        "The CXCR2 receptor is targeted in cancer. Name five antagonists.",
        "List targets of classical analgesics.",
    ],
)
def test_what_only_looks_like_a_statement_does_not(other: str) -> None:
    assert classify(other) is not YESNO


def test_whether_a_statement_is_true_is_a_yes_no_question_with_the_words_at_either_end() -> None:
    assert classify("The role of CFTR is clear, yes or no?") is YESNO
    assert classify("Yes or no: the role of CFTR is clear") is YESNO


@pytest.mark.parametrize(
    "question", ["zzzz qqqq", "CFTR", "who", "which", "what", "name", "list", "?", "is", "é β 日本"]
)
def test_a_question_of_no_known_form_still_has_a_type(question: str) -> None:
    assert classify(question) in QuestionType


def test_the_starter_questions_are_typed_as_their_authors_typed_them() -> None:
    questions = json.loads(starter.questions_file().read_text(encoding="utf-8"))["questions"]
    right = sum(classify(question["body"]) == question["type"] for question in questions)
    assert right / len(questions) >= 0.9


@settings(deadline=None)
@given(st.text(max_size=200))
@example("which")
@example("what  \t which of")
def test_any_text_has_a_type_and_a_kind_or_none(text: str) -> None:
    assert isinstance(classify(text), QuestionType)
    assert any(map(str.isalnum, plain_wording(text))) is any(map(str.isalnum, text))
    assert expected_answer_type(text) is None or isinstance(expected_answer_type(text), str)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["which", "what", "gene", "drugs", "is", "are", "list", "of", "how", "many", "in", "name"]),
        min_size=1,
    )
)
def test_case_and_spacing_make_no_difference_to_the_type(words: list[str]) -> None:
    assert classify(" ".join(words)) is classify("  " + " \n\t ".join(words).upper() + " ")


@pytest.mark.parametrize(
    "repeated",
    [
        *("which ", "what is the a ", "in a, ", "name a-b ", "cell types are ", "x" * 50 + " "),
        *("please ", "can you please ", "what is ", "is it? ", "yes or no, ", "NO "),
    ],
)
def test_the_longest_allowed_question_is_typed_at_once(repeated: str) -> None:
    began = time.perf_counter()
    classify((repeated * 2_000)[:2_000])
    expected_answer_type((repeated * 2_000)[:2_000])
    plain_wording((repeated * 2_000)[:2_000])
    assert time.perf_counter() - began < 1.0
