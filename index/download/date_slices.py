"""Division of a large search by date, because E-utilities give access to the first 9,999 papers of a query only."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bioqa.index.download.eutilities import MOST_LISTED, DateRange, SearchResult
from bioqa.index.errors import NetworkError

EVER = DateRange(date(1700, 1, 1), date(2200, 12, 31))
_MOST_OVERLAP = 1.5  # a server for which both halves have all papers does not heed dates

Search = Callable[[DateRange | None], SearchResult]


def slices(search: Search, whole: SearchResult) -> Iterator[tuple[DateRange | None, SearchResult]]:
    """Parts of the search result `whole` that are accessible in full, from the newest to the oldest.

    A single day with more papers is given as it is: its first 9,999 are accessible. Raises NetworkError if the server
    does not heed dates.
    """
    if whole.count <= MOST_LISTED:
        yield None, whole
    else:
        yield from _divided(search, EVER, whole.count)


def _divided(search: Search, dates: DateRange, count: int) -> Iterator[tuple[DateRange, SearchResult]]:
    middle = dates.first + timedelta(days=(dates.last - dates.first).days // 2)
    halves = DateRange(middle + timedelta(days=1), dates.last), DateRange(dates.first, middle)
    found = [search(half) for half in halves]
    if sum(result.count for result in found) > _MOST_OVERLAP * count:
        raise NetworkError(
            f"the server finds the same papers for different dates, so only the first {MOST_LISTED:,} are accessible; "
            "narrow the query, or use --limit"
        )
    for half, result in zip(halves, found, strict=True):
        if result.count > MOST_LISTED and half.first < half.last:
            yield from _divided(search, half, result.count)
        elif result.count:
            yield half, result
