import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.text import analyzer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  .,;()", []),
        ("BRCA1", ["brca1"]),
        ("Sjögren Ménière naïve", ["sjogren", "menier", "naiv"]),
        ("the and of is", []),
        ("CAG CAG repeat", ["cag", "cag", "repeat"]),
    ],
)
def test_text_becomes_lower_case_terms_without_accents_and_stop_words(text: str, expected: list[str]) -> None:
    assert analyzer.terms(text) == expected


@pytest.mark.parametrize(
    ("text", "parts", "wholes"),
    [
        ("IL-6", ["il", "6"], ["il6"]),
        ("(IL‐6)-induced", ["il", "6", "induc"], ["il6"]),
        ("IL-6-dependent", ["il", "6", "depend"], ["il6", "6dependent"]),
        ("TNF-α", ["tnf", "alpha"], ["tnfalpha"]),
        ("IFNγ,", ["ifn", "gamma"], ["ifngamma"]),
        ("β", ["beta"], []),
        ("p.V600E", ["p", "v600e"], ["pv600e"]),
        ("HER2/neu", ["her2", "neu"], ["her2neu"]),
        ("5-HT2A", ["5", "ht2a"], ["5ht2a"]),
        ("CD4+", ["cd4"], []),
        ("p53/MDM2", ["p53", "mdm2"], ["p53mdm2"]),
        ("T-cell", ["t", "cell"], []),
        ("1.5", ["1", "5"], []),
        ("p__1", ["p", "1"], []),
        ("Crohn's", ["crohn"], []),
    ],
)
def test_symbols_are_terms_as_wholes_and_as_parts(text: str, parts: list[str], wholes: list[str]) -> None:
    assert analyzer.terms(text) == parts + wholes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TNF-α", "TNF-alpha"),
        ("TNFα", "TNFΑ"),
        ("Alzheimer's", "Alzheimer"),
        ("Alzheimer’s.", "alzheimer"),
        ("\u00b5g", "μg"),
        ("IL–6", "IL-6"),
    ],
)
def test_ways_to_write_one_name_become_the_same_terms(one: str, other: str) -> None:
    assert analyzer.terms(one) == analyzer.terms(other) != []


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("IL-6", "IL6", "il6"), ("TNF-α", "TNFalpha", "tnfalpha"), ("Ménière-2", "MENIERE2", "meniere2")],
)
def test_a_symbol_is_found_however_it_is_joined(one: str, other: str, shared: str) -> None:
    assert shared in set(analyzer.terms(one)) & set(analyzer.terms(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("mutations", "mutation"), ("mutated", "mutates"), ("INHIBITORS", "inhibitor"), ("café", "CAFE")],
)
def test_forms_of_one_word_become_one_term(one: str, other: str) -> None:
    assert analyzer.terms(one) == analyzer.terms(other) != []


def test_terms_keep_the_order_of_the_text() -> None:
    assert analyzer.terms("zinc finger binds zinc") == ["zinc", "finger", "bind", "zinc"]


@given(st.text(st.sampled_from("aB3é-ﬁα\u2028\u0301 \t\n\x1c\x85_.😀'\u3000x"), max_size=60), st.integers(1, 90))
def test_only_terms_of_symbols_depend_on_the_words_beside_and_the_index_takes_terms_as_they_are(
    text: str, times: int
) -> None:
    found = analyzer.analyze(text * times)
    plain = [term for word in (text * times).split() for term in analyzer.analyze(word).split()]
    assert [term for term in found.split() if "_" not in term] == [term for term in plain if "_" not in term]
    assert list(analyzer.tokenizer().analyze(found)) == found.split()
    assert all(len(term.encode()) <= 83 for term in found.split())


def test_a_word_of_a_million_letters_is_taken_apart_in_time() -> None:
    assert set(analyzer.terms("a1-" * 300_000)) == {"a1", "a1a1"}
    assert analyzer.terms("α-" * 3)[:3] == ["alpha"] * 3


def test_a_run_of_letters_too_long_to_be_a_word_is_dropped() -> None:
    assert analyzer.terms("A" * 500 + " gene " + "x7" * 20) == ["gene", "x7" * 20]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What gene causes cystic fibrosis?", ["gene", "caus", "cystic", "fibrosi"]),
        ("Please list the drugs that target EGFR", ["drug", "target", "egfr"]),
        ("SUMMARIZE metformin", ["metformin"]),
        ("why?", ["whi"]),
        ("WHO classification", ["who", "classif", "who_"]),
        ("What does HAS do?", ["has", "has_"]),
        ("WHAT DOES HAS DO?", ["what", "doe", "has", "do"]),
        ("HOW IS VITAMIN D MADE?", ["vitamin", "d", "made"]),
        ("whole", ["whole"]),
        ("Which drugs are currently available for asthma?", ["drug", "asthma"]),
        ("What is the mechanism of action of IL-6 inhibitors?", ["il", "6", "il6", "inhibitor"]),
        ("Is there any evidence that statins are used in sepsis", ["statin", "sepsi"]),
        ("evidence-based medicine", ["evid", "base", "medicin"]),
        ("mechanism", ["mechan"]),
        ("", []),
    ],
)
def test_words_of_asking_do_not_count_in_a_query_that_has_others(question: str, expected: list[str]) -> None:
    assert analyzer.query_terms(question) == expected


def test_what_is_remembered_of_words_has_an_end_in_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer, "_MOST_LETTERS", 10_000)
    words = analyzer._Words()
    for number in range(2000):
        assert words["α" * 60 + f"{number}"]
        assert sum(len(word) + len(made) for word, made in words.items()) < 11_000


IN_INDEX = {
    "vitamin": 100,
    "vitamin_a": 20,
    "a_": 300,
    "group": 10_000,
    "group_a": 50,
    "use": 9000,
    "use_a": 5,
    "was_": 3,
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("What is vitamin A?", ["vitamin", "vitamin_a", "a_"]),
        ("what is vitamin a?", ["vitamin", "vitamin_a", "a_"]),
        ("group a streptococcus", ["group", "streptococcus", "group_a", "a_"]),
        ("Using a drug", ["use", "drug"]),
        ("Using A Drug", ["use", "drug"]),
        ("vitamin A or D", ["vitamin", "d", "vitamin_a", "a_"]),  # the index knows no vitamin D
        ("What is a virus?", ["virus"]),
        ("WAS", ["was_"]),
        ("IT", []),
        ("vitamin A's receptor", ["vitamin", "receptor"]),
    ],
)
def test_a_query_has_the_symbols_that_an_index_knows(query: str, expected: list[str]) -> None:
    assert analyzer.query_terms(query, lambda term: IN_INDEX.get(term, 0)) == expected


@pytest.mark.parametrize("query", ["vitamin A", "What is WAS?", "influenza A and B", "IT or ALL"])
def test_an_index_without_symbols_is_asked_for_none(query: str) -> None:
    assert not any("_" in term for term in analyzer.query_terms(query, lambda term: "_" not in term))


def test_a_text_can_be_analyzed_as_by_the_analyzer_before() -> None:
    analyzed = analyzer.analyze("Vitamin A in WAS: vitamin-D, IL-6")
    assert analyzer.analyzed_by("biomedical-2", analyzed) == "vitamin vitamin d il 6 il6"
    assert analyzer.analyzed_by(analyzer.NAME, analyzed) == analyzed


def test_terms_of_a_text_are_compared_without_those_of_a_name_and_a_letter_together() -> None:
    assert analyzer.terms("vitamins A and D") == ["vitamin", "d", "a_"]
