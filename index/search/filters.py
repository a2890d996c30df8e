"""Filters that restrict both searches, before scoring, to documents with certain metadata."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bioqa.index.errors import InputError

_YEARS = re.compile(r"(?P<only>\d{4})|(?P<first>\d{4})?:(?P<last>\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold. A document of unknown year is outside every range of years.

    Journal, MeSH terms, publication type and language must match completely; an index ignores case, and where no value
    is written so, also number, order of words and signs. A journal is named by its title, an abbreviation or an ISSN, a
    language by its code or its English name. Of several languages of a document, one must match.
    """

    first_year: int | None = None
    last_year: int | None = None
    journal: str | None = None
    mesh: tuple[str, ...] = ()
    publication_type: str | None = None
    language: str | None = None
    not_retracted: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the filter accepts every document."""
        return self == Filter()

    @property
    def values(self) -> list[tuple[str, str]]:
        """Fields with the values that they must have, years and retractions left out."""
        others = [(name, getattr(self, name)) for name in ("journal", "publication_type", "language")]
        return [("mesh", term) for term in self.mesh] + [(name, value) for name, value in others if value is not None]


NO_FILTER = Filter()


@dataclass(frozen=True, slots=True)
class FilterReport:
    """What a filter does in an index.

    `notes`: lines on values that are read as others. `fault`: why no paper passes; empty if some do.
    """

    notes: tuple[str, ...] = ()
    fault: str = ""


def parse_filter(
    years: str | None,
    journal: str | None,
    mesh: Sequence[str] = (),
    publication_type: str | None = None,
    language: str | None = None,
    *,
    not_retracted: bool = False,
) -> Filter:
    """A filter from the values of `--year` ("2015", "2015:2024", ":2010", "2020:") and the other options.

    Raises InputError if `years` has another form or runs backwards, and for an empty value.
    """
    named = [("--journal", journal), ("--publication-type", publication_type), ("--language", language)]
    for option, value in (*named, *(("--mesh", term) for term in mesh)):
        if value is not None and not value.strip():
            raise InputError(f"{option} is empty: name one, or leave the option out")
    first = last = None
    if years is not None:
        match = _YEARS.fullmatch(years.strip())
        if not match or not any(match.groups()):
            raise InputError(f"--year {years!r}: expected a year or a range such as 2015, 2015:2024, 2015: or :2024")
        first, last = (
            int(year) if year else None for year in (match["only"] or match["first"], match["only"] or match["last"])
        )
        if first and last and first > last:
            raise InputError(f"--year {years!r}: the range runs backwards")
    return Filter(first, last, journal, tuple(mesh), publication_type, language, not_retracted)
