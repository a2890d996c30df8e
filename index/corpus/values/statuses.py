"""The signals of all formats that a paper was retracted or is under an expression of concern."""

import re
from collections.abc import Iterable

from bioqa.index.records import CONCERN, RETRACTED

_SIGNALS = {
    # types of notices in PubMed XML
    "RetractionIn": RETRACTED,
    "RetractedandRepublishedIn": RETRACTED,
    "PartialRetractionIn": CONCERN,
    "ExpressionOfConcernIn": CONCERN,
    # fields of MEDLINE
    "RIN": RETRACTED,
    "RRI": RETRACTED,
    "PRIN": CONCERN,
    "ECI": CONCERN,
    # types of articles and of related articles in JATS
    "retracted-article-type": RETRACTED,  # the type of the article itself
    "retraction-forward": RETRACTED,
    "retracted-by": RETRACTED,
    "withdrawal-forward": RETRACTED,
    "removal-forward": RETRACTED,
    "partial-retraction": CONCERN,
    "partial-retraction-forward": CONCERN,
    "expression-of-concern": CONCERN,
    "expression-of-concern-forward": CONCERN,
    "concern-forward": CONCERN,
    # publication types of PubMed
    "Retracted Publication": RETRACTED,
    # states in the history of a PubMed record
    "retracted": RETRACTED,
}
# What a notice is: its title is that of the paper it retracts, and its related article is that paper.
_NOTICES = {"Retraction of Publication", "Expression of Concern", "Published Erratum", "Retraction Notice"}
_TITLE = re.compile(
    r"\W*(?:retracted|withdrawn)(?:\s+(?:article|paper|publication|manuscript|chapter|preprint))?\s*(?:[:\])–—.]|-\s)",
    re.IGNORECASE,
)
_LONGEST = 100  # characters of the beginning of a title


def status_of(signals: Iterable[str], publication_types: Iterable[str] = (), title: str = "") -> str:
    """The status of a paper with these signals, of which unknown ones say nothing, and with this title.

    A notice of a retraction or concern is not itself retracted unless a signal says so.
    """
    types = set(publication_types)
    found = {_SIGNALS.get(signal) for signal in (*signals, *types)}
    if RETRACTED not in found and types.isdisjoint(_NOTICES) and _TITLE.match(title[:_LONGEST]):
        return RETRACTED
    return RETRACTED if RETRACTED in found else CONCERN if CONCERN in found else ""
