import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.text import sentences

PROSE = st.text(alphabet="abAB.!?\"')( \n\t19αΩ", max_size=120) | st.text(max_size=80)


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences.split(text)]


@given(PROSE)
def test_sentences_are_in_order_stripped_and_nothing_but_white_space_lies_between(text: str) -> None:
    position = 0
    for start, end in sentences.split(text):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@given(PROSE)
def test_a_sentence_never_reaches_over_a_line_break(text: str) -> None:
    assert all("\n" not in piece for piece in pieces(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n ", []),
        ("No full stop", ["No full stop"]),
        ("CFTR is a gene. It lies on chromosome 7.", ["CFTR is a gene.", "It lies on chromosome 7."]),
        ("Is it? Yes! Good.", ["Is it?", "Yes!", "Good."]),
        ("It fell by 0.05. We saw p < 0.001 in all.", ["It fell by 0.05.", "We saw p < 0.001 in all."]),
        ("Signals rose. β-catenin did not.", ["Signals rose.", "β-catenin did not."]),
        ("Cells died. 12 patients lived.", ["Cells died.", "12 patients lived."]),
        ("It works (as shown.) The rest failed.", ["It works (as shown.)", "The rest failed."]),
        ('He said "no." She left.', ['He said "no."', "She left."]),
        ("First line\nsecond line", ["First line", "second line"]),
        ("E. coli was grown.", ["E. coli was grown."]),
        ("Spaces   here.   Next one.", ["Spaces   here.", "Next one."]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Smith et al. Reported this in rats.",
        "Some drugs (e.g. Metformin) help.",
        "That is, i.e. Type 2 diabetes.",
        "Drug vs. Placebo was tested.",
        "See Fig. 2 for this.",
        "See Figs. 2 and 3.",
        "In the U.S. Many patients smoke.",
        "Asked by Dr. Jones in May.",
        "Grown from Lactobacillus sp. A12 cultures.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Infection with S. Typhimurium caused the outbreak.",
        "Isolates of E. Coli and S. Enteritidis were typed.",
        "Invasive S. Typhimurium was found in food.",
        "Cultures of Staph. Aureus grew.",
        "Described by J. P. Smith and A. B. Jones in May.",
        "Named after John F. Kennedy by W. Jones.",
        "Ketamine was given i.v. 10 mg/kg daily.",
        "Treated with 20 mg b.i.d. (n = 12) or p.o. LPS.",
        "Given i.p. 1 h before, e.g. Metformin.",
        "One protein (p. 53) of the rice Oryza sativa L. (IRRI 154) is known (Smith et al. Nature. 2001).",
        "Published in (J. Biol. Chem. 273, 22068).",
        "The value was 78. 8% (p < 0. 05), Z = 1. 53.",
        "There are two causes: 1. Oedema and 2 others.",
        "The study at Clinicaltrials.Gov (NCT01) began.",
        "A dose of 5 micrograms. kg-1 was given.",
        "Patients of St. Luke's Hospital (ca. 20) came.",
    ],
)
def test_a_full_stop_within_a_name_an_abbreviation_or_a_number_does_not_end_a_sentence(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("They took vitamin D.", "Supplements helped."),
        ("It binds protein kinase A.", "Phosphorylation follows."),
        ("Many had hepatitis C.", "Treatment with interferon helped."),
        ("We compared groups A and B.", "Groups were similar."),
        ("It was given i.v.", "The rats slept."),
        ("It was given p.o.", "Plasma was drawn."),
        ("They were described by Smith et al.", "These results are new."),
        ("We saw Candida spp.", "They grew."),
        ("They smoke, drink, etc.", "Risk is high."),
        ("It rose in the U.S.", "The incidence fell elsewhere."),
        ("Levels rose.", "p53 did not."),
        ("Levels rose.", "mRNA did not."),
        ("It is known.[1,2]", "The rest is not."),
        ("It was 1.9 : 1.", "The mean was lower."),
        ("Was it 12?", "Yes."),
        ("He called it “new.”", "She did not."),
    ],
)
def test_a_sentence_can_end_behind_a_letter_an_abbreviation_or_a_reference(first: str, second: str) -> None:
    assert pieces(f"{first} {second}") == [first, second]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was seen.The rats died.", ["It was seen.", "The rats died."]),
        (
            "All were ill (n = 5).We treated 45%.Most lived.",
            ["All were ill (n = 5).", "We treated 45%.", "Most lived."],
        ),
        ("They took vitamin D.Supplements helped.", ["They took vitamin D.", "Supplements helped."]),
        ("It ended.A week later it began.", ["It ended.", "A week later it began."]),
        ("See www.nature.Com or p.Val600Glu.", ["See www.nature.Com or p.Val600Glu."]),
        ("E.coli and S.Typhimurium grew at 0.05.", ["E.coli and S.Typhimurium grew at 0.05."]),
    ],
)
def test_the_white_space_behind_a_full_stop_may_be_missing(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_enumerated_sentences_keep_their_numbers() -> None:
    text = "1. We studied rats. 2. All died."
    assert pieces(text) == ["1. We studied rats.", "2. All died."]


Splitter = Callable[[str], Iterable[tuple[int, int]]]
LABELLED = [
    line.split("\t")[1]
    for line in Path(__file__).with_name("borders.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def borders_found(split: Splitter) -> tuple[int, int, int]:
    """How many of the labelled borders are found, how many others are, and how many there are."""
    found = others = there = 0
    for labelled in LABELLED:
        text = labelled.replace("¦", "")
        borders = {mark.start() - number for number, mark in enumerate(re.finditer("¦", labelled))}
        ends = {len(text[:end].rstrip()) for _, end in split(text)} - {len(text)}
        found += len(ends & borders)
        others += len(ends - borders)
        there += len(borders)
    return found, others, there


def pysbd_split(text: str) -> Iterable[tuple[int, int]]:
    segmenter = pytest.importorskip("pysbd").Segmenter(language="en", clean=False, char_span=True)
    return [(span.start, span.end) for span in segmenter.segment(text)]


def syntok_split(text: str) -> Iterable[tuple[int, int]]:
    segmenter = pytest.importorskip("syntok.segmenter")
    sentences = [list(sentence) for paragraph in segmenter.analyze(text) for sentence in paragraph]
    return [(tokens[0].offset, tokens[-1].offset + len(tokens[-1].value)) for tokens in sentences]


@pytest.mark.parametrize("other", [pysbd_split, syntok_split])
def test_labelled_borders_are_found_at_least_as_well_as_by_other_libraries(other: Splitter) -> None:
    """`pytest -s -k labelled tests/index/text/test_sentences.py` shows precision and recall."""
    figures = []
    for split in (sentences.split, other):
        found, others, there = borders_found(split)
        figures.append((found / (found + others), found / there))
        print(
            f"\n{split.__name__:14}{there} borders  precision {figures[-1][0]:.3f}  recall {figures[-1][1]:.3f}", end=""
        )
    assert figures[0] >= figures[1]
    assert figures[0][1] >= figures[1][1]


def test_labelled_borders_are_found() -> None:
    found, others, there = borders_found(sentences.split)
    assert there >= 300
    assert found / (found + others) >= 0.99
    assert found / there >= 0.99


def test_a_word_that_merely_ends_like_an_abbreviation_ends_a_sentence() -> None:
    assert pieces("They took the metal. The rest stayed.") == ["They took the metal.", "The rest stayed."]
