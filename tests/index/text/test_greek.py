import unicodedata

import pytest

from bioqa.index.text import greek


@pytest.mark.parametrize(
    ("text", "expected"),
    [("TNF-α", "TNF- alpha "), ("Δ9", " delta 9"), ("5 \u00b5g", "5  mu g"), ("alpha", "alpha"), ("", "")],
)
def test_letters_are_spelled(text: str, expected: str) -> None:
    assert greek.spell_out(text) == expected


@pytest.mark.parametrize("letter", "αβγδεζηθικλμνξπρστφχψω")
def test_names_are_those_of_unicode_in_either_case(letter: str) -> None:
    name = unicodedata.name(letter).removeprefix("GREEK SMALL LETTER ").lower().replace("lamda", "lambda")
    assert greek.spell_out(letter).strip() == greek.spell_out(letter.upper()).strip() == name
    assert greek.LETTER.search(letter.upper())
    assert greek.NAME.fullmatch(name)


def test_latin_letters_are_none() -> None:
    assert not greek.LETTER.search("Abcxyz é 9")
