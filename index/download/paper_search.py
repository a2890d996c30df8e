"""Fetching the papers of a PubMed search into a folder, where only those that are missing are asked for."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from bioqa.index.download import pubmed_articles, search_record
from bioqa.index.download.date_slices import slices
from bioqa.index.download.eutilities import MOST_LISTED, DateRange, EUtilities, HistoryExpiredError, SearchResult
from bioqa.index.errors import NetworkError, TransientError, UnreachableError
from bioqa.index.progress import Progress

BATCH = 200  # papers of a request: about 2 MB
_GAP = 5  # papers; fetching so few again costs less than another request
_MOST_PASSES = 3  # over the papers of a slice, for those that the server lists but did not deliver
_MOST_EXPIRED = 3  # histories lost in a row, without a paper in between


@dataclass
class SearchReport:
    """What a search has brought so far."""

    files: list[Path] = field(default_factory=list)
    fetched: int = 0
    held: int = 0  # papers that match and were there already
    missing: list[str] = field(default_factory=list)  # listed by the server, but not delivered
    listed: int = 0  # papers of the search, as far as it was followed


def fetch_papers(
    server: EUtilities,
    query: str,
    whole: SearchResult,
    folder: Path,
    held: set[str],
    limit: int | None,
    report: SearchReport,
    progress: Progress,
) -> None:
    """Fetch the papers of the search result `whole` into new files in `folder`, the newest first.

    The papers in `held` are there already, and the new ones are added to it.
    `report` grows with every file, and says after an error what was reached. The caller holds the lock of the folder.
    Raises NetworkError if the server fails, StorageError if writing does.
    """
    seen: set[str] = set()
    paths = search_record.new_paths(folder)
    expected = whole.count if limit is None else min(limit, whole.count)
    for dates, found in parts(server, query, whole, limit):
        left = expected - len(seen) if limit is not None else len(found.pmids)
        listed = [pmid for pmid in found.pmids if pmid not in seen][:left]
        seen.update(listed)
        report.listed = len(seen)
        report.held += sum(pmid in held for pmid in listed)
        task = _Slice(server, query, dates, found, frozenset(listed))
        for papers in task.batches(held):
            path = next(paths)
            search_record.write_papers(path, pubmed_articles.article_set(papers))
            held.update(papers)
            report.files.append(path)
            report.fetched += len(papers)
            done = report.held + report.fetched
            progress.update(min(1.0, done / max(expected, 1)), report.fetched)
        report.missing += [pmid for pmid in listed if pmid not in held]
        if len(seen) >= expected and limit is not None:
            return


def parts(
    server: EUtilities, query: str, whole: SearchResult, limit: int | None
) -> Iterator[tuple[DateRange | None, SearchResult]]:
    """The parts of a search: one, or several by date if more papers are wanted than the server lists at once."""
    if limit is not None and limit <= MOST_LISTED:
        yield None, whole
    else:
        yield from slices(lambda dates: server.search(query, MOST_LISTED, dates), whole)


def windows(pmids: Sequence[str], wanted: Set[str]) -> list[tuple[int, int]]:
    """Places and lengths of the runs in `pmids` that have the `wanted` ones, each of `BATCH` at most.

    A gap of a few papers does not end a run.
    """
    found: list[tuple[int, int]] = []
    for place, pmid in enumerate(pmids):
        if pmid not in wanted:
            continue
        if found:
            first, length = found[-1]
            if place - first < BATCH and place - (first + length) <= _GAP:
                found[-1] = (first, place - first + 1)
                continue
        found.append((place, 1))
    return found


@dataclass
class _Slice:
    """The papers of a search, or of a part of it by date, that are wanted."""

    server: EUtilities
    query: str
    dates: DateRange | None
    found: SearchResult
    wanted: frozenset[str]

    def batches(self, held: Set[str]) -> Iterator[dict[str, bytes]]:
        """The papers that are not in `held`, batch by batch; the caller adds each batch to `held` before the next.

        A batch that fails is tried again at the end. Raises NetworkError if two fail in a row, or one again.
        """
        failure: NetworkError | None = None
        for number in range(_MOST_PASSES):
            failure, before = None, len(self.wanted - held)
            for papers in self._pass(held, last=number == _MOST_PASSES - 1):
                if isinstance(papers, NetworkError):
                    failure = papers
                else:
                    yield papers
            if not self.wanted - held or (len(self.wanted - held) == before and failure is None):
                break
        if failure is not None:
            raise failure

    def _pass(self, held: Set[str], *, last: bool) -> Iterator[dict[str, bytes] | NetworkError]:
        """One request for each run of papers that are missing; a failure is followed by the next run."""
        expired, failed = 0, False
        todo = windows(self.found.pmids, self.wanted - held)
        while todo:
            first, count = todo.pop(0)
            try:
                papers = self.server.fetch(self.found.history, first, count)
            except HistoryExpiredError:
                expired += 1
                if expired > _MOST_EXPIRED:
                    raise
                self.found = self.server.search(self.query, MOST_LISTED, self.dates)
                todo = windows(self.found.pmids, self.wanted - held)
                continue
            except TransientError as error:
                if failed or last or isinstance(error, UnreachableError):
                    raise
                failed = True
                yield error
                continue
            failed = False
            fresh = {pmid: xml for pmid, xml in papers.items() if pmid in self.wanted and pmid not in held}
            if fresh:
                expired = 0
                yield fresh
