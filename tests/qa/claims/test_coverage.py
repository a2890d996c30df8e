import pytest

from bioqa.qa.claims.coverage import is_among, stems, weight_covered, weight_without, written_out


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("inhibit", "an inhibitor", True),
        ("anaemia", "anemia", True),
        ("inhibit", "a habit", False),
        ("cat", "categories", False),  # short words have no family
    ],
)
def test_a_term_is_among_its_family_and_other_spellings(term: str, text: str, expected: bool) -> None:
    (stem,) = stems(term)
    assert is_among(stem, stems(text)) is expected


def test_weights_are_those_of_the_terms_covered_and_of_the_others() -> None:
    weights = {"chorea": 3.0, "rare": 1.0}
    assert weight_covered(weights, frozenset({"chorea"})) == 3.0
    assert weight_without(weights, frozenset({"chorea"})) == 1.0


def test_an_abbreviation_and_its_long_form_are_one() -> None:
    passage = "Human papillomavirus (HPV) is common."
    assert written_out("Does HPV cause warts?", "Human papillomavirus causes warts.", passage) >= stems("HPV")
    assert not written_out("Does HPV cause warts?", "It causes warts.", passage)
