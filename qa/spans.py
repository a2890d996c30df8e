"""Answer spans from a reader's logits: decoding, tags, and the borders of spans."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_NEIGHBOURS = 0.8  # weight of the tags beside a span; tuned on BioASQ years 9 and 10
_OUTSIDE = 0.7  # tokens below this probability of "outside" are tagged; unlikely items can be dropped later
_WITHIN_NUMBER = re.compile(  # at the comma or point of 16,569 and 16.5, and after the sign of <5, < 5 and −5
    r"(?<=\d)(?=[.,·]\d)|(?<=\d[.,·])(?=\d)"
    r"|(?<=[<>≤≥⩽⩾])(?<![-=].)(?= ?\d)|(?<=[<>≤≥⩽⩾] )(?<![-=]..)(?=\d)"
    r"|(?<=[\s(\[<>=≤≥]−)(?=\d)"
)
_POSSESSIVE = re.compile(r"(?<=\w)['’](?=s\b)|(?<=\w['’])(?=s\b)")  # not a word boundary
_BRACKET = re.compile(r"[()\[\]]")
_ASIDE = re.compile(r"\([^()]*\)\s|\[[^\[\]]*\]\s")
_AROUND = r"[\s,;:.\"'“”‘’/-]"
_TRIM_START = re.compile(
    rf"(?:(?!(?<![^\s(\[<>=≤≥])[-.]\.?\d){_AROUND})+"
)  # keeps the sign of -80 and the point of .05
_TRIM_END = re.compile(rf"{_AROUND}+$")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text, with their score: the span's logit less that of the null answer."""

    start: int
    end: int
    score: float

    @property
    def probability(self) -> float:
        """The reader's uncalibrated probability that this span, and not the null answer, is right."""
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
    tag_logits: Array | None = None,
) -> list[Span]:
    """The `count` best valid spans of one window, best first.

    `start_logits` and `end_logits` have shape (n,), one per token of the window; `offsets` (n, 2) gives each token's
    characters in `text`; `null` is the logit sum of the null answer. `tag_logits` (n, 3), where the reader has them,
    make spans less likely that end amid a tagged phrase. A span is valid when its end is not before its
    start, it has at most `max_tokens` tokens, starts and ends at word boundaries, and lies within one of `segments`
    (sentences, as sorted character ranges). Spans with an unpaired bracket are left out, and so are those that start
    with an aside in brackets, as "(TNF) inhibitors" does.
    """
    n = len(start_logits)
    if not n or not segments:
        return []
    if tag_logits is not None:
        before, after = _outside_beside(tag_logits)
        start_logits, end_logits = start_logits + _NEIGHBOURS * before, end_logits + _NEIGHBOURS * after
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
        start, end = trim_range(text, int(offsets[i, 0]), int(offsets[j, 1]))
        if start < end and not unpaired_brackets(text, start, end) and not _ASIDE.match(text, start, end):
            spans.setdefault((start, end), Span(start, end, float(flat[index])))
    return list(spans.values())


def tagged_spans(tag_logits: Array, offsets: Array, text: str, segments: list[tuple[int, int]]) -> list[Span]:
    """The tagged spans of one window, in order; the score of each is the logit of its tokens' mean probability.

    `tag_logits` has shape (n, 3): outside, begin, inside (IOB2); `offsets` is (n, 2). A token belongs to a span when
    its probability of "outside" is below a threshold. A span extends to whole words and ends at the next of `segments`
    (sentences, as sorted character ranges).
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
    spans = []
    for first, after in ranges:
        start, end = int(offsets[first, 0]), int(offsets[after - 1, 1])
        while _inside_word(text, start) or _POSSESSIVE.match(text, start):
            start -= 1
        while _inside_word(text, end):
            end += 1
        start, end = trim_range(text, start, end)
        if start < end:
            probability = float(np.clip(1 - outside[first:after].mean(), 1e-6, 1 - 1e-6))
            spans.append(Span(start, end, float(np.log(probability / (1 - probability)))))
    return spans


def _outside_beside(tag_logits: Array) -> tuple[Array, Array]:
    """The log-probabilities (n,) that the tokens before and after each token are outside of all tagged spans."""
    outside = np.log(softmax(tag_logits)[:, 0] + 1e-4)
    return np.append(0.0, outside[:-1]), np.append(outside[1:], 0.0)


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logit: Array | float) -> Array:
    """The probability for each logit."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -50, 50))))


def trim_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without punctuation and white space at its ends, enclosing brackets, and unpaired brackets at its ends.

    "(R)-ketamine" and the sign of a number stay.
    """
    while True:
        if before := _TRIM_START.match(text, start, end):
            start = before.end()
        if after := _TRIM_END.search(text[start:end]):
            end -= len(after[0])
        alone = unpaired_brackets(text, start, end)
        around = text[start : start + 1] + text[end - 1 : end] in ("()", "[]") and not unpaired_brackets(
            text, start + 1, end - 1
        )
        first, last = start in alone or around, end - 1 in alone or around
        if start >= end or not (first or last):
            return start, max(start, end)
        start, end = start + first, end - last


def unpaired_brackets(text: str, start: int, end: int) -> list[int]:
    """The positions of round and square brackets between `start` and `end` without their partner in the range, in
    order."""
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
    """Whether a boundary at `position` would split a word, or separate a number from its sign."""
    if not 0 < position < len(text):
        return False
    return (text[position - 1].isalnum() and text[position].isalnum()) or bool(_WITHIN_NUMBER.match(text, position))


def _homes(offsets: Array, segments: list[tuple[int, int]]) -> Array:
    """For each token, the number of the last segment that starts at or before it."""
    return np.searchsorted([start for start, _ in segments], offsets[:, 0], side="right") - 1


def _largest(values: Array, count: int) -> Array:
    top = np.argpartition(-values, count)[:count]
    return top[np.lexsort((top, -values[top]))]
