import pytest

from bioqa.index.search import filter_values

VALUES = {
    "diabetes mellitus, type 2": 5,
    "diabetic retinopathy": 1,
    "humans": 90,
    "review": 30,
    "systematic review": 10,
    "biopsies": 1,
    "international journal of molecular sciences": 3,
    "journal of the national cancer institute": 2,
    "plos one": 40,
    "heart": 7,
}


def meant(value: str, field: str = "mesh") -> list[str]:
    return filter_values.meant(field, value, VALUES, filter_values.by_key(VALUES))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("HUMANS", "humans"),
        ("human", "humans"),
        ("Reviews", "review"),
        ("biopsy", "biopsies"),
        ("Type 2 Diabetes Mellitus", "diabetes mellitus, type 2"),
        ("The Heart", "heart"),
    ],
)
def test_case_number_order_and_signs_do_not_matter(value: str, wanted: str) -> None:
    assert meant(value) == [wanted]


@pytest.mark.parametrize("value", ["diabetes", "hear", "", "the", "review article"])
def test_another_value_means_nothing(value: str) -> None:
    assert meant(value) == []


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Revieuw", "review"),
        ("Int J Mol Sci", "international journal of molecular sciences"),
        ("J Natl Cancer Inst", "journal of the national cancer institute"),
        ("PLoS On", "plos one"),
        ("diabetes", "diabetes mellitus, type 2"),
    ],
)
def test_the_value_nearest_to_what_was_meant_comes_first(value: str, wanted: str) -> None:
    assert filter_values.near(value, VALUES)[0] == wanted


@pytest.mark.parametrize("value", ["xyzzy", "N Engl J Med", "", "?"])
def test_nothing_is_near_to_what_no_value_resembles(value: str) -> None:
    assert filter_values.near(value, VALUES) == []


def test_of_equally_near_values_the_more_frequent_one_comes_first() -> None:
    assert filter_values.near("heart", {"heart rate": 1, "heart arrest": 2}) == ["heart arrest", "heart rate"]


def test_a_language_means_every_name_of_it_that_the_index_has() -> None:
    values = {"eng": 3, "english": 1, "ger": 2}
    assert filter_values.meant("language", "en", values, {}) == ["eng", "english"]
    assert filter_values.meant("language", "German", values, {}) == ["ger"]
    assert filter_values.meant("language", "fre", values, {}) == []
