"""The analyzer that turns documents and queries into search terms."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from bioqa.index.text import greek, symbols

NAME = "biomedical-3"  # in the manifest
_WITHOUT_SYMBOLS = "biomedical-2"  # the same without the terms that contain "_"
NAMES = (NAME, _WITHOUT_SYMBOLS)  # of analyzers whose indexes can be updated
TOKENIZER = "biomedical-2"  # in tantivy's schema
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
_SMALL_A = re.compile(r"(?<=[^\W\d_] )a\b(?!['’])")
_RARE = 0.003  # share of a word's passages; what is rarer than that is more often an article in a title
_POSSESSIVE = re.compile(r"['’]s\b")
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
    pairs = _PAIR.findall(word)
    if word.isascii() and not pairs:
        return list(_stemmed().analyze(word))
    parts = [*_stemmed().analyze(greek.spell_out(word)), *_letters_behind(pairs)]
    compounds = " ".join("".join(greek.spell_out(name).split()) for name in dict.fromkeys(_compounds(word, pairs)))
    return [*parts, *_as_written().analyze(compounds)] if compounds else parts


def _letters_behind(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The terms of names with the letter behind the hyphen: vitamin-A."""
    for name, letter in pairs:
        if len(letter) == 1 and letter.isupper() and len(name) > 2 and name.isalpha():
            for term in _stemmed().analyze(greek.spell_out(name)):
                yield from [f"{term}_{letter.lower()}", *(["a_"] if letter == "A" else [])]


def _compounds(word: str, pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Symbols that authors write with or without separator: TNFα, IL-6 (IL6), HER2/neu, TNF-alpha, but not T-cell."""
    if not word.isascii():
        yield from (run for run in _RUN.findall(word) if len(run) > 1 and greek.LETTER.search(run))
    for pair in pairs:
        both = "".join(pair)
        mixed = not both.isalpha() and not both.isdigit()
        if mixed or greek.LETTER.search(both) or any(greek.NAME.fullmatch(part.lower()) for part in pair):
            yield both


class _Words(dict[str, str]):
    """A cache of the terms of words: most words occur often. `beside` are those for which their neighbours count."""

    letters = 0

    def __init__(self) -> None:
        super().__init__()
        self.beside: set[str] = set()

    def __missing__(self, word: str) -> str:
        bare = word.strip(symbols.AROUND)
        made = " ".join(_terms_of(word)) if bare == word else self[bare]
        if len(word) < _LONG:
            if len(self) >= _REMEMBERED or self.letters > _MOST_LETTERS:
                self.clear()
                self.beside.clear()
                self.letters = 0
            self[word] = made
            self.letters += len(word) + len(made)
            if (bare[:1].isupper() or len(bare) == 1) and symbols.depends_on_neighbours(word, bare):
                self.beside.add(word)
        return made


_words = _Words()


def analyze(text: str) -> str:
    """The search terms of `text` joined by blanks, in order, with repeats: the input of `tokenizer`.

    A symbol that looks like a stop word has a term of its own (WAS: was_), and so have a name and the letter behind it
    together (vitamin A: a_ and vitamin_a). These terms come last.
    """
    words = text.split()
    found = " ".join(filter(None, map(_words.__getitem__, words)))
    beside = _words.beside.intersection(words)
    return " ".join([found, *symbols.terms_beside(words, beside, _words)]).strip() if beside else found


def analyzed_by(name: str, analyzed: str) -> str:
    """Analyzed text as the analyzer of that name makes it."""
    if name == NAME or "_" not in analyzed:
        return analyzed
    return " ".join(term for term in analyzed.split() if "_" not in term)


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, with repeats; without those of a name and a letter together."""
    return [term for term in analyze(text).split() if not is_pair(term)]


def is_pair(term: str) -> bool:
    """Whether a term is that of a name and a letter together, which counts in the search only."""
    return "_" in term and term[-1] != "_"


def query_terms(query: str, frequency: Callable[[str], int] | None = None) -> list[str]:
    """The search terms of a query, without question words unless there are no others.

    With the `frequency` of terms in an index, names count together with the letter behind them as well, also behind
    a small "a" if that is frequent, and symbols that the index does not know are left out.
    """
    asked = _QUESTION_WORDS.sub(" ", query) if query.isupper() else _QUESTION_WORDS.sub(_without_question_word, query)
    if frequency is None:
        return terms(asked) or terms(query)
    asked, query = _SMALL_A.sub("A", asked), _SMALL_A.sub("A", query)
    return _known(analyze(asked).split(), frequency) or _known(analyze(query).split(), frequency)


def _without_question_word(word: re.Match[str]) -> str:
    """A blank, or the word if it is a symbol, such as HAS."""
    return word[0] if symbols.is_symbol(word[0]) else " "


def _known(found: Sequence[str], frequency: Callable[[str], int]) -> list[str]:
    """The terms without symbols that are not in the index."""
    kept: list[str] = []
    for term in found:
        head, mark, letter = term.partition("_")
        least = _RARE * frequency(head) if letter == "a" else 0
        if not mark or (term != "a_" and frequency(term) > least):
            kept.append(term)
    if any(term.endswith("_a") for term in kept) and frequency("a_"):
        kept.append("a_")
    return kept
