import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.qa.abbreviations import abbreviates, abbreviation_pairs, expansions
from bioqa.qa.normalize import normalize_answer


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        (
            "the cystic fibrosis transmembrane conductance regulator (CFTR) gene",
            "CFTR",
            "cystic fibrosis transmembrane conductance regulator",
        ),
        ("CFTR (cystic fibrosis transmembrane conductance regulator) is", "CFTR", None),
        ("mice lacking tumour necrosis factor-α (TNF-α) were", "TNF-α", "tumour necrosis factor-α"),
        ("patients with multiple sclerosis (MS; n = 30)", "MS", "multiple sclerosis"),
        ("angiotensin-converting enzyme 2 [ACE2]", "ACE2", "angiotensin-converting enzyme 2"),
        ("magnetic resonance images (MRIs) show", "MRIs", "magnetic resonance images"),
        ("IL-1 (interleukin-1)", "IL-1", "interleukin-1"),
        ("Amyotrophic lateral sclerosis (ALS)", "ALS", "Amyotrophic lateral sclerosis"),
        ("a study of heat shock protein 90 (HSP90)", "HSP90", "heat shock protein 90"),
    ],
)
def test_an_abbreviation_that_a_text_explains_is_found(text: str, short: str, long: str | None) -> None:
    assert list(abbreviation_pairs(text)) == [(short, long or "cystic fibrosis transmembrane conductance regulator")]


@pytest.mark.parametrize(
    "text",
    [
        "was higher (P < 0.05)",
        "as shown (see Fig. 2)",
        "the first (a) and the second (b)",
        "heat shock factors (HSF1)",  # whose 1 stands nowhere
        "unrelated words (XYZ)",
        "an open bracket (CF",
        "(CFTR) comes first",
        "()",
        "CFTR (CFTR)",
        "",
    ],
)
def test_brackets_that_explain_nothing_are_passed_over(text: str) -> None:
    assert list(abbreviation_pairs(text)) == []


def test_a_long_form_is_the_shortest_that_fits_and_begins_with_a_word() -> None:
    assert list(abbreviation_pairs("massive amounts of muscular dystrophy (MD)")) == [("MD", "muscular dystrophy")]


def test_an_abbreviation_with_two_meanings_has_none_but_beside_one_of_them() -> None:
    texts = ["multiple sclerosis (MS)", "mass spectrometry (MS)", "cystic fibrosis (CF)"]
    found = expansions(texts)
    assert "ms" not in found
    assert found["multiple sclerosis ms"] == "multiple sclerosis"
    assert found["mass spectrometry ms"] == "mass spectrometry"
    assert found["cf"] == "cystic fibrosis"
    assert expansions(texts[:1] * 2)["ms"] == "multiple sclerosis"


@pytest.mark.parametrize(
    "both",
    [
        "vascular endothelial growth factors (VEGFs)",
        "VEGF (vascular endothelial growth factor)",
        "vascular endothelial growth factor gene (VEGF)",
    ],
)
def test_both_forms_together_are_what_they_stand_for(both: str) -> None:
    assert expansions([both])[normalize_answer(both)] == "vascular endothelial growth factor"


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Bortezomib treats multiple myeloma (MM).", "MM", "multiple myeloma"),
        ("one with hereditary hemochromatosis (HH)", "HH", "hereditary hemochromatosis"),
        ("omeprazole, a proton-pump inhibitor (PPI)", "PPI", "proton-pump inhibitor"),
        ("superior sagittal sinus (SSS)", "SSS", "superior sagittal sinus"),
        ("in MM (multiple myeloma)", "MM", "multiple myeloma"),
        ("recombinant tissue-type plasminogen activator (t-PA)", "t-PA", "tissue-type plasminogen activator"),
        ("Antihypertensive and Lipid Lowering to Prevent Heart Attack (ALLPHA)", "ALLPHA", None),
        ("anti-tumor necrosis factor (TNF)", "TNF", "tumor necrosis factor"),
        ("in chronic hepatitis C and hepatocellular carcinoma (HCC)", "HCC", "hepatocellular carcinoma"),
        ("in patients who came for insulin (INS)", "INS", "insulin"),
        ("in hypertension, hyperhomocysteinaemia (HH)", "HH", "hyperhomocysteinaemia"),
        ("Analyses of variance (ANOVAs) were", "ANOVAs", "Analyses of variance"),
    ],
)
def test_of_several_long_forms_the_one_counts_in_which_more_letters_begin_words(
    text: str, short: str, long: str | None
) -> None:
    expected = long or "Antihypertensive and Lipid Lowering to Prevent Heart Attack"
    assert list(abbreviation_pairs(text)) == [(short, expected)]


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("interferon gamma", "IFN-γ"),
        ("interferon-γ", "IFN-gamma"),
        ("interferon γ", "IFNG"),
        ("transforming growth factor beta", "TGF-β"),
        ("transforming growth factor-β1", "TGF-beta1"),
        ("transforming growth factor beta 1", "TGFB1"),
        ("nuclear factor kappaB", "NF-κB"),
        ("nuclear factor-κB", "NF-kappaB"),
        ("amyloid beta", "Aβ"),
        ("α-synuclein", "α-syn"),
        ("beta-galactosidase", "β-gal"),
        ("Rho-associated kinase", "ROCK"),
        ("Ras homolog A", "RhoA"),
        ("mu opioid receptor", "MOR"),
    ],
)
def test_a_greek_letter_and_its_name_count_as_one(long: str, short: str) -> None:
    assert list(abbreviation_pairs(f"It binds {long} ({short}).")) == [(short, long)]
    assert abbreviates(short, long)


def test_an_answer_in_greek_letters_is_the_long_form_with_their_names() -> None:
    found = expansions(["interferon gamma (IFN-γ)"])
    assert found[normalize_answer("IFN-γ")] == found[normalize_answer("IFN-gamma")] == "interferon gamma"


@given(st.text(alphabet="aAbB1 -()[];,α\n", max_size=200))
def test_both_forms_stand_in_the_text(text: str) -> None:
    for short, long in abbreviation_pairs(text):
        assert short in text
        assert long in text
        assert len(long) > len(short)


def test_a_long_text_takes_no_longer_than_its_length_asks() -> None:
    began = time.perf_counter()
    list(abbreviation_pairs("(A " * 100_000 + ")" * 100_000 + "word (W) " * 20_000))
    assert time.perf_counter() - began < 5
