"""Rule-based sentence splitting for biomedical text."""

import re

_CANDIDATE = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9α-ωΑ-Ω])")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|al|approx|resp|ca|Fig|Figs|Eq|Ref|Refs|No|Nos|Dr|Prof|Mr|Mrs|Ms|St|sp|spp|var|subsp|Inc|Ltd|Co|Vol)"
    r"|\b[A-Z]\.[A-Z])\.$"
)
_LINE = re.compile(r"\n+")


def split(text: str) -> list[tuple[int, int]]:
    """Character ranges (start, end) of the sentences of `text`, in order, without surrounding white space.

    A full stop ends a sentence when white space and a capital, digit or Greek letter follow, unless it closes
    an abbreviation ("et al.", "e.g.", "U.S."); a line break always does.
    """
    ranges: list[tuple[int, int]] = []
    for line_start, line_end in _lines(text):
        start = line_start
        for match in _CANDIDATE.finditer(text, line_start, line_end):
            if not _NO_END.search(text, max(start, match.start() - 12), match.start() + 1):
                ranges.append((start, match.start() + len(match.group().rstrip())))
                start = match.end()
        ranges.append((start, line_end))
    stripped = (_strip(text, start, end) for start, end in ranges)
    return [(start, end) for start, end in stripped if end > start]


def _lines(text: str) -> list[tuple[int, int]]:
    if "\n" not in text:  # a shortcut that avoids the regular expression
        return [(0, len(text))]
    breaks = [(m.start(), m.end()) for m in _LINE.finditer(text)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(text)]
    return list(zip(starts, ends, strict=True))


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
