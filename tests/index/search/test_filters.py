import pytest

from bioqa.index.errors import InputError
from bioqa.index.search import filters
from bioqa.index.search.filters import NO_FILTER, Filter


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ("2015", Filter(2015, 2015)),
        ("2015:2024", Filter(2015, 2024)),
        ("2015:2015", Filter(2015, 2015)),
        ("2015:", Filter(2015, None)),
        (":2024", Filter(None, 2024)),
        (" 2015:2024 ", Filter(2015, 2024)),
        (None, NO_FILTER),
    ],
)
def test_years_are_one_or_a_range_open_to_either_side(years: str | None, expected: Filter) -> None:
    assert filters.parse_filter(years, None) == expected


@pytest.mark.parametrize(
    "years",
    [
        "",
        " ",
        ":",
        "15",
        "2015-2020",
        "2015:2020:2024",
        "last year",
        "2015 : 2020",
        "-2015",
        "20152024",
        "２０１５",
    ],
)
def test_anything_else_is_refused_with_what_was_expected(years: str) -> None:
    with pytest.raises(InputError, match="expected a year or a range") as caught:
        filters.parse_filter(years, None)
    assert repr(years) in str(caught.value)


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(InputError, match=r"'2024:2015'.*backwards"):
        filters.parse_filter("2024:2015", None)


def test_only_a_filter_without_restriction_is_empty() -> None:
    assert filters.parse_filter(None, None).is_empty
    assert NO_FILTER.is_empty
    assert not filters.parse_filter("2015:", None).is_empty
    assert not filters.parse_filter(None, "Nature").is_empty


def test_the_other_restrictions_are_kept_as_written() -> None:
    assert filters.parse_filter(None, None, ["Humans", "Liver"], "Review", "eng", not_retracted=True) == Filter(
        mesh=("Humans", "Liver"), publication_type="Review", language="eng", not_retracted=True
    )


@pytest.mark.parametrize(
    "filters",
    [Filter(mesh=("Humans",)), Filter(publication_type="Review"), Filter(language="eng"), Filter(not_retracted=True)],
)
def test_every_restriction_makes_a_filter_that_is_not_empty(filters: Filter) -> None:
    assert not filters.is_empty


def test_the_journal_is_kept_as_written() -> None:
    assert filters.parse_filter("2001", "The Lancet") == Filter(2001, 2001, "The Lancet")


@pytest.mark.parametrize("option", ["journal", "publication_type", "language", "mesh"])
def test_a_restriction_to_nothing_is_refused(option: str) -> None:
    given = {"years": None, "journal": None, option: ("Humans", "") if option == "mesh" else " "}
    with pytest.raises(InputError, match=f"--{option.replace('_', '-')} is empty"):
        filters.parse_filter(**given)  # type: ignore[arg-type]
