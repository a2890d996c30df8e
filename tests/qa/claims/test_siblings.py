import pytest

from bioqa.qa.claims.siblings import Attribute, attributes


def of(text: str) -> dict[str, Attribute]:
    return {text[each.start : each.end]: each for each in attributes(text)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a recessive disorder", "a dominant disorder"),
        ("AMP activates it", "it is inhibited by AMP"),
        ("levels rise and increase", "a decreased level"),
        ("type 2 diabetes", "type I diabetes"),
        ("vitamin C", "vitamin D"),
        ("CD4", "CD8"),
        ("chromosome 7", "chromosome 17"),
        ("at 22q11.2", "at 15q11"),
        ("a DNA genome", "an RNA genome"),
        ("hyperkalemia", "Hypokalemia"),
        ("HPV type 16", "HPV type 6"),
    ],
)
def test_siblings_are_of_one_kind_and_differ_in_value(one: str, other: str) -> None:
    kinds, others = ({each.kind: each.value for each in attributes(text)} for text in (one, other))
    shared = kinds.keys() & others.keys()
    assert shared
    assert all(kinds[kind] != others[kind] for kind in shared)


def test_forms_of_a_word_are_one_value() -> None:
    for one, other in (
        ("type II", "type 2"),
        ("TNF-α", "TNF-alpha"),
        ("12 pairs", "twelve pairs"),
        ("inhibits", "inhibitor"),
    ):
        assert [(each.kind, each.value) for each in attributes(one)] == [
            (each.kind, each.value) for each in attributes(other)
        ]  # fmt: skip


def test_a_sibling_has_the_form_of_the_word() -> None:
    found = of("Recessive inhibitors decreased vitamin C in 24 of α cells and hypotension.")
    assert found["Recessive"].siblings == ("Dominant",)
    assert found["inhibitors"].siblings == ("activators",)
    assert found["decreased"].siblings == ("increased",)
    assert "D" in found["C"].siblings
    assert "48" in found["24"].siblings
    assert found["α"].siblings == ("β", "γ", "δ")
    assert found["hypotension"].siblings == ("hypertension",)


def test_a_letter_and_a_number_know_what_they_are_said_of() -> None:
    assert "cell" in of("pancreatic beta cells")["beta"].of
    assert "exon" in of("DMD has 79 exons")["79"].of
    assert "%" in of("in 15% of them")["15"].of


def test_words_that_only_look_alike_are_no_attributes() -> None:
    assert attributes("COVID-19 is a hypothesis of the hypothalamus") == []
    assert attributes("") == []
