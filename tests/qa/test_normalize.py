import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bioqa.qa.normalize import core_range, normalize_answer

WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IL-6", "IL 6"),
        ("IL-6", "il6"),
        ("TNF-α", "TNFα"),
        ("TNF-α", "TNF alpha"),
        ("β-catenin", "Beta catenin"),
        ("µ-opioid receptor", "mu opioid receptor"),
        ("the CFTR gene", "CFTR"),
        ("CFTR proteins", "cftr"),
        ("An inhibitor", "inhibitor"),
        ("X-linked", "x linked"),
        ("X\u2011linked", "X-linked"),
        ("“Dystrophin”.", "dystrophin"),
        ("ﬁbrin", "fibrin"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("type  2\tdiabetes", "Type 2 diabetes"),
        ("statins", "statin"),
        ("monoclonal antibodies", "monoclonal antibody"),
        ("viruses", "virus"),
        ("abscesses", "abscess"),
        ("EGFRs", "EGFR"),
        ("Two weeks", "2 weeks"),
        ("20,000", "20000"),
        ("20\u2009000 genes", "20000"),
        ("1,234,567.5", "1234567.5"),
        ("4·5", "4.5"),
        ("1,5 mg", "1.5 mg"),
        ("< 5%", "<5%"),
        ("≥ 20,000", "> or = 20000"),
        ("<=5", "≤5"),
        ("(4.5).", "4.5"),
        ("Nav 1.5", "Nav1.5"),
        ("1->4 linkage", "1-4 linkage"),
        ("mosquitoes", "mosquito"),
        ("potatoes", "potato"),
        ("horseshoes", "horseshoe"),
        ("hammertoes", "hammertoe"),
        ("Parkinson's disease", "Parkinson disease"),
        ("Huntington ’s disease", "HUNTINGTON'S DISEASE"),
        ("NF-κB", "NF-kappaB"),
        ("TNFα", "TNFalpha"),
        ("IL-1β", "IL-1beta"),
        ("IκBα", "IkappaBalpha"),
        ("Theta-toxin", "θ toxin"),
        ("IGF-1R", "IGF1R"),
        ("50 %", "50%"),
        ("A beta", "Aβ"),
        ("non-coding elements", "noncoding element"),
        ("a sodium-glucose co-transporter", "sodium glucose cotransporter"),
        ("dys\u00adtrophin", "dystrophin\u200b"),
    ],
)
def test_spellings_of_one_answer_have_one_key(one: str, other: str) -> None:
    assert normalize_answer(one) == normalize_answer(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IL-6", "interleukin 6"),
        ("IL-6", "IL-6R"),
        ("IL-6", "IL-16"),
        ("TNF-α", "TNF-β"),
        ("CD4", "CD4+"),
        ("5", "5%"),
        ("<5%", ">5%"),
        ("<5%", "5%"),
        ("≤5%", "<5%"),
        ("4.5", "4-5"),
        ("4.5", "45"),
        ("1,25", "125"),
        ("22q11.2", "22q112"),
        ("toes", "to"),
        ("cystic fibrosis", "fibrosis"),
        ("vitamin A", "vitamin"),
        ("gene", "protein"),
        ("café", "cafe"),
        ("AIDS", "AID"),
        ("MSs", "MS"),
        ("sepsis", "sepsi"),
        ("bus", "bu"),
        ("statins use", "statin use"),
        ("tense", "10se"),
        ("alphabet", "alpha bet"),
        ("IL-1R", "IL-1"),
        ("alphaS", "alpha"),
        ("non-A", "nona"),
        ("Aα", "alpha"),
    ],
)
def test_different_answers_keep_different_keys(one: str, other: str) -> None:
    assert normalize_answer(one) != normalize_answer(other)


@pytest.mark.parametrize("text", ["", "   ", "...", "—", "(-)", "<", "> <."])
def test_what_says_nothing_has_an_empty_key(text: str) -> None:
    assert normalize_answer(text) == ""


@settings(deadline=None)
@given(st.text(max_size=80))
@example("Alzheimer's")
def test_a_key_never_has_white_space_at_its_ends_or_twice_in_a_row(text: str) -> None:
    key = normalize_answer(text)
    assert key == " ".join(key.split())


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.sampled_from(["-", " ", ", ", "/", " - ", "\n"]))
def test_case_and_punctuation_make_no_difference(words: list[str], between: str) -> None:
    assert normalize_answer(f" ({between.join(words).upper()}).") == normalize_answer(" ".join(words).lower())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the CFTR gene", "CFTR"),
        ("CFTR genes", "CFTR"),
        ("p53 protein", "p53"),
        ("an IL-6", "IL-6"),
        ("a fusion gene", "fusion gene"),
        ("The the dystrophin protein", "dystrophin protein"),
        ("the gene", "gene"),
        ("gene", "gene"),
        ("the", "the"),
        ("theophylline", "theophylline"),
        ("the A beta peptide", "A beta peptide"),
        ("A β", "A β"),
        ("a beta blocker", "beta blocker"),
        ("A receptor", "receptor"),
        ("androgen", "androgen"),
        ("CFTR gene product", "CFTR gene product"),
        ("the BRCA1 gene", "BRCA1"),
        ("HTT gene", "HTT"),
        ("Ras proteins", "Ras"),
        ("K-ras gene", "K-ras"),
        ("E-cadherin protein", "E-cadherin"),
        ("TGF-beta gene", "TGF-beta"),
        ("14-3-3 proteins", "14-3-3"),
        ("20,000 genes", "20,000"),
        ("C-reactive protein", "C-reactive protein"),
        ("the G protein", "G protein"),
        ("RNA-binding proteins", "RNA-binding proteins"),
        ("an F-box protein", "F-box protein"),
        ("X-linked gene", "X-linked gene"),
        ("Bence Jones protein", "Bence Jones protein"),
        ("Tamm-Horsfall protein", "Tamm-Horsfall protein"),
    ],
)
def test_what_is_shown_of_an_answer(text: str, shown: str) -> None:
    start, end = core_range(f"x {text} y", 2, 2 + len(text))
    assert f"x {text} y"[start:end] == shown


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["the", "a", "an"]), max_size=3),
    st.lists(st.sampled_from(["CFTR", "fusion", "p53", "IL-6", "a", "chloride"]), min_size=1, max_size=4),
    st.sampled_from(["", " gene", " proteins"]),
)
def test_what_is_shown_lies_within_the_answer_and_counts_as_the_same(
    articles: list[str], words: list[str], tail: str
) -> None:
    text = " ".join([*articles, *words]) + tail
    start, end = core_range(text, 0, len(text))
    assert 0 <= start < end <= len(text)
    assert normalize_answer(text[start:end]) == normalize_answer(text)
