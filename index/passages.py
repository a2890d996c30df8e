"""Cutting a document into passages that keep their character offsets."""

import re
from math import ceil

from bioqa.index import sentences
from bioqa.index.records import Document

# The shipped encoder was trained on texts of up to 128 tokens and the reader on 224, which 150 words rarely exceed.
MAX_WORDS = 150

_WORD = re.compile(r"\S+")


def windows(document: Document, max_words: int = MAX_WORDS) -> list[tuple[int, int]]:
    """Character ranges (start, end) in `document.text` of its passages: whole sentences, about equally long.

    The passages cover the abstract without overlap; a document that has no abstract is one passage, its title.
    A single sentence longer than `max_words` words is cut between words.
    """
    if not document.abstract:
        return [(0, len(document.text))]
    offset = document.abstract_start
    pieces = [
        piece
        for start, end in sentences.split(document.abstract)
        for piece in _cut(document.abstract, start, end, max_words)
    ]
    lengths = [len(_WORD.findall(document.abstract, start, end)) for start, end in pieces]
    target = sum(lengths) / max(1, ceil(sum(lengths) / max_words))
    ranges: list[tuple[int, int]] = []
    words = 0
    for (start, end), length in zip(pieces, lengths, strict=True):
        if ranges and words + length / 2 <= target and words + length <= max_words:
            ranges[-1] = (ranges[-1][0], offset + end)
            words += length
        else:
            ranges.append((offset + start, offset + end))
            words = length
    return ranges


def _cut(text: str, start: int, end: int, max_words: int) -> list[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    return [(words[i][0], words[min(i + max_words, len(words)) - 1][1]) for i in range(0, len(words), max_words)]
