import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bioqa.index.errors import InputError
from bioqa.qa import starter
from bioqa.qa.questions import QuestionType, checked, classify, expected_kind, fits, plain

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
    ("question", "expected"),
    [
        ("Can you tell me which gene causes cystic fibrosis?", "which gene causes cystic fibrosis?"),
        ("Please, which gene causes it?", "which gene causes it?"),
        ("Could you please list the inhibitors of EGFR?", "list the inhibitors of EGFR?"),
        ("Can you give me a list of EGFR inhibitors?", "a list of EGFR inhibitors?"),
        ("Do you know if metformin is safe?", "metformin is safe?"),
        ("I was wondering what's BRCA1?", "what is BRCA1?"),
        ("What’s BRCA1?", "What is BRCA1?"),
        ("Is CFTR a channel, yes or no?", "Is CFTR a channel?"),
        ("Is CFTR (ABCC7) a channel? Yes or No?", "Is CFTR (ABCC7) a channel?"),
        ("Is HIV prevented by a drug (PrEP), yes or no", "Is HIV prevented by a drug (PrEP)?"),
        ("Is CFTR a channel (yes/no)?", "Is CFTR a channel?"),
        ("Yes or no: is CFTR a channel?", "is CFTR a channel?"),
        ("Isn't insulin a hormone?", "Is insulin a hormone?"),
        ("Can’t prions replicate?", "Can prions replicate?"),
        ("Won't aspirin help?", "Will aspirin help?"),
        ("In humans, isn't insulin a hormone?", "In humans, is insulin a hormone?"),
        ("Does NO activate guanylate cyclase?", "Does nitric oxide activate guanylate cyclase?"),
    ],
)
def test_a_question_is_read_without_what_only_asks(question: str, expected: str) -> None:
    assert plain(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "which gene causes cystic fibrosis?",
        "Please list 3 diseases associated with PIEZO2.",
        "Can you computationally predict disordered regions?",
        "Is insulin not a hormone?",
        "Why isn't insulin swallowed?",
        "WHO's guideline on HIV?",
        "Is there NO cure for it?",
        "DOES NO ACTIVATE IT?",
        "Where is eNOS?",
        "yes or no?",
        "tell me",
        "?",
    ],
)
def test_a_question_that_says_no_more_than_it_asks_is_read_as_it_is(question: str) -> None:
    assert plain(question) == question


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
    assert any(map(str.isalnum, plain(text))) is any(map(str.isalnum, text))
    assert expected_kind(text) is None or isinstance(expected_kind(text), str)


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
    expected_kind((repeated * 2_000)[:2_000])
    plain((repeated * 2_000)[:2_000])
    assert time.perf_counter() - began < 1.0


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
        ("Who discovered penicillin?", None),
    ],
)
def test_wording_tells_what_is_asked_for(question: str, kind: str | None) -> None:
    assert expected_kind(question) == kind


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
        (None, "anything", True),
        ("no such kind", "anything", True),
    ],
)
def test_the_shape_of_an_answer_can_rule_it_out(kind: str | None, answer: str, expected: bool) -> None:
    assert fits(kind, answer) is expected


def test_a_checked_question_has_its_white_space_folded() -> None:
    assert checked("  what\tgene \n causes\0cystic fibrosis ? ", 100) == "what gene causes cystic fibrosis ?"


@pytest.mark.parametrize("question", ["", "   ", "\t\n", "\0\0", "?", "... ?!", "—«»…", "_"])
def test_a_question_without_a_letter_or_digit_is_refused_with_an_example(question: str) -> None:
    with pytest.raises(InputError, match=r"empty.*bioqa ask"):
        checked(question, 100)


def test_a_question_may_be_as_long_as_allowed_and_not_longer() -> None:
    assert checked("x" * 2_000, 2_000) == "x" * 2_000
    with pytest.raises(InputError, match=r"2,001 characters; at most 2,000"):
        checked("x" * 2_001, 2_000)


def test_white_space_around_a_question_does_not_count_towards_its_length() -> None:
    assert checked(" " * 5_000 + "why?" + "\n" * 5_000, 10) == "why?"
