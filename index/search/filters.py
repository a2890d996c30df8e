"""What a search may be narrowed to. Filters act before scoring, in both searches alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bioqa.index.errors import InputError

_YEARS = re.compile(r"(?P<only>\d{4})|(?P<first>\d{4})?:(?P<last>\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """Restrictions that all must hold; a document of unknown year is outside every range of years.

    Journal, MeSH terms, publication type and language are compared whole, in any case; of several languages, which
    a document names with semicolons between them, one must be it.
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
        """Whether every document passes."""
        return self == Filter()


NO_FILTER = Filter()


def parse(
    years: str | None,
    journal: str | None,
    mesh: Sequence[str] = (),
    publication_type: str | None = None,
    language: str | None = None,
    *,
    not_retracted: bool = False,
) -> Filter:
    """A filter from the text of `--year` ("2015", "2015:2024", ":2010", "2020:") and of the other options.

    Raises InputError where `years` is none of these or runs backwards, and for an empty text, which nothing has.
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
