"""Cutting a document into passages that keep their character offsets."""

import re
from collections.abc import Iterator
from itertools import accumulate, groupby
from math import ceil
from operator import itemgetter

from bioqa.index.records import Document
from bioqa.index.text import sentences

# With its title, half the passages of 30,000 abstracts have up to 199 tokens; 11% exceed the 256 that the encoder sees.
MAX_WORDS = 150

# Of 35,000 texts the longest word has 182 characters. What is longer is no word, and a passage has to end somewhere.
_LONGEST_WORD = 200
_WORD = re.compile(rf"\S{{1,{_LONGEST_WORD}}}")
_LONGEST = MAX_WORDS * _LONGEST_WORD  # characters of a title that is a passage
_STRETCH = 1 << 20  # characters that are cut by themselves: the sentences of 16 MB take 2 GB
_SPACE = re.compile(r"\s")


def windows(document: Document, max_words: int = MAX_WORDS) -> list[tuple[int, int]]:
    """Character ranges (start, end) in `document.text` of its passages: whole sentences, about equally long.

    The passages cover the abstract, and each section of a full text by itself, without overlap; a document that has
    neither is one passage, its title. A single sentence longer than `max_words` words is cut between words, and a word
    longer than any is cut into several.
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
    """A text, cut at white space where it is far longer than any, with the offset of each piece."""
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
    for start, end in sentences.split(text):
        words = len(text[start:end].split())
        whole = words <= max_words and end - start <= _LONGEST
        for first, last in [(start, end)] if whole else _cut(text, start, end, max_words):
            count = words if whole else len(text[first:last].split())
            # or as many as there would be, were each as long as the longest
            lengths.append(min(max_words, max(count, (last - before) // _LONGEST_WORD)))
            pieces.append((first, last))
            before = last
    return [(pieces[first][0], pieces[last - 1][1]) for first, last in _groups(lengths, max_words)]


def _groups(lengths: list[int], most: int) -> list[tuple[int, int]]:
    """Consecutive items in groups of at most `most` words, about equal where that can be: ranges of item numbers."""
    ends = list(accumulate(lengths))
    total = ends[-1] if ends else 0
    fewest = ceil(total / most)
    for count in (fewest, fewest + 1):
        # An item belongs to the share of the whole that its middle falls into.
        homes = [ceil((end - length / 2) * count / total) for end, length in zip(ends, lengths, strict=True)]
        groups = [[number for number, _ in items] for _, items in groupby(enumerate(homes), key=itemgetter(1))]
        if all(sum(lengths[number] for number in group) <= most for group in groups):
            return [(group[0], group[-1] + 1) for group in groups]
    return _filled(lengths, most)


def _filled(lengths: list[int], most: int) -> list[tuple[int, int]]:
    """Consecutive items in groups of at most `most` words, each as full as it can be."""
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
