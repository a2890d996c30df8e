import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bioqa.index.records import Document, Passage, Section
from bioqa.index.text import passages

PROSE = st.lists(
    st.sampled_from(["gene", "p53", "cancer.", "A", "(see", "it)", "\n", "0.5.", "What?"]), max_size=60
).map(" ".join)


def words(text: str) -> list[str]:
    return re.findall(r"\S+", text)


@given(st.sampled_from(["", "A title"]), PROSE.map(str.strip) | st.text(max_size=80).map(str.strip), st.integers(1, 12))
def test_passages_cover_the_abstract_in_order_and_lose_no_word(title: str, abstract: str, max_words: int) -> None:
    document = Document("1", title, abstract)
    ranges = passages.windows(document, max_words)
    if not abstract:
        assert ranges == [(0, len(document.text))]
        return
    position = document.abstract_start
    for start, end in ranges:
        assert position <= start < end <= len(document.text)
        assert not document.text[position:start].strip()
        position = end
    assert not document.text[position:].strip()
    slices = [document.text[start:end] for start, end in ranges]
    assert [word for piece in slices for word in words(piece)] == words(abstract)
    assert all(1 <= len(words(piece)) <= max_words for piece in slices)


@given(st.integers(2, 12).flatmap(lambda most: st.tuples(st.just(most), st.lists(st.integers(1, most), min_size=1))))
@example((3, [3, 2, 3, 3, 3, 1]))
@example((20, [1, 1, 20, 13, 19, 20, 13, 10]))
def test_sentences_of_any_lengths_are_grouped_whole_and_none_is_lost(case: tuple[int, list[int]]) -> None:
    max_words, lengths = case
    abstract = " ".join(" ".join(["Word", *["word"] * (length - 1)]) + "." for length in lengths)
    document = Document("1", "Title", abstract)
    pieces = [document.text[start:end] for start, end in passages.windows(document, max_words)]
    assert " ".join(pieces) == abstract
    assert all(piece.endswith(".") and len(words(piece)) <= max_words for piece in pieces)


@given(st.lists(st.tuples(st.sampled_from(["", "Methods"]), PROSE.map(str.strip).filter(bool)), max_size=4), PROSE)
def test_every_section_is_cut_by_itself_and_no_word_of_it_is_lost(parts: list[tuple[str, str]], abstract: str) -> None:
    document = Document("1", "Title", abstract.strip(), sections=tuple(Section(*part) for part in parts))
    cut = [Passage(0, document, start, end) for start, end in passages.windows(document, 7)]
    for number, section in enumerate(document.sections):
        ours = [passage for passage in cut if passage.section == number]
        assert [word for passage in ours for word in words(passage.text)] == words(section.text)
        assert all(passage.text in section.text for passage in ours)
    assert [word for passage in cut if passage.section is None for word in words(passage.text)] == (
        words(document.abstract) if document.abstract or document.sections else ["Title"]
    )


def test_a_short_abstract_is_one_passage_without_the_title() -> None:
    document = Document("1", "A title", "One sentence. Another sentence.")
    ((start, end),) = passages.windows(document)
    assert document.text[start:end] == document.abstract


def test_a_document_without_abstract_is_one_passage_its_title() -> None:
    assert passages.windows(Document("1", "Only a title")) == [(0, 12)]


def test_a_document_without_title_is_cut_like_any_other() -> None:
    document = Document("1", "", "One two. Three four. Five six.")
    pieces = [document.text[start:end] for start, end in passages.windows(document, 4)]
    assert len(pieces) == 2
    assert " ".join(pieces) == document.text


@pytest.mark.parametrize("sentences", [16, 23, 30, 31, 44, 46, 75])
def test_passages_of_a_long_abstract_are_about_equally_long(sentences: int) -> None:
    document = Document("1", "Title", " ".join(f"S{i} b c d e f g h i j." for i in range(sentences)))
    lengths = [len(words(document.text[start:end])) for start, end in passages.windows(document)]
    assert max(lengths) <= passages.MAX_WORDS
    assert min(lengths) >= max(lengths) / 2
    assert len(lengths) <= sentences * 10 / passages.MAX_WORDS + 2


def test_whole_sentences_stay_together() -> None:
    abstract = " ".join(f"Sentence {i} has exactly seven words here." for i in range(60))
    document = Document("1", "Title", abstract)
    for start, end in passages.windows(document):
        piece = document.text[start:end]
        assert piece.startswith("Sentence")
        assert piece.endswith("here.")


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    abstract = " ".join(f"w{i}" for i in range(400))
    document = Document("1", "Title", abstract)
    pieces = [document.text[start:end] for start, end in passages.windows(document)]
    assert [len(words(piece)) for piece in pieces] == [150, 150, 100]
    assert " ".join(pieces) == abstract


@pytest.mark.parametrize(
    "text",
    ["x" * 200_000, "x" * 400 + " y" * 300, "(" * 100_000, "a. " + "β" * 90_000 + " b.", "a" + " " * 90_000 + "b"],
)
def test_a_word_longer_than_any_is_cut_and_no_passage_is_endless(text: str) -> None:
    for made in (Document("1", "T", text), Document("1", text)):
        ranges = passages.windows(made)
        assert "".join("".join(made.text[start:end].split()) for start, end in ranges) == "".join(text.split())
        assert all(end - start <= 200 * passages.MAX_WORDS for start, end in ranges)


@pytest.mark.parametrize("piece", ["a\n", "One two. ", "word ", "x"])
def test_a_text_far_longer_than_any_is_cut_a_stretch_at_a_time(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (piece * 40_000).strip()
    monkeypatch.setattr(passages, "_STRETCH", 10_000)
    longest = 0
    split = passages.sentences.split

    def noted(text: str) -> list[tuple[int, int]]:
        nonlocal longest
        longest = max(longest, len(text))
        return split(text)

    monkeypatch.setattr(passages.sentences, "split", noted)
    made = Document("1", "T", text)
    ranges = passages.windows(made)
    assert longest <= 10_000
    assert "".join("".join(made.text[start:end].split()) for start, end in ranges) == "".join(text.split())
    assert [end for _, end in ranges[:-1]] < [start for start, _ in ranges[1:]] or piece == "x"
