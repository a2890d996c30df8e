import pytest
from lxml import etree

from bioqa.index.download import pubmed_articles
from bioqa.index.errors import NetworkError, TransientError

BOOK = "<PubmedBookArticle><BookDocument><PMID Version='1'>20301428</PMID></BookDocument></PubmedBookArticle>"
PAPER = "<PubmedArticle><MedlineCitation><PMID>{}</PMID></MedlineCitation></PubmedArticle>"


def parse(*records: str) -> dict[str, bytes]:
    return pubmed_articles.parse(f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode(), "x")


def test_articles_and_chapters_of_books_are_papers() -> None:
    assert list(parse(PAPER.format(7), BOOK)) == ["7", "20301428"]


def test_a_paper_that_comes_twice_is_one_and_one_without_number_none() -> None:
    assert list(parse(PAPER.format(7), PAPER.format(7), PAPER.format("x"), PAPER.format(""), PAPER.format("0"))) == [
        "7"
    ]


def test_what_is_written_is_what_came() -> None:
    title = "<T>&lt;5 &amp; Ω&nbsp;<i>a</i></T>"
    paper = f"<PubmedArticle><MedlineCitation><PMID>7</PMID>{title}</MedlineCitation></PubmedArticle>"
    head = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/x.dtd">'
    content = f"{head}<PubmedArticleSet><!-- c -->{paper}<?pi x?>\n</PubmedArticleSet>".encode()
    papers = pubmed_articles.parse(content, "x")
    assert papers == {"7": paper.encode()}
    written = pubmed_articles.article_set(papers)
    assert pubmed_articles.parse(written, "x") == papers
    assert etree.fromstring(written, etree.XMLParser(resolve_entities=False)).tag == "PubmedArticleSet"


@pytest.mark.parametrize("depth", [300, 100_000])
def test_nesting_without_end_is_an_error(depth: int) -> None:
    with pytest.raises(TransientError, match="broken XML"):
        parse("<PubmedArticle>" + "<a>" * depth)


@pytest.mark.parametrize("declaration", ['<!ENTITY a "b">', '<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;'])
def test_entities_are_refused(declaration: str) -> None:
    with pytest.raises(NetworkError, match="entities") as caught:
        pubmed_articles.parse(f"<!DOCTYPE PubmedArticleSet [{declaration}]><PubmedArticleSet/>".encode(), "x")
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    ("content", "root"),
    [
        (b"<?xml version='1.0'?>\n<!-- a --><!DOCTYPE a b><PubmedArticleSet x='1'>", "PubmedArticleSet"),
        (b"\xef\xbb\xbf <HTML>", "HTML"),
        (b"{}", ""),
        (b"", ""),
        (b"<" * 100_000, ""),
        (b"<!--" * 100_000, ""),
    ],
)
def test_the_root_is_named(content: bytes, root: str) -> None:
    assert pubmed_articles.root_name(content) == root


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        (b"<eFetchResult>\n <ERROR>Cannot &lt;do&gt;</ERROR></eFetchResult>", "Cannot <do>"),
        (b'\n{"error": "API rate limit exceeded"}', "API rate limit exceeded"),
        (b"<PubmedArticleSet><ERROR>in a text</ERROR></PubmedArticleSet>", ""),
        (b'<html>"error":"x"</html>', ""),
        (b"<ERROR>" + b"x" * 500 + b"</ERROR>", "x" * 200 + "..."),
    ],
)
def test_a_failure_that_is_stated_is_read(content: bytes, stated: str) -> None:
    assert pubmed_articles.stated_error(content) == stated
