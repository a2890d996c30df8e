import random
from datetime import date, timedelta

import pytest

from bioqa.index.download import date_slices
from bioqa.index.download.date_slices import slices
from bioqa.index.download.eutilities import DateRange, SearchResult
from bioqa.index.errors import NetworkError


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(date_slices, "MOST_LISTED", 50)


class PubMed:
    """Papers on random days, of which each search lists the first 50."""

    def __init__(self, days: list[date]):
        self.days = dict(enumerate(sorted(days, reverse=True), 1))
        self.asked = 0

    def search(self, dates: DateRange | None) -> SearchResult:
        self.asked += 1
        found = [str(pmid) for pmid, day in self.days.items() if dates is None or dates.first <= day <= dates.last]
        return SearchResult(len(found), found[:50], ("", ""), "", [])


@pytest.mark.parametrize("seed", range(20))
def test_every_paper_is_in_exactly_one_part_and_the_newest_come_first(seed: int) -> None:
    chance = random.Random(seed)
    span = chance.choice([3, 100, 10_000])
    days = [date(2020, 1, 1) - timedelta(days=chance.randrange(span)) for _ in range(chance.choice([50, 51, 120]))]
    pubmed = PubMed(days)
    found = [pmid for _, part in slices(pubmed.search, pubmed.search(None)) for pmid in part.pmids]
    assert found == [str(pmid) for pmid in pubmed.days]
    assert pubmed.asked < 100


def test_a_day_with_too_many_papers_is_given_in_part() -> None:
    pubmed = PubMed([date(2020, 1, 1)] * 60 + [date(2020, 1, 2)])
    parts = [(part.count, len(part.pmids)) for _, part in slices(pubmed.search, pubmed.search(None))]
    assert parts == [(1, 1), (60, 50)]


def test_a_server_that_does_not_heed_dates_is_an_error() -> None:
    whole = SearchResult(100, ["1"], ("", ""), "", [])
    with pytest.raises(NetworkError, match="the same papers for different dates"):
        list(slices(lambda _: whole, whole))
