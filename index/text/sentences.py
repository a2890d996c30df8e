"""Rule-based sentence splitting for biomedical text."""

import re

from bioqa.index.text import sentence_words
from bioqa.index.text.sentence_words import (
    BEFORE_NUMBERS,
    FUNCTION_WORDS,
    GENERA,
    MID_SENTENCE,
    NAMED_BY_LETTERS,
    OFTEN_LAST,
    OPENERS,
)

_UNIT = r"(?:[mk]g|g|m?[lL]|min|h|s|[cm]?m|d|wk)(?:-?\d|\()"  # 5 mg. kg-1
_BEGINNING = rf"[A-Z0-9α-ωΑ-Ω]|(?!{_UNIT})[a-z]{{1,5}}-?[A-Z0-9]"  # of a sentence
_CANDIDATE = re.compile(
    rf"([.!?])(?:((?:\[[\d,–\s-]{{1,20}}\])?[\"')\]”’]*)\s+(?=[\"'(\[“‘]*(?:{_BEGINNING}))"
    r"|(?:(?<=[a-z]{3}.)|(?<=[\d%)\]].)|(?<=\s[A-Z].))(?=(?!Kg-)[A-Z][\w-]+[\s,:;)]|A\s[a-z]))"  # without white space
)
_WORD = re.compile(r"[\"'(\[“‘]*([^\s,;:.()\[\]]+)")
_LETTERS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]{1,3}|[A-Z][a-z]{1,2}\.[A-Z]")  # e.g, i.v, s.str, U.S, Ph.D
_VALUE = re.compile(r"(?:[=<>≤≥±/(\[-]\s*|\ba\s|\b0)\d*$")  # p < 0. 05
_LABELLED = re.compile(r"(?<!\d)(?<!\d )[:;]$")
_ADDRESS = re.compile(r"[/@]|www\.")
_DOMAINS = frozenset(["Gov", "Com", "Org", "Net", "Edu"])
_BRACKETED = 300  # characters of the longest remark in brackets
_ABBREVIATION = 8  # letters of the longest one
_LINE = re.compile(r"\n+")


def split(text: str) -> list[tuple[int, int]]:
    """Character ranges (start, end) of the sentences of `text`, in order, without surrounding white space.

    A full stop ends a sentence when a capital, digit, Greek letter or symbol (mRNA, p53) follows, unless it belongs to
    an abbreviation, a name or a number; a line break always does. The white space behind it may be missing.
    """
    ranges: list[tuple[int, int]] = []
    for line_start, line_end in _lines(text):
        start, end = _strip(text, line_start, line_end)
        for match in _CANDIDATE.finditer(text, start, end):
            if _is_end(text, start, match):
                ranges.append((start, match.end(match.lastindex or 1)))
                start = match.end()
        if end > start:
            ranges.append((start, end))
    return ranges


def _is_end(text: str, start: int, candidate: re.Match[str]) -> bool:
    """Whether the sentence that begins at `start` ends at this mark."""
    stop, end = candidate.span()
    if candidate[1] != ".":
        return True
    sentence = text[start:stop]
    if ("(" in sentence or "[" in sentence) and _is_in_brackets(text, start, end):
        return False
    written = sentence[sentence.rfind(" ") + 1 :]
    joined = end == stop + 1  # to the next word
    if len(written) > _ABBREVIATION and not joined and "." not in written and not candidate[2]:
        return True
    if joined and ("." in written.strip("0123456789.%<>=()") or _ADDRESS.search(written)):
        return False
    word = written.lstrip("\"'([“‘")
    following = _WORD.match(text, end)
    after = following[1] if following else ""
    if (word != written and ")" in (candidate[2] or "")) or after in _DOMAINS:  # (Mast.) and (i.v.)
        return False
    if len(word) == 1 and word.isalpha() and word.isupper():
        initials = following is not None and _is_letter(after) and text[following.end() : following.end() + 1] == "."
        before = sentence.split()[-4:-1]
        is_name = word != written or initials or text[end] == "("  # J. P. Smith; Oryza sativa L. (IRRI 154)
        return not is_name and _is_end_behind_letter(before, after, joined)
    if _LETTERS.fullmatch(word):
        return _is_end_behind_letters(word, after)
    if word.isdigit() and _is_label_or_value(sentence, word, after):
        return False
    return _is_end_behind_word(word.rsplit("-", maxsplit=1)[-1], after)


def _is_in_brackets(text: str, start: int, end: int) -> bool:
    """Whether a bracket that opens between these places closes behind them."""
    for opening, closing in ("()", "[]"):
        if text.count(opening, start, end) > text.count(closing, start, end):
            closed = text.find(closing, end, end + _BRACKETED)
            if closed >= 0 and text.find(opening, end, closed) < 0:
                return True
    return False


def _is_label_or_value(sentence: str, number: str, after: str) -> bool:
    """Whether the number behind a sentence is that of an item (causes: 1. Oedema) or part of a decimal (p < 0. 05)."""
    before = sentence[: -len(number)].rstrip()
    if len(number) <= 2 and (not before or _LABELLED.search(before)):
        return True
    return after[:1].isdigit() and (after[-1] == "%" or _VALUE.search(sentence) is not None)


def _is_end_behind_letter(before: list[str], after: str, joined: bool) -> bool:
    """Whether a sentence ends behind a capital: vitamin D. Supplements; but S. Typhimurium and J. Smith."""
    previous = before[-1] if before else ""
    name = previous.strip("\"'([“‘,").lower()
    if not previous or previous.endswith("."):
        return False
    if name.removesuffix("s") in NAMED_BY_LETTERS or name in NAMED_BY_LETTERS:
        return True
    if joined or sentence_words.is_epithet(after):
        return False
    if after in OPENERS:
        return True
    if name in ("and", "or") and len(before) > 1:  # vitamins C and E
        previous = before[-2]
        return _is_letter(previous.rstrip(","))
    if previous.endswith(","):
        return _is_letter(previous[:-1])
    if name in FUNCTION_WORDS:
        return False
    return not previous.istitle()  # a first name


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isupper()


def _is_end_behind_letters(word: str, after: str) -> bool:
    """Whether a sentence ends behind an abbreviation with a full stop behind each letter."""
    if word in ("e.g", "i.e"):
        return False
    if word.islower():  # i.v. 10 mg and i.p. LPS; but: i.v. The
        return after[1:].islower() or after in OPENERS
    return after in OPENERS


def _is_end_behind_word(word: str, after: str) -> bool:
    """Whether a sentence ends behind a short word, which may be an abbreviation."""
    if word in MID_SENTENCE:
        return False
    if word in OFTEN_LAST:
        return after in OPENERS or (word == "etc" and after[1:].islower())
    if word in BEFORE_NUMBERS:
        return not after[:1].isdigit()
    return word not in GENERA or not sentence_words.is_epithet(after)


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
