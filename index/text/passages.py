"""Splitting documents into passages with character offsets."""

import re
from collections.abc import Iterator
from itertools import accumulate, groupby
from math import ceil
from operator import itemgetter

from bioqa.index.records import Document
from bioqa.index.text import sentences

# With titles, half the passages of 30,000 abstracts have at most 199 tokens; 11% exceed the encoder's 256.
MAX_WORDS = 150

# The longest word of 35,000 texts has 182 characters. Longer words are split, so that passages stay bounded.
_LONGEST_WORD = 200
_WORD = re.compile(rf"\S{{1,{_LONGEST_WORD}}}")
_LONGEST = MAX_WORDS * _LONGEST_WORD  # characters of a passage
_STRETCH = 1 << 20  # characters split into sentences at once: for 16 MB this would take 2 GB
_SPACE = re.compile(r"\s")


def windows(document: Document, max_words: int = MAX_WORDS) -> list[tuple[int, int]]:
    """Character ranges (start, end) of the passages in `document.text`: whole sentences, of about equal length.

    The passages cover the abstract and each section of a full text separately, without overlap. A document with neither
    has one passage, its title. A sentence of more than `max_words` words is split between words, and an excessively
    long word is split as well.
    """
    if not document.abstract and not document.sections:
        text = document.text
        return _windows_of_part(text, max_words) if len(text) > _LONGEST else [(0, len(text))]
    parts = [(document.abstract_start, document.abstract)]
    parts += zip(document.section_starts, (section.text for section in document.sections), strict=True)
    return [
        (offset + start, offset + end) for offset, text in parts for start, end in _windows_of_part(text, max_words)
    ]


def _windows_of_part(text: str, max_words: int) -> list[tuple[int, int]]:
    return [
        (offset + start, offset + end)
        for offset, stretch in _stretches(text)
        for start, end in _windows_of_stretch(stretch, max_words)
    ]


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """The pieces of an excessively long text, split at white space, with their offsets; usually the whole text."""
    start = 0
    while len(text) - start > _STRETCH:
        space = _SPACE.search(text, start + _STRETCH - _LONGEST_WORD, start + _STRETCH)
        end = space.end() if space else start + _STRETCH
        yield start, text[start:end]
        start = end
    yield start, text[start:] if start else text


def _windows_of_stretch(text: str, max_words: int) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    lengths: list[int] = []
    before = 0
    evenly = "  " not in text and text.isprintable()  # a single blank between all words: the only printable white space
    for start, end in sentences.split(text):
        words = text.count(" ", start, end) + 1 if evenly else len(text[start:end].split())
        whole = words <= max_words and end - start <= _LONGEST
        for first, last in [(start, end)] if whole else _cut(text, start, end, max_words):
            count = words if whole else len(text[first:last].split())
            # or the number of longest words that would fill the piece
            lengths.append(min(max_words, max(count, (last - before) // _LONGEST_WORD)))
            pieces.append((first, last))
            before = last
    return [(pieces[first][0], pieces[last - 1][1]) for first, last in _groups(lengths, max_words)]


def _groups(lengths: list[int], most: int) -> list[tuple[int, int]]:
    """Group consecutive items into groups of at most `most` words, of about equal size: ranges of item numbers."""
    ends = list(accumulate(lengths))
    total = ends[-1] if ends else 0
    fewest = ceil(total / most)
    for count in (fewest, fewest + 1):
        # The midpoint of an item decides its group.
        homes = [ceil((end - length / 2) * count / total) for end, length in zip(ends, lengths, strict=True)]
        groups = [[number for number, _ in items] for _, items in groupby(enumerate(homes), key=itemgetter(1))]
        if all(sum(lengths[number] for number in group) <= most for group in groups):
            return [(group[0], group[-1] + 1) for group in groups]
    return _filled(lengths, most)


def _filled(lengths: list[int], most: int) -> list[tuple[int, int]]:
    """Group consecutive items greedily into groups of at most `most` words."""
    starts: list[int] = []
    words = most
    for number, length in enumerate(lengths):
        if words + length > most:
            starts.append(number)
            words = 0
        words += length
    return list(zip(starts, [*starts[1:], len(lengths)], strict=True))


def _cut(text: str, start: int, end: int, max_words: int) -> list[tuple[int, int]]:
    cut: list[tuple[int, int]] = []
    count = max_words
    for word in _WORD.finditer(text, start, end):
        count += 1
        if count <= max_words and word.end() - cut[-1][0] <= max_words * _LONGEST_WORD:
            cut[-1] = (cut[-1][0], word.end())
        else:
            cut.append(word.span())
            count = 1
    return cut
