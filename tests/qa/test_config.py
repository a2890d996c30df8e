from dataclasses import FrozenInstanceError

import pytest

from bioqa.qa.config import AskConfig


def test_a_config_cannot_be_changed_after_it_is_made() -> None:
    with pytest.raises(FrozenInstanceError):
        AskConfig().top = 3  # type: ignore[misc]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="min_confidense"):
        AskConfig(min_confidense=0.5)  # type: ignore[call-arg]


def test_the_defaults_narrow_nothing_and_leave_abstention_to_the_fit() -> None:
    config = AskConfig()
    assert config.filters.is_empty
    assert config.min_confidence is None
    assert config.passages > 10 > config.tokens / 384
    assert config.top == 5
