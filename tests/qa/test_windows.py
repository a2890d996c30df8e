import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.index.models import runtime
from bioqa.index.models.model import open_model, shipped
from bioqa.qa.windows import Window, split_windows

TOKENIZER = runtime.load_tokenizer(open_model(shipped("reader"), "reader"))


def covered(window: Window, text: str) -> list[str]:
    return [text[start:end] for start, end in window.offsets]


def test_a_short_text_is_one_window_that_ends_with_it() -> None:
    (window,) = split_windows(TOKENIZER, "Which gene?", "It is CFTR.", 64)
    assert covered(window, "It is CFTR.") == ["It", "is", "CF", "TR", "."]
    assert window.sequence.tokens[0] == "[CLS]"
    assert window.sequence.tokens[-1] == "[SEP]"


def test_windows_of_a_long_text_overlap_and_miss_nothing() -> None:
    text = " ".join(f"word{i}" for i in range(500))
    found = split_windows(TOKENIZER, "Which?", text, 96)
    assert all(len(window.sequence.ids) <= 96 for window in found)
    starts = [window.offsets[0][0] for window in found]
    ends = [window.offsets[-1][1] for window in found]
    assert starts == sorted(starts)
    assert (starts[0], ends[-1]) == (0, len(text))
    assert all(start < end for start, end in zip(starts[1:], ends, strict=False))


@pytest.mark.parametrize("max_tokens", [16, 40, 64, 67])
def test_however_few_tokens_a_window_has_a_long_question_leaves_room_for_the_text(max_tokens: int) -> None:
    cut = split_windows(TOKENIZER, "why " * 1000, "It is CFTR.", max_tokens)
    assert all(len(window.sequence.ids) <= max_tokens for window in cut)
    assert {word for window in cut for word in covered(window, "It is CFTR.")} == {"It", "is", "CF", "TR", "."}


def test_a_question_is_cut_and_leaves_room_for_the_text() -> None:
    (window,) = split_windows(TOKENIZER, "why " * 1000, "It is CFTR.", 96)
    assert covered(window, "It is CFTR.") == ["It", "is", "CF", "TR", "."]
    assert window.first == 66


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_a_text_without_tokens_is_a_window_without_offsets(text: str) -> None:
    (window,) = split_windows(TOKENIZER, "Which?", text, 64)
    assert window.offsets == []


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=80))
def test_offsets_are_of_the_text_and_in_order(text: str, question: str) -> None:
    for window in split_windows(TOKENIZER, question, text, 96):
        assert all(0 <= start <= end <= len(text) for start, end in window.offsets)
        assert list(window.offsets) == sorted(window.offsets)
