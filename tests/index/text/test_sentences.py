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


def test_a_word_that_merely_ends_like_an_abbreviation_ends_a_sentence() -> None:
    assert pieces("They took the metal. The rest stayed.") == ["They took the metal.", "The rest stayed."]
