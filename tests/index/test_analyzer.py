import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index import analyzer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  .,;()", []),
        ("BRCA1", ["brca1"]),
        ("IL-2 and TNF-α", ["il", "2", "tnf", "α"]),
        ("p53/MDM2", ["p53", "mdm2"]),
        ("Sjögren Ménière naïve", ["sjogren", "menier", "naiv"]),
        ("the and of is", []),
        ("CAG CAG repeat", ["cag", "cag", "repeat"]),
    ],
)
def test_text_becomes_lower_case_terms_without_accents_and_stop_words(text: str, expected: list[str]) -> None:
    assert analyzer.terms(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("mutations", "mutation"), ("mutated", "mutates"), ("INHIBITORS", "inhibitor"), ("café", "CAFE")],
)
def test_forms_of_one_word_become_one_term(one: str, other: str) -> None:
    assert analyzer.terms(one) == analyzer.terms(other) != []


def test_terms_keep_the_order_of_the_text() -> None:
    assert analyzer.terms("zinc finger binds zinc") == ["zinc", "finger", "bind", "zinc"]


@given(st.text(st.sampled_from("aB3é-ﬁ\u2028\u0301 \t\n\x1c\x85_.😀'\u3000x"), max_size=60), st.integers(1, 90))
def test_terms_are_those_the_analyzer_finds_in_the_whole_text(text: str, times: int) -> None:
    assert analyzer.terms(text * times) == list(analyzer.analyzer().analyze(text * times))


def test_a_run_of_letters_too_long_to_be_a_word_is_dropped() -> None:
    assert analyzer.terms("A" * 500 + " gene " + "x7" * 20) == ["gene", "x7" * 20]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What gene causes cystic fibrosis?", ["gene", "caus", "cystic", "fibrosi"]),
        ("Please list the drugs that target EGFR", ["drug", "target", "egfr"]),
        ("SUMMARIZE metformin", ["metformin"]),
        ("why?", ["whi"]),
        ("WHO classification", ["who", "classif"]),
        ("whole", ["whole"]),
        ("Which drugs are currently available for asthma?", ["drug", "asthma"]),
        ("What is the mechanism of action of IL-6 inhibitors?", ["il", "6", "inhibitor"]),
        ("Is there any evidence that statins are used in sepsis", ["statin", "sepsi"]),
        ("evidence-based medicine", ["evid", "base", "medicin"]),
        ("mechanism", ["mechan"]),
        ("", []),
    ],
)
def test_words_of_asking_do_not_count_in_a_query_that_has_others(question: str, expected: list[str]) -> None:
    assert analyzer.query_terms(question) == expected
