import pytest

from bioqa.qa.validation.drug_classes import class_asked_for, members_asked_for


@pytest.mark.parametrize(
    ("question", "member", "other"),
    [
        ("Name three beta blockers", "atenolol", "phenoxybenzamine"),
        ("Which ACE inhibitors are there?", "enalapril", "losartan"),
        ("Which statins depend little on CYP3A4?", "pravastatin", "clarithromycin"),
        ("Give examples of loop diuretics", "furosemide", "amiloride"),
        ("Which fluoroquinolones are used?", "ciprofloxacin", "vancomycin"),
    ],
)
def test_the_class_that_is_asked_for_has_members(question: str, member: str, other: str) -> None:
    asked = class_asked_for(question)
    assert asked
    assert asked.search(member)
    assert not asked.search(other)


@pytest.mark.parametrize("question", ["Which drug reverses a beta blocker?", "Are statins safe?", "What is a gene?"])
def test_a_class_that_is_only_mentioned_is_not_asked_for(question: str) -> None:
    assert class_asked_for(question) is None


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Name three beta blockers", True),
        ("list some statins", True),
        ("Which statins depend little on CYP3A4?", False),
        ("Name three organs", False),
    ],
)
def test_members_are_asked_for_where_nothing_else_is(question: str, asked: bool) -> None:
    assert bool(members_asked_for(question)) is asked
