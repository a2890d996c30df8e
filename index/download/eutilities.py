"""NCBI's E-utilities: esearch finds papers of PubMed and keeps them in a history, efetch delivers them from there.

Follows "Entrez Programming Utilities Help" (NBK25499, NBK25497): at most three requests a second, ten with a key; a
name for the tool; POST for long queries. What the servers do beyond it: esearch and efetch reach the first 9,999
papers of a query only, a request across that border is cut in silence, and failures may come with status 200.
"""

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lxml import etree

from bioqa.index.download import pubmed_articles
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.errors import InputError, NetworkError, TransientError

PATIENCE = RetryPolicy(pauses=(1.0, 3.0, 10.0, 30.0))  # somebody waits at the terminal
MOST_LISTED = 9999  # papers of one query that the servers give access to
_PACE, _PACE_WITH_KEY = 0.35, 0.105  # seconds between two requests
_MOST_OF_SEARCH = 4 << 20  # bytes; 9,999 PMIDs have 0.2 MB
_MOST_OF_PAPERS = 64 << 20  # bytes; 200 papers have 2 MB, and a few with 3,000 authors 1 MB each
_MOST_PAGES = 100  # of a list of PMIDs; NCBI gives all at once
_MOST_MISSING = 20  # papers; of more, a server that works delivers some
_MOST_COUNTED = 10**9
_MOST_WARNINGS = 20
_WRITABLE = re.compile(r"[!-~]{1,200}")  # of a key and an address of email
_LASTING = re.compile(r"empty term|invalid|not supported|cannot be larger|syntax|api.?key", re.IGNORECASE)
_ABOUT_HISTORY = re.compile(r"history|webenv|query.?key|obtain query", re.IGNORECASE)
_WARNINGS = {  # elements of eSearchResult, and what they mean
    "PhraseNotFound": "PubMed does not find the phrase {}",
    "QuotedPhraseNotFound": "PubMed does not find the quoted phrase {}",
    "FieldNotFound": "PubMed has no field {}",
    "PhraseIgnored": "PubMed ignores {}",
    "OutputMessage": "PubMed says: {}",
}
_NOT_FOUND = "No items found."  # an output message that the count says already
_KEY_CURE = "correct the environment variable NCBI_API_KEY, or unset it"


class HistoryExpiredError(TransientError):
    """The server no longer knows the history of a search, or cannot read it; a new search helps."""


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days of entry into PubMed. Every paper has exactly one."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The papers that match a query: how many there are, and the first of them, the newest first."""

    count: int
    pmids: Sequence[str]
    history: tuple[str, str]  # WebEnv and query key, from which efetch delivers the papers in the order of `pmids`
    translation: str  # the query as PubMed reads it
    warnings: Sequence[str]


class EUtilities:
    """Requests to the E-utilities at `address`, spaced as NCBI asks."""

    def __init__(self, web: HttpClient, address: str, *, key: str = "", email: str = ""):
        for value, name in ((key, "NCBI_API_KEY"), (email, "--email")):
            if value and not _WRITABLE.fullmatch(value):
                raise InputError(f"{name}: expected printable characters without spaces, at most 200")
        self._web, self._address = web, address
        self._form = {"db": "pubmed", "tool": "bioqa"}
        self._form |= ({"email": email} if email else {}) | ({"api_key": key} if key else {})
        self._pace = _PACE_WITH_KEY if key else _PACE
        self._next = 0.0  # time of the next request
        self._turn = threading.Lock()

    def search(self, query: str, most: int = MOST_LISTED, dates: DateRange | None = None) -> SearchResult:
        """The papers that match `query`, the PMIDs of the first `most` of them.

        Raises InputError if the server rejects the query, NetworkError if it fails.
        """
        form = {"term": query, "usehistory": "y", "retmode": "xml", "sort": "pub_date"}
        most = min(most, MOST_LISTED)
        if dates:
            form |= {"datetype": "edat", "mindate": f"{dates.first:%Y/%m/%d}", "maxdate": f"{dates.last:%Y/%m/%d}"}
        url = f"{self._address}esearch.fcgi"

        def page(first: int) -> SearchResult:
            part = {"retstart": str(first), "retmax": str(most - first)}
            return self._web.retry(lambda: _search_result(self._ask(url, form | part, _MOST_OF_SEARCH), url))

        found = page(0)
        pmids = dict.fromkeys(found.pmids[:most])
        for _ in range(_MOST_PAGES):
            if len(pmids) >= min(most, found.count):
                break
            more = [pmid for pmid in page(len(pmids)).pmids if pmid not in pmids]  # a server may list fewer at once
            if not more:
                break
            pmids |= dict.fromkeys(more[: most - len(pmids)])
        return replace(found, pmids=list(pmids))

    def fetch(self, history: tuple[str, str], first: int, count: int) -> dict[str, bytes]:
        """The papers at these places of a history, as XML by PMID, without those that the server does not deliver.

        Raises HistoryExpiredError if the history is gone, NetworkError if the server fails.
        """
        form = {"WebEnv": history[0], "query_key": history[1], "retmode": "xml"}
        form |= {"retstart": str(first), "retmax": str(count)}
        url = f"{self._address}efetch.fcgi"

        def attempt() -> dict[str, bytes] | HistoryExpiredError:
            try:
                content = self._ask(url, form, _MOST_OF_PAPERS)
            except NetworkError as error:
                if error.status == 400 and _ABOUT_HISTORY.search(str(error)):
                    return HistoryExpiredError(str(error))
                raise
            if reason := pubmed_articles.stated_error(content):
                if pubmed_articles.root_name(content):
                    return HistoryExpiredError(f"{url}: the server answers: {reason}")
                raise _failure(url, reason)
            papers = pubmed_articles.parse(content, url)
            if not papers and count > _MOST_MISSING:
                raise TransientError(f"{url}: the server sent none of {count:,} papers")
            return papers

        found = self._web.retry(attempt)
        if isinstance(found, HistoryExpiredError):  # repeating the request would not help
            raise found
        return found

    def _ask(self, url: str, form: dict[str, str], most: int) -> bytes:
        with self._turn:
            pause, now = self._next - time.monotonic(), time.monotonic()
            self._next = max(self._next, now) + self._pace
        if pause > 0 and self._web.stop.wait(pause):
            raise TransientError(f"{url}: stopped")
        try:
            return self._web.answer(url, self._form | form, most)
        except NetworkError as error:
            if error.status in (400, 401, 403) and "api_key" in self._form and "key" in str(error).lower():
                raise NetworkError(f"{error}; {_KEY_CURE}", error.status) from None
            raise


def _search_result(content: bytes, url: str) -> SearchResult:
    if page := pubmed_articles.web_page(content):
        raise TransientError(f"{url}: the server sent {page} in place of a search result")
    if reason := pubmed_articles.stated_error(content):
        raise _failure(url, reason)
    pubmed_articles.refuse_entities(content, url)
    if pubmed_articles.root_name(content) != "eSearchResult":
        beginning = pubmed_articles.shown(content[:60])
        raise TransientError(f"{url}: the server sent {beginning!r}, which is no search result")
    try:
        root = etree.fromstring(
            content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        )
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = pubmed_articles.shown(str(error).encode())
        raise TransientError(f"{url}: the search result is broken XML ({reason})") from None
    count, pmids = _text(root, "Count"), [(found.text or "").strip() for found in root.iterfind("IdList/Id")]
    if not re.fullmatch(r"[0-9]{1,10}", count) or int(count) > _MOST_COUNTED:
        raise NetworkError(f"{url}: the server states the count {count[:20]!r}; look at the address")
    if bad := next((pmid for pmid in pmids if not pubmed_articles.is_pmid(pmid)), None):
        raise NetworkError(f"{url}: the server lists {bad[:20]!r}, which is no PMID; look at the address")
    history = _text(root, "WebEnv"), _text(root, "QueryKey")
    if pmids and not all(history):
        raise TransientError(f"{url}: the server keeps no history of the search")
    warnings = [
        wording.format(text if text[0] == '"' or name == "OutputMessage" else f"'{text}'")
        for name, wording in _WARNINGS.items()
        for found in root.iter(name)
        if (text := pubmed_articles.shown("".join(map(str, found.itertext())).encode())) and text != _NOT_FOUND
    ]
    translation = " ".join((root.findtext("QueryTranslation") or "").split())
    return SearchResult(int(count), list(dict.fromkeys(pmids)), history, translation, warnings[:_MOST_WARNINGS])


def _failure(url: str, reason: str) -> NetworkError | InputError:
    """The error for a failure that the server states with status 200."""
    if re.search(r"api.?key", reason, re.IGNORECASE):
        return NetworkError(f"{url}: the server answers: {reason}; {_KEY_CURE}")
    if _LASTING.search(reason):
        return InputError(f"PubMed cannot use this query: {reason}")
    return TransientError(f"{url}: the server answers: {reason}")


def _text(root: etree._Element, path: str) -> str:
    return (root.findtext(path) or "").strip()
