"""Porter's stemmer as changed by ROUGE-1.5.5.

Porter, "An algorithm for suffix stripping", Program 14 (1980), with his later rules for "bli" and "logi". In step 4
ROUGE removes up to three endings and Porter one ("agreement" becomes "agreem"). No published Porter stemmer gives the
same stems: they differ for about one in 130 of the words in BioASQ's texts.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_C, _V = "[^aeiou][^aeiouy]*", "[aeiouy][aeiou]*"  # a run of consonants, a run of vowels
_M_OVER_0 = re.compile(f"(?:{_C})?{_V}{_C}")
_M_OVER_1 = re.compile(f"(?:{_C})?(?:{_V}{_C}){{2}}")
_M_IS_1 = re.compile(f"(?:{_C})?{_V}{_C}(?:{_V})?$")
_HAS_VOWEL = re.compile(f"(?:{_C})?[aeiouy]")
_SHORT = re.compile(f"{_C}[aeiouy][^aeiouwxy]$")  # hop, but not how

_DERIVED = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "logi": "log",
}
_QUALIFIED = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_DROPPED = [
    "al",
    "ance",
    "ence",
    "er",
    "ic",
    "able",
    "ible",
    "ant",
    "ement",
    "ou",
    "ism",
    "ate",
    "iti",
    "ous",
    "ive",
    "ize",
]


def _one_of(endings: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"({'|'.join(endings)})$")  # a search finds the longest ending, because it begins first


_STEP_2, _STEP_3, _STEP_4 = _one_of(_DERIVED), _one_of(_QUALIFIED), _one_of(_DROPPED)
_ED_ING, _LACKS_E, _DOUBLED = _one_of(("ed", "ing")), _one_of(("at", "bl", "iz")), re.compile(r"([^aeiouylsz])\1$")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of a word of lower-case ASCII letters and digits."""
    if len(word) < 3:
        return word
    if word[0] == "y":
        return "y" + _stem("Y" + word[1:])[1:]  # in upper case the patterns treat it as a consonant
    return _stem(word)


def _stem(word: str) -> str:
    word = _without_past_or_participle(_without_plural(word))
    if word.endswith("y") and _HAS_VOWEL.match(word[:-1]):
        word = word[:-1] + "i"
    for endings, replacements in ((_STEP_2, _DERIVED), (_STEP_3, _QUALIFIED)):
        match = endings.search(word)
        if match and _M_OVER_0.match(word[: match.start()]):
            word = word[: match.start()] + replacements[match[1]]
    return _without_last_e_or_l(_without_derivation(word))


def _without_plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _without_past_or_participle(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _M_OVER_0.match(word[:-3]) else word
    match = _ED_ING.search(word)
    if not match or not _HAS_VOWEL.match(word[: match.start()]):
        return word
    word = word[: match.start()]
    if _LACKS_E.search(word):
        return word + "e"
    if _DOUBLED.search(word):
        return word[:-1]
    return word + "e" if _SHORT.match(word) else word


def _without_derivation(word: str) -> str:
    match = _STEP_4.search(word)
    if match:
        word = _cut(word, match.start())
    if word.endswith("ment"):
        word = _cut(word, len(word) - 4)
    if word.endswith("ent"):
        return _cut(word, len(word) - 3)
    return _cut(word, len(word) - 3) if word.endswith(("sion", "tion")) else word


def _cut(word: str, end: int) -> str:
    return word[:end] if _M_OVER_1.match(word[:end]) else word


def _without_last_e_or_l(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        if _M_OVER_1.match(rest) or (_M_IS_1.match(rest) and not _SHORT.match(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _M_OVER_1.match(word) else word
