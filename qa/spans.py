"""From a reader's logits to answer spans: pure functions over arrays."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_OUTSIDE = 0.7  # probability of being outside up to which a token is taken in; what is unsure can be dropped later
_WITHIN_NUMBER = re.compile(  # at the comma or point of 16,569 and 16.5, and behind the sign of <5, < 5 and −5
    r"(?<=\d)(?=[.,·]\d)|(?<=\d[.,·])(?=\d)"
    r"|(?<=[<>≤≥⩽⩾])(?<![-=].)(?= ?\d)|(?<=[<>≤≥⩽⩾] )(?<![-=]..)(?=\d)"
    r"|(?<=[\s(\[<>=≤≥]−)(?=\d)"
)
_POSSESSIVE = re.compile(r"(?<=\w)['’](?=s\b)|(?<=\w['’])(?=s\b)")  # what begins here is no word
_BRACKET = re.compile(r"[()\[\]]")
_ASIDE = re.compile(r"\([^()]*\)\s|\[[^\[\]]*\]\s")
_AROUND = r"[\s,;:.\"'“”‘’/-]"
_TRIM_START = re.compile(rf"(?:(?!(?<![^\s(\[<>=≤≥])[-.]\.?\d){_AROUND})+")  # not the sign of -80, the point of .05
_TRIM_END = re.compile(rf"{_AROUND}+$")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text, and the score of that span over the null answer (a logit difference)."""

    start: int
    end: int
    score: float

    @property
    def probability(self) -> float:
        """The reader's own probability that this span answers, against no answer in the text; not yet calibrated."""
        return float(sigmoid(self.score))


def best_spans(
    start_logits: Array,
    end_logits: Array,
    offsets: Array,
    text: str,
    segments: list[tuple[int, int]],
    *,
    null: float,
    max_tokens: int,
    count: int,
) -> list[Span]:
    """The `count` best legal spans of one window, best first, without those that hold one bracket of two or begin with
    what stands in brackets for the words before, as "(TNF) inhibitors" does.

    `start_logits` and `end_logits` have shape (n,), one per token of the window; `offsets` (n, 2) gives each token's
    characters in `text`; `null` is the logit sum of the null answer. A span is legal when its end is not before its
    start, it has at most `max_tokens` tokens, begins and ends at word boundaries, and lies inside one of `segments`
    (sentences, as sorted character ranges).
    """
    n = len(start_logits)
    if not n or not segments:
        return []
    starts = np.array([not (_inside_word(text, at) or _POSSESSIVE.match(text, at)) for at in offsets[:, 0].tolist()])
    ends = np.array([not _inside_word(text, int(offset)) for offset in offsets[:, 1]])
    bounds = np.array(segments)
    home = _homes(offsets, segments)
    within = (home >= 0) & (offsets[:, 1] <= bounds[np.maximum(home, 0), 1])

    scores = start_logits[:, None] + end_logits[None, :] - null
    legal = (starts & within)[:, None] & (ends & within)[None, :] & (home[:, None] == home[None, :])
    legal &= np.triu(np.ones((n, n), dtype=bool)) & ~np.triu(np.ones((n, n), dtype=bool), k=max_tokens)
    flat = np.where(legal, scores, -np.inf).ravel()
    best = np.argsort(-flat, kind="stable")[:count] if len(flat) <= count else _largest(flat, count)
    spans: dict[tuple[int, int], Span] = {}
    for index in best:
        if flat[index] == -np.inf:
            break
        i, j = divmod(int(index), n)
        start, end = trimmed(text, int(offsets[i, 0]), int(offsets[j, 1]))
        if start < end and not unpaired(text, start, end) and not _ASIDE.match(text, start, end):
            spans.setdefault((start, end), Span(start, end, float(flat[index])))
    return list(spans.values())


def tagged(tag_logits: Array, offsets: Array, text: str, segments: list[tuple[int, int]]) -> list[Span]:
    """The spans that tags mark in one window, in order; the score of each is the logit of its tokens' mean probability.

    `tag_logits` has shape (n, 3): outside, begin, inside (IOB2); `offsets` is (n, 2).
    A token that is more likely than not, or nearly so, belongs to a span; a span is extended to whole words, and ends
    where the next of `segments` begins (sentences, as sorted character ranges).
    """
    home = _homes(offsets, segments)
    outside, begin, inside = softmax(tag_logits).T.reshape(3, -1)
    ranges: list[tuple[int, int]] = []
    for token in np.flatnonzero(outside < _OUTSIDE).tolist():
        follows = ranges and ranges[-1][1] == token and home[token - 1] == home[token]
        if follows and (begin[token] < inside[token] or _inside_word(text, int(offsets[token, 0]))):
            ranges[-1] = ranges[-1][0], token + 1
        else:
            ranges.append((token, token + 1))
    found = []
    for first, after in ranges:
        start, end = int(offsets[first, 0]), int(offsets[after - 1, 1])
        while _inside_word(text, start) or _POSSESSIVE.match(text, start):
            start -= 1
        while _inside_word(text, end):
            end += 1
        start, end = trimmed(text, start, end)
        if start < end:
            probability = float(np.clip(1 - outside[first:after].mean(), 1e-6, 1 - 1e-6))
            found.append(Span(start, end, float(np.log(probability / (1 - probability)))))
    return found


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logit: Array | float) -> Array:
    """The probability of a logit, for any number of them."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -50, 50))))


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without punctuation and white space at its ends, brackets around all of it, and those at its ends that
    have no other half in it: (R)-ketamine is whole. A number keeps its sign."""
    while True:
        if before := _TRIM_START.match(text, start, end):
            start = before.end()
        if after := _TRIM_END.search(text[start:end]):
            end -= len(after[0])
        alone = unpaired(text, start, end)
        around = text[start : start + 1] + text[end - 1 : end] in ("()", "[]") and not unpaired(
            text, start + 1, end - 1
        )
        first, last = start in alone or around, end - 1 in alone or around
        if start >= end or not (first or last):
            return start, max(start, end)
        start, end = start + first, end - last


def unpaired(text: str, start: int, end: int) -> list[int]:
    """The places of the round and square brackets between `start` and `end` that have no other half there, in order."""
    opened: dict[str, list[int]] = {"(": [], "[": []}
    closing: list[int] = []
    for match in _BRACKET.finditer(text, start, end):
        if match[0] in opened:
            opened[match[0]].append(match.start())
        elif before := opened["(" if match[0] == ")" else "["]:
            before.pop()
        else:
            closing.append(match.start())
    return sorted([*closing, *opened["("], *opened["["]])


def _inside_word(text: str, position: int) -> bool:
    """Whether a boundary at `position` would cut a word in two, or a number with its sign of comparison."""
    if not 0 < position < len(text):
        return False
    return (text[position - 1].isalnum() and text[position].isalnum()) or bool(_WITHIN_NUMBER.match(text, position))


def _homes(offsets: Array, segments: list[tuple[int, int]]) -> Array:
    """For each token, which of the segments began last before it."""
    return np.searchsorted([start for start, _ in segments], offsets[:, 0], side="right") - 1


def _largest(values: Array, count: int) -> Array:
    top = np.argpartition(-values, count)[:count]
    return top[np.lexsort((top, -values[top]))]
