import pytest

from bioqa.index.errors import InputError
from bioqa.qa.wording import clean, plain_wording, validate_question


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
        ("True or false: CFTR is a channel.", "CFTR is a channel."),
        ("CFTR is a channel - true or false?", "CFTR is a channel?"),
        ("CFTR is a channel, right?", "CFTR is a channel?"),
        ("CFTR is a channel, isn't it?", "CFTR is a channel?"),
        ("CFTR is a channel, is that correct?", "CFTR is a channel?"),
        ("Is the heart on the right?", "Is the heart on the right?"),
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
    assert plain_wording(question) == expected


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
    assert plain_wording(question) == question


def test_a_checked_question_has_its_white_space_folded() -> None:
    assert validate_question("  what\tgene \n causes\0cystic fibrosis ? ", 100) == "what gene causes cystic fibrosis ?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What causes hepa\u00adtitis?", "What causes hepatitis?"),
        ("What causes hepa\u00ad\ntitis?", "What causes hepatitis?"),
        ("What is TNF\u200b-\u200balpha?", "What is TNF-alpha?"),
        ("What is Sjo\u0308gren\u00a0syndrome?", "What is Sjögren syndrome?"),
        ("Does &lt;i&gt;TP53&lt;/i&gt; bind <b>MDM2</b>?", "Does TP53 bind MDM2?"),
        ("What is TNF-&amp;alpha;?", "What is TNF-α?"),
        ("Is P < 0.05 & n > 10 enough?", "Is P < 0.05 & n > 10 enough?"),
        ("What\r\nis\n\nCFTR?", "What is CFTR?"),
    ],
)
def test_a_question_is_read_as_papers_are(question: str, expected: str) -> None:
    assert clean(question) == validate_question(question, 100) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize(
    "question", ["\u200b", "&nbsp;", "<i></i>", "", "   ", "\t\n", "\0\0", "?", "... ?!", "—«»…", "_"]
)
def test_a_question_without_a_letter_or_digit_is_refused_with_an_example(question: str) -> None:
    with pytest.raises(InputError, match=r"empty.*bioqa ask"):
        validate_question(question, 100)


def test_a_question_may_be_as_long_as_allowed_and_not_longer() -> None:
    assert validate_question("x" * 2_000, 2_000) == "x" * 2_000
    with pytest.raises(InputError, match=r"2,001 characters; the limit is 2,000"):
        validate_question("x" * 2_001, 2_000)


def test_white_space_around_a_question_does_not_count_towards_its_length() -> None:
    assert validate_question(" " * 5_000 + "why?" + "\n" * 5_000, 10) == "why?"
