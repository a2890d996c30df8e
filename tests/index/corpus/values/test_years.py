from datetime import date

import pytest

from bioqa.index.corpus.values import years

THIS = date.today().year


@pytest.mark.parametrize("year", [1500, 1781, 1809, 1999, THIS, THIS + 2])
def test_a_year_in_which_something_was_published_is_kept(year: int) -> None:
    assert years.plausible_year(year) == year


@pytest.mark.parametrize("year", [-2001, 0, 99, 1499, THIS + 3, 2107, 9999, 10**30])
def test_any_other_is_unknown(year: int) -> None:
    assert years.plausible_year(year) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2018 Nov 25", 2018),
        ("1998 Dec-1999 Jan", 1998),
        ("Summer 1976", 1976),
        ("1809", 1809),
        ("2107 to 2001", 2001),
        ("2107", None),
        ("12000", None),
        ("20181105", None),
        ("２００１", None),
        ("Winter", None),
        ("", None),
    ],
)
def test_the_first_plausible_year_of_a_text_is_found(text: str, year: int | None) -> None:
    assert years.first_year(text) == year


def test_years_are_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(years, "plausible_year", lambda year: seen.append(year) or year)
    assert years.first_year("1999 " * 100_000) == 1999
    assert seen == [1999]
