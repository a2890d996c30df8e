import pytest

from bioqa.index.corpus.values import languages


@pytest.mark.parametrize("name", ["ger", "de", "German", " german "])
def test_a_language_is_known_by_its_codes_and_its_name(name: str) -> None:
    assert languages.pubmed_code(name) == "ger"
    assert languages.aliases(name) == ("ger", "de", "German")


def test_an_unknown_language_is_itself() -> None:
    assert languages.aliases("Klingon") == ("Klingon",)
    assert languages.pubmed_code("und") == "und"
