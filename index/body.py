"""The body of a full text: its paragraphs gathered under their headings."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from bioqa.index.records import Section

_NO_FINDINGS = {  # sections that most articles have and nobody asks about
    "acknowledgements",
    "acknowledgments",
    "author contributions",
    "authors' contributions",
    "competing interests",
    "conflict of interest",
    "conflicts of interest",
    "funding",
    "pre-publication history",
    "references",
    "supplementary material",
    "supplementary materials",
    "supporting information",
}


def sections(paragraphs: Iterable[tuple[tuple[str, ...], str]]) -> tuple[Section, ...]:
    """One section for all paragraphs in a row that stand under the same headings.

    Each paragraph comes behind its headings, the outermost first; those that are empty, and those under a heading such
    as "Competing interests", are left out.
    """
    kept = (
        (": ".join(heading for heading in headings if heading), text)
        for headings, text in paragraphs
        if text and not any(_plain(heading) in _NO_FINDINGS for heading in headings)
    )
    return tuple(
        Section(heading, "\n".join(text for _, text in group)) for heading, group in groupby(kept, key=itemgetter(0))
    )


def _plain(heading: str) -> str:
    return heading.casefold().replace("’", "'").strip(" .:")
