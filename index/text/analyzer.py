"""The analyzer that turns documents and queries into search terms."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from bioqa.index.text import greek

NAME = "biomedical-2"  # in the manifest: an index cannot be updated with another analyzer
_LONG, _REMEMBERED = 80, 300_000  # letters per word, cached words; 20,000 abstracts have 230,000 words, 50 MB
_MOST_LETTERS = 20_000_000  # of cached words and terms; those of 20,000 abstracts have 4,000,000

_QUESTION_WORDS = re.compile(  # words that phrase the question and do not occur in relevant passages
    r"\b(?:what|which|(?-i:[Ww]ho|whom|whose)|where|when|why|how|do|does|did|can|could|has|have|had|would|should|may|might"
    r"|please|list|name|enumerate|mention|give|tell|describe|explain|define|summari[sz]e|discuss|compare"
    r"|works?|happens?|means?|know|known|called?|many|much|often|main|examples?"
    r"|been|being|were|any|about|used|available|currently|involved|implicated|roles?"
    r"|evidence (?:that|for|of)|mechanisms? of action)\b",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['’]s\b")
_AROUND = '.,;:()[]"'  # punctuation around a word, which does not change its terms
_RUN = re.compile(r"[^\W_]+")
_PAIR = re.compile(r"(?=(?<![^\W_])([^\W_]+)[-‐‑–/+.:*'’]([^\W_]+))")  # neighbours with one mark between them


@cache
def tokenizer() -> Any:
    """A tantivy tokenizer that splits analyzed text at blanks."""
    from tantivy import TextAnalyzerBuilder, Tokenizer

    return TextAnalyzerBuilder(Tokenizer.whitespace()).build()


@cache
def _stemmed() -> Any:
    """Alphanumeric runs in lower case, accents folded, English stop words removed, stemmed."""
    from tantivy import Filter

    return _plain().filter(Filter.stopword("english")).filter(Filter.stemmer("english")).build()


@cache
def _as_written() -> Any:
    """Alphanumeric runs in lower case, accents folded."""
    return _plain().build()


def _plain() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    plain = TextAnalyzerBuilder(Tokenizer.simple())
    return plain.filter(Filter.remove_long(_LONG)).filter(Filter.lowercase()).filter(Filter.ascii_fold())


def _terms_of(word: str) -> list[str]:
    """The terms of a whitespace-delimited word: its parts, followed by the compound symbols in it."""
    if word.isascii() and word.isalnum():
        return list(_stemmed().analyze(word))
    word = _POSSESSIVE.sub("", word)
    parts = _stemmed().analyze(greek.spell_out(word))
    symbols = " ".join("".join(greek.spell_out(symbol).split()) for symbol in dict.fromkeys(_symbols(word)))
    return [*parts, *_as_written().analyze(symbols)] if symbols else list(parts)


def _symbols(word: str) -> Iterator[str]:
    """Symbols that authors write with or without separator: TNFα, IL-6 (IL6), HER2/neu, TNF-alpha, but not T-cell."""
    yield from (run for run in _RUN.findall(word) if len(run) > 1 and greek.LETTER.search(run))
    for pair in _PAIR.findall(word):
        both = "".join(pair)
        mixed = not both.isalpha() and not both.isdigit()
        if mixed or greek.LETTER.search(both) or any(greek.NAME.fullmatch(part.lower()) for part in pair):
            yield both


class _Words(dict[str, str]):
    """A cache of the terms of words: no term spans a blank, and most words occur often."""

    letters = 0

    def __missing__(self, word: str) -> str:
        bare = word.strip(_AROUND)
        made = " ".join(_terms_of(word)) if bare == word else self[bare]
        if len(word) < _LONG:
            if len(self) >= _REMEMBERED or self.letters > _MOST_LETTERS:
                self.clear()
                self.letters = 0
            self[word] = made
            self.letters += len(word) + len(made)
        return made


_words = _Words()


def analyze(text: str) -> str:
    """The search terms of `text` joined by blanks, in order, with repeats: the input of `tokenizer`."""
    return " ".join(filter(None, map(_words.__getitem__, text.split())))


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, with repeats."""
    return analyze(text).split()


def query_terms(query: str) -> list[str]:
    """The search terms of a query, without question words unless there are no others."""
    return terms(_QUESTION_WORDS.sub(" ", query)) or terms(query)
