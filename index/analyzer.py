"""How text becomes search terms; the same for what is indexed and what is asked."""

from functools import cache
from typing import Any

NAME = "biomedical-1"  # written into the manifest: another analyzer means another index


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


def terms(text: str) -> list[str]:
    """The search terms of `text`, in order, repeats kept."""
    return list(analyzer().analyze(text))
