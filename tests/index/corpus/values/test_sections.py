import pytest

from bioqa.index.corpus.values import sections
from bioqa.index.records import Section


def test_paragraphs_in_a_row_under_the_same_headings_are_one_section() -> None:
    found = sections.collect_sections(
        [
            (("Methods",), "One."),
            (("Methods",), "Two."),
            (("Methods", "Mice"), "Three."),
            (("Methods",), "Four."),
        ]
    )
    assert found == (
        Section("Methods", "One.\nTwo."),
        Section("Methods: Mice", "Three."),
        Section("Methods", "Four."),
    )


def test_headings_that_are_empty_leave_no_trace() -> None:
    assert sections.collect_sections([((), "One."), (("", "Mice"), "Two.")]) == (
        Section("", "One."),
        Section("Mice", "Two."),
    )


def test_a_section_without_text_is_none() -> None:
    assert sections.collect_sections([(("Methods",), ""), (("Results",), "")]) == ()


@pytest.mark.parametrize("heading", ["Competing interests", "AUTHORS’ CONTRIBUTIONS", "Acknowledgements:", "Funding."])
def test_what_nobody_asks_about_is_left_out_with_all_that_stands_under_it(heading: str) -> None:
    paragraphs = [((heading,), "None."), ((heading, "More"), "None."), (("Results",), "Some.")]
    assert sections.collect_sections(paragraphs) == (Section("Results", "Some."),)


def test_headings_that_are_repeated_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "LARGEST", 10_000)
    long = "Long " * 1000
    assert len(sections.collect_sections([((long,), "a")] * 100)) == 1
    with pytest.raises(ValueError, match="headings of its sections"):
        sections.collect_sections([((long, str(number)), "a") for number in range(100)])
