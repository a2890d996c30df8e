"""Cutting a document into passages that keep their character offsets."""

import re
from itertools import accumulate, groupby
from math import ceil
from operator import itemgetter

from bioqa.index import sentences
from bioqa.index.records import Document

# With its title, half the passages of 30,000 abstracts have up to 199 tokens; 11% exceed the 256 that the encoder sees.
MAX_WORDS = 150

_WORD = re.compile(r"\S+")


def windows(document: Document, max_words: int = MAX_WORDS) -> list[tuple[int, int]]:
    """Character ranges (start, end) in `document.text` of its passages: whole sentences, about equally long.

    The passages cover the abstract, and each section of a full text by itself, without overlap; a document that has
    neither is one passage, its title. A single sentence longer than `max_words` words is cut between words.
    """
    if not document.abstract and not document.sections:
        return [(0, len(document.text))]
    parts = [(document.abstract_start, document.abstract)]
    parts += zip(document.section_starts, (section.text for section in document.sections), strict=True)
    return [
        (offset + start, offset + end) for offset, text in parts for start, end in _windows_of_part(text, max_words)
    ]


def _windows_of_part(text: str, max_words: int) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    lengths: list[int] = []
    for start, end in sentences.split(text):
        words = len(text[start:end].split())
        if words <= max_words:
            pieces.append((start, end))
            lengths.append(words)
        else:
            cut = _cut(text, start, end, max_words)
            pieces += cut
            lengths += [max_words] * (len(cut) - 1) + [words - max_words * (len(cut) - 1)]
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
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    return [(words[i][0], words[min(i + max_words, len(words)) - 1][1]) for i in range(0, len(words), max_words)]
