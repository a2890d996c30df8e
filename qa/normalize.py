"""Normalisation of answers: which strings count as the same answer when spans are merged and confidence is fitted.

BioASQ's own measures compare whole strings instead (`bioqa.eval.measures.bioasq.same`).
"""

import re
import unicodedata
from functools import lru_cache

from bioqa.index.text import greek
from bioqa.qa.forms.names import american

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")  # soft hyphens, joiners, direction marks
_POSSESSIVE = re.compile(r"(?<=[^\W\d_]{2})\s?['’]s\b", re.IGNORECASE)
_NAME_OF_LETTER = rf"(?:{greek.NAME.pattern}|{greek.NAME.pattern.title()})"
_IN_SYMBOL = re.compile(rf"(?<![a-z]){_NAME_OF_LETTER}(?![a-z])")  # TNFalpha, IkappaB, 1beta; not alphabet
_NOT_WORD = re.compile(r"[^\w%+]+")
_NOT_WORD_NOR_NUMBER = re.compile(r"(?:(?!(?<=\d)\.(?=\d)|(?<![-=])[<>≤≥](?=\d))[^\w%+])+")  # 4.5, <5%; but not 1->4
_SIGNS = (
    (re.compile(r"(?:[≤⩽]|<\s*(?:or\s*)?=)\s*(?=\d)"), "≤"),
    (re.compile(r"(?:[≥⩾]|>\s*(?:or\s*)?=)\s*(?=\d)"), "≥"),
    (re.compile(r"(?<=[<>])\s+(?=\d)"), ""),
)
_THOUSANDS = re.compile(r"(?<![\w.,])[1-9]\d{0,2}([, ])\d{3}(?:\1\d{3})*(?!,?\d)")
_PER_CENT = re.compile(r"(?<=\d)\s+(?=%)")
_POINT = re.compile(r"(?<=\d)[,·](?=\d)")
_ARTICLES = re.compile(rf"^(?:(?:the|an|a(?! {_NAME_OF_LETTER}\b)) )+")  # but A beta is Aβ
_TAILS = re.compile(r"\s+(?:genes?|proteins?)$")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])\s(?=\d+\b)")
_PREFIX = re.compile(r"\b(anti|bi|co|inter|intra|multi|non|post|pre|sub)\s(?=[a-z]{3})")  # with a hyphen or without
_LETTER_DIGIT_LETTER = re.compile(r"(?<=[a-z])\s(?=\d+[a-z]\b)")
_PLURALS = (  # of the last word; "aids" is too short, and "sepsis", "virus" and "abscess" are singular
    (re.compile(r"(?<=[a-z]{3})ies$"), "y"),
    (re.compile(r"(?<=[a-z]{3})(?<!sh|rt)oes$"), "o"),  # mosquitoes, but not toes, horseshoes and hammertoes
    (re.compile(r"(?<=[a-z]{2}(?:ss|us|ch|sh))es$|(?<=[a-z]{2}x)es$"), ""),
    (re.compile(r"(?<=[a-z]{3}[^sui\s])s$"), ""),
)

_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {name: str(number) for number, name in enumerate(_NAMES, start=1)}
_NUMBER = re.compile(rf"^(?:{'|'.join(_NUMBERS)})\b")

_CACHED = 4_096  # keys: those of a question are needed again after every few passages that are read


@lru_cache(_CACHED)
def normalize_answer(answer: str) -> str:
    """The key of an answer: equal keys are one answer.

    Like `spelling`, with further differences ignored: British and American spelling, the plural of the last word, a
    possessive "'s", invisible characters, a leading number written as a word, separators between thousands and
    before %, a hyphen after a prefix (non-coding), the space in "IGF 1R", and spaces around the name of a Greek
    letter that capitals or digits set off (TNFalpha, IL-1beta). Decimal points and signs of comparison before
    numbers are kept.
    """
    plain = _POSSESSIVE.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", answer)))
    separated = _IN_SYMBOL.sub(r" \g<0> ", _IN_SYMBOL.sub(r" \g<0> ", plain).casefold())
    spelled = _PREFIX.sub(r"\1", _canonical(_canonical_numbers(separated), _NOT_WORD_NOR_NUMBER))
    spelled = _LETTER_DIGIT_LETTER.sub("", spelled)
    text = american(_NUMBER.sub(lambda number: _NUMBERS[number[0]], spelled))
    return next((singular for plural, end in _PLURALS if (singular := plural.sub(end, text)) != text), text)


def spelling(answer: str) -> str:
    """An answer in a canonical spelling.

    It ignores compatibility forms (NFKC), case, hyphens and other punctuation, leading articles, a trailing "gene" or
    "protein", and the space in "IL 6"; Greek letters are written by name.
    """
    return _canonical(answer, _NOT_WORD)


def _canonical(answer: str, between_words: re.Pattern[str]) -> str:
    text = greek.spell_out(unicodedata.normalize("NFKC", answer).casefold())
    text = _ARTICLES.sub("", between_words.sub(" ", text).strip())
    return _LETTER_DIGIT.sub("", _TAILS.sub("", text))


def _canonical_numbers(text: str) -> str:
    """The text with its numbers written as in ≤20000 and 4.5, from forms such as "< or = 20,000", "≤ 20 000", "4·5" and
    "4,5"."""
    for forms, sign in _SIGNS:
        text = forms.sub(sign, text)
    text = _THOUSANDS.sub(lambda number: number[0].replace(number[1], ""), text)
    return _POINT.sub(".", _PER_CENT.sub("", text))


_LEAD = re.compile(rf"(?:(?:(?i:the|an)|a|A(?!\s+(?:{_NAME_OF_LETTER}\b|{greek.LETTER.pattern})))\s+)+")
_NAMED_TAIL = re.compile(r"(?<=\S)\s+(?:genes?|proteins?)$")
# A letter, a name or an adjective, as in G protein, Bence-Jones, C-reactive and F-box; not K-ras, E-cadherin, TGF-beta
_NO_SYMBOL = re.compile(r"\w|(?:[A-Z][a-z]{3,}-?)+|.*-(?:box|(?!\w*(?:[^a]in|a)$)[a-z]{4,})")


def core_range(text: str, start: int, end: int) -> tuple[int, int]:
    """The range of the answer to display: without its article, and without "gene" or "protein" after a symbol.

    "the CFTR gene" becomes CFTR; a fusion gene and C-reactive protein stay.
    """
    lead = _LEAD.match(text, start, end)
    if lead and lead.end() < end:
        start = lead.end()
    tail = _NAMED_TAIL.search(text[start:end])
    if tail and _is_symbol(text[start : start + tail.start()].rsplit(maxsplit=1)[-1]):
        end = start + tail.start()
    return start, end


def _is_symbol(word: str) -> bool:
    return bool(re.search(r"[A-Z0-9]", word)) and not _NO_SYMBOL.fullmatch(word)
