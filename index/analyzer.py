"""How text becomes search terms; the same for what is indexed and what is asked."""

import re
from functools import cache
from itertools import chain
from typing import Any

NAME = "biomedical-1"  # written into the manifest: another analyzer means another index
_LONG, _REMEMBERED = 80, 100_000  # letters and words: 15 MB at most

_ASKING = re.compile(  # words that ask rather than say what about: the literature answers without them
    r"\b(?:what|which|(?-i:[Ww]ho|whom|whose)|where|when|why|how|do|does|did|can|could|has|have|had|would|should|may|might"
    r"|please|list|name|enumerate|mention|give|tell|describe|explain|define|summari[sz]e|discuss|compare"
    r"|works?|happens?|means?|know|known|called?|many|much|often|main|examples?"
    r"|been|being|were|any|about|used|available|currently|involved|implicated|roles?"
    r"|evidence (?:that|for|of)|mechanisms? of action)\b",
    re.IGNORECASE,
)


@cache
def analyzer() -> Any:
    """Runs of letters and digits, in lower case, accents folded, English stop words dropped, stemmed."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(80))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stopword("english"))
        .filter(Filter.stemmer("english"))
        .build()
    )


class _Words(dict[str, tuple[str, ...]]):
    """The terms of words, remembered: no term reaches over a blank, and most words have been seen before."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        made = tuple(analyzer().analyze(word))
        if len(word) < _LONG:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[word] = made
        return made


_words = _Words()


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, repeats kept."""
    return list(chain.from_iterable(map(_words.__getitem__, text.split())))


def query_terms(query: str) -> list[str]:
    """The search terms of what a query is about, without the words of asking unless there are no others."""
    return terms(_ASKING.sub(" ", query)) or terms(query)
