"""A server that is like NCBI's E-utilities and misbehaves."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qsl, urlsplit

import pytest

from bioqa.index.download import eutilities
from bioqa.index.download.client import HttpClient, RetryPolicy
from bioqa.index.download.eutilities import EUtilities

HASTE = RetryPolicy(silence=0.4, pauses=(0.01, 0.02, 0.03), longest=1.0)
Fault = Callable[["Handler", bytes], None]

ARTICLE = (
    '<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{0}</PMID><Article><Journal><JournalIssue>'
    "<PubDate><Year>2020</Year></PubDate></JournalIssue><Title>Thorax</Title></Journal><ArticleTitle>Title {0}: &lt;5 "
    "Ωs</ArticleTitle><Abstract><AbstractText>CFTR in mouse {0}.</AbstractText></Abstract></Article></MedlineCitation>"
    '<PubmedData><ReferenceList><Reference><ArticleIdList><ArticleId IdType="pubmed">7</ArticleId></ArticleIdList>'
    "</Reference></ReferenceList></PubmedData></PubmedArticle>"
)
DOCTYPE = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/x.dtd">'


class Handler(BaseHTTPRequestHandler):
    """Answers esearch and efetch, unless a fault is set."""

    server: "Eutils"

    def do_GET(self) -> None:
        self.handle_form("GET", urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.handle_form("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

    def handle_form(self, method: str, query: str) -> None:
        form = dict(parse_qsl(query))
        tool = urlsplit(self.path).path.rpartition("/")[2].removesuffix(".fcgi")
        self.server.requests.append((method, tool, form))
        self.server.times.append(time.monotonic())
        faults = self.server.faults.get(tool, [])
        fault = faults.pop(0) if faults else self.server.lasting.get(tool)
        content = self.server.esearch(form) if tool == "esearch" else self.server.efetch(form, fault is not None)
        if fault:
            fault(self, content)
        else:
            self.answer(200, content)

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Eutils(ThreadingHTTPServer):
    """PubMed's search on this machine: every query finds all papers, the newest first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.papers: dict[str, date] = {}
        self.most = 9999
        self.page = 9999  # PMIDs that are listed at once
        self.count: str | None = None  # stated in place of the true one
        self.withheld: set[str] = set()  # listed, and never delivered
        self.heeds_dates = True
        self.remarks = ""
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.times: list[float] = []
        self.served: Counter[str] = Counter()
        self.faults: dict[str, list[Fault]] = {}
        self.lasting: dict[str, Fault] = {}
        self.histories: dict[str, list[str]] = {}
        self.released = Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/entrez/eutils/"

    def add(self, count: int, first: int = 30_000_000) -> list[str]:
        """So many papers more, one a day, newer than those before; their PMIDs, the newest first."""
        new = [str(first + number) for number in range(count)]
        day = max(self.papers.values(), default=date(2020, 1, 1))
        self.papers |= {pmid: day + timedelta(days=number + 1) for number, pmid in enumerate(new)}
        return new[::-1]

    def forms(self, tool: str) -> list[dict[str, str]]:
        """The forms that `tool` was asked with."""
        return [form for _, name, form in self.requests if name == tool]

    def esearch(self, form: dict[str, str]) -> bytes:
        found = sorted(self.papers, key=lambda pmid: (self.papers[pmid], pmid), reverse=True)
        if form.get("datetype") == "edat" and self.heeds_dates:
            first, last = form["mindate"], form["maxdate"]
            found = [pmid for pmid in found if first <= f"{self.papers[pmid]:%Y/%m/%d}" <= last]
        name = f"MCID_{len(self.histories) + 1}"
        self.histories[name] = found
        start = int(form["retstart"])
        end = min(start + min(int(form["retmax"]), self.page), self.most)
        ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in found[start:end])
        return (
            '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch//EN" '
            '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
            f"<eSearchResult><Count>{self.count or len(found)}</Count><RetMax>{form['retmax']}</RetMax><RetStart>0"
            f"</RetStart><QueryKey>1</QueryKey><WebEnv>{name}</WebEnv><IdList>{ids}</IdList><TranslationSet/>"
            f'<QueryTranslation>"cystic fibrosis"[MeSH Terms]</QueryTranslation>{self.remarks}</eSearchResult>'
        ).encode()

    def efetch(self, form: dict[str, str], spoilt: bool) -> bytes:
        if form.get("WebEnv") not in self.histories:
            return b"<eFetchResult>\n\t<ERROR>Unable to obtain query #1</ERROR>\n</eFetchResult>"
        start = int(form["retstart"])
        places = slice(start, min(start + int(form["retmax"]), self.most))
        found = [pmid for pmid in self.histories[form["WebEnv"]][places] if pmid not in self.withheld]
        if not spoilt:
            self.served.update(found)
        return article_set(found)


def article_set(pmids: list[str]) -> bytes:
    return f"{DOCTYPE}<PubmedArticleSet>{''.join(map(ARTICLE.format, pmids))}</PubmedArticleSet>".encode()


@contextmanager
def serving(server: Eutils) -> Iterator[Eutils]:
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        with suppress(OSError):
            server.shutdown()
            server.server_close()


@pytest.fixture
def eutils(monkeypatch: pytest.MonkeyPatch) -> Iterator[Eutils]:
    """NCBI's E-utilities on this machine; whoever asks them is in a hurry."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("NCBI_API_KEY", "NCBI_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(eutilities, "PATIENCE", HASTE)
    monkeypatch.setattr(eutilities, "_PACE", 0.0)
    with serving(Eutils()) as server:
        yield server


@pytest.fixture
def asking(eutils: Eutils) -> EUtilities:
    """The client of that server."""
    return EUtilities(HttpClient(HASTE), eutils.address)


@pytest.fixture
def few(eutils: Eutils, monkeypatch: pytest.MonkeyPatch) -> Eutils:
    """The same, with 50 papers in place of 9,999 that can be listed, and 10 a request."""
    from bioqa.index.download import date_slices, paper_search

    eutils.most = 50
    for module in (eutilities, date_slices, paper_search):
        monkeypatch.setattr(module, "MOST_LISTED", 50)
    monkeypatch.setattr(paper_search, "BATCH", 10)
    return eutils


class EutilsFaults:
    """Ways for E-utilities to misbehave."""

    article_set = staticmethod(article_set)

    @staticmethod
    def sends(content: bytes, status: int = 200, **headers: str) -> Fault:
        """This in place of what is asked for."""
        return lambda handler, _: handler.answer(status, content, **headers)

    @staticmethod
    def becomes(change: Callable[[bytes], bytes]) -> Fault:
        """What is asked for, changed."""
        return lambda handler, content: handler.answer(200, change(content))

    @staticmethod
    def breaks(handler: Handler, content: bytes) -> None:
        """The connection ends in the middle."""
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])

    @staticmethod
    def stalls(handler: Handler, _: bytes) -> None:
        """Nothing comes."""
        handler.server.released.wait(5)

    @staticmethod
    def forgets(handler: Handler, _: bytes) -> None:
        """All histories are gone."""
        handler.server.histories.clear()
        form = {"WebEnv": "gone"}
        handler.answer(200, handler.server.efetch(form, spoilt=True))


@pytest.fixture
def eutils_faults() -> type[EutilsFaults]:
    """Ways for E-utilities to misbehave."""
    return EutilsFaults


@pytest.fixture
def closed_address(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that is gone: this machine refuses connections to it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"
