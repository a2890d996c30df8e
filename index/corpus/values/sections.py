"""Grouping the paragraphs of a full text into sections."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from bioqa.index.corpus.limits import LARGEST
from bioqa.index.records import Section

_NO_FINDINGS = {  # headings of common sections without scientific content
    "acknowledgements",
    "acknowledgments",
    "author contributions",
    "authors' contributions",
    "competing financial interests",
    "competing interest",
    "competing interests",
    "competing interests statement",
    "conflict of interest statement",
    "declaration of competing interest",
    "declaration of interest",
    "declaration of interests",
    "conflict of interest",
    "conflicts of interest",
    "funding",
    "pre-publication history",
    "references",
    "supplementary material",
    "supplementary materials",
    "supporting information",
}


_LONGEST = 100  # characters of such a heading, including surrounding blanks


def collect_sections(paragraphs: Iterable[tuple[tuple[str, ...], str]]) -> tuple[Section, ...]:
    """One section for all consecutive paragraphs under the same headings.

    Each paragraph comes with its headings, outermost first. Empty paragraphs and paragraphs under a heading such as
    "Competing interests" are left out. Raises ValueError if the headings are excessively long.
    """
    kept = ((headings, text) for headings, text in paragraphs if not any(map(_has_no_findings, headings)))
    return tuple(Section(heading, "\n".join(texts)) for heading, texts in group_paragraphs(kept))


def group_paragraphs(paragraphs: Iterable[tuple[tuple[str, ...], str]]) -> list[tuple[str, list[str]]]:
    """The non-empty paragraphs, grouped if they are consecutive under the same headings, with the joined headings.

    Raises ValueError if the headings are excessively long.
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
            if size > LARGEST:  # an outer heading is repeated in all sections below it
                raise ValueError(f"the headings of its sections take more than {LARGEST >> 20} MB")
    return found


def _has_no_findings(heading: str) -> bool:
    return len(heading) < _LONGEST and heading.casefold().replace("’", "'").strip(" .:") in _NO_FINDINGS
