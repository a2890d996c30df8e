import pytest

from bioqa.index.text import analyzer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vitamin A deficiency", "vitamin a_ vitamin_a defici"),
        ("(vitamin A).", "vitamin a_ vitamin_a"),
        ("vitamin A-deficient rats", "vitamin a_ vitamin_a defici rat"),
        ("vitamin-A-deficient", "vitamin defici vitamin_a a_"),
        ("influenza A(H1N1)", "influenza a_ influenza_a h1n1"),
        ("influenza A and B viruses", "influenza a_ influenza_a influenza_b b virus"),
        ("vitamins A, D, and E", "vitamin a_ vitamin_a vitamin_d d vitamin_e e"),
        ("hepatitis B", "hepat hepat_b b"),
        ("cytochrome c oxidase", "cytochrom cytochrom_c c oxidas"),
    ],
)
def test_a_name_and_the_letter_behind_it_are_one_term_and_two(text: str, expected: str) -> None:
    assert sorted(analyzer.analyze(text).split()) == sorted(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A gene was mutated.", "gene mutat"),
        ("in many patients. A total of six", "mani patient total six"),
        ("Metformin: A review of A drug", "metformin review drug"),
        ("no group P = 0.3", "group p 0 3"),
        ("the group (B)", "group b"),
        ("a T-cell", "t cell"),
        ("is it a b", "b"),
    ],
)
def test_an_article_a_quantity_and_a_label_are_no_letters_behind_a_name(text: str, expected: str) -> None:
    assert sorted(analyzer.analyze(text).split()) == sorted(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WAS mutations", "was_ mutat"),
        ("Wiskott-Aldrich syndrome (WAS)", "wiskott aldrich syndrom was_"),
        ("relapse of ALL in children", "relaps all_ all children"),
        ("chemotherapy was given IT.", "chemotherapi given it_"),
        ("NO is made, but no NO-synthase", "no_ made synthas"),
        ("Was it all?", "all"),
        ("PATIENTS AND METHODS", "patient method"),
        ("IT WAS ALL THERE", "all"),
        ("asthma AND children", "asthma children"),
    ],
)
def test_a_word_of_the_language_in_capitals_is_a_symbol_unless_others_beside_it_are(text: str, expected: str) -> None:
    assert sorted(analyzer.analyze(text).split()) == sorted(expected.split())
