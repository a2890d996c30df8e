"""The body of a full text: its paragraphs gathered under their headings."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from bioqa.index.corpus.limits import LARGEST
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


_LONGEST = 100  # characters, with blanks around it, of one of these


def sections(paragraphs: Iterable[tuple[tuple[str, ...], str]]) -> tuple[Section, ...]:
    """One section for all paragraphs in a row that stand under the same headings.

    Each paragraph comes behind its headings, the outermost first; those that are empty, and those under a heading such
    as "Competing interests", are left out. Raises ValueError where the headings are endless.
    """
    kept = ((headings, text) for headings, text in paragraphs if not any(map(_has_no_findings, headings)))
    return tuple(Section(heading, "\n".join(texts)) for heading, texts in gathered(kept))


def gathered(paragraphs: Iterable[tuple[tuple[str, ...], str]]) -> list[tuple[str, list[str]]]:
    """The paragraphs that have text, those in a row under the same headings together, behind these joined.

    Raises ValueError where the headings are endless.
    """
    found: list[tuple[str, list[str]]] = []
    size = 0
    for headings, group in groupby(paragraphs, key=itemgetter(0)):
        texts = [text for _, text in group if text]
        if not texts:
            continue
        heading = ": ".join(heading for heading in headings if heading)
        if found and found[-1][0] == heading:
            found[-1][1].extend(texts)
        else:
            found.append((heading, texts))
            size += len(heading)
            if size > LARGEST:  # an outer one is in all those below it
                raise ValueError(f"the headings of its sections take more than {LARGEST >> 20} MB")
    return found


def _has_no_findings(heading: str) -> bool:
    return len(heading) < _LONGEST and heading.casefold().replace("’", "'").strip(" .:") in _NO_FINDINGS
