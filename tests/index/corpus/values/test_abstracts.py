import io

import pytest

from bioqa.index.corpus import jats, medline, pubmed
from bioqa.index.corpus.values import abstracts
from bioqa.index.corpus.values.abstracts import Abstract
from bioqa.index.records import Document

PLAIN, GRAPHICAL = "plain-language-summary", "graphical"


@pytest.mark.parametrize(
    ("every", "chosen"),
    [
        ([Abstract("a", "ger"), Abstract("b", "eng")], "b"),
        ([Abstract("a", "eng", PLAIN), Abstract("b", "eng", "Publisher")], "b"),
        ([Abstract("a", "eng", PLAIN), Abstract("b", "fre")], "a"),
        ([Abstract("a", "eng", GRAPHICAL), Abstract("b", "fre")], "b"),
        ([Abstract("", "eng"), Abstract("b", "fre"), Abstract("c", "ita")], "b"),
        ([Abstract("a"), Abstract("b", "eng")], "a"),
        ([], ""),
    ],
)
def test_english_and_technical_come_first_and_the_others_are_kept(every: list[Abstract], chosen: str) -> None:
    best, others = abstracts.choose(every)
    assert best.text == chosen
    assert [other["text"] for other in others] == [each.text for each in every if each.text and each.text != chosen]


def read_one(reader: object, content: str) -> Document:
    (found,) = reader(io.BytesIO(content.encode()), "file")  # type: ignore[operator]
    assert isinstance(found, Document)
    return found


def test_pubmed_and_medline_give_the_english_abstract_whatever_comes_first() -> None:
    other = '<OtherAbstract Type="Publisher" Language="{}"><AbstractText>{}</AbstractText></OtherAbstract>'
    xml = read_one(
        pubmed.read,
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>4</PMID><Article><ArticleTitle>T</ArticleTitle></Article>"
        f"{other.format('ger', 'Ratten schlafen.')}"
        f"{other.format('eng', 'Rats sleep.')}</MedlineCitation></PubmedArticle>"
        "</PubmedArticleSet>",
    )
    text = "PMID- 4\nTI  - T\nOAB - Publisher: Ratten\n      schlafen.\nOABL- ger\n"
    text += "OAB - Publisher: Rats sleep.\nOABL- eng\n"
    kept = [{"language": "ger", "type": "Publisher", "text": "Ratten schlafen."}]
    for found in (xml, read_one(medline.read, text)):
        assert (found.abstract, found.extra) == ("Rats sleep.", {"other_abstracts": kept})


TITLES = "<title-group><article-title>Ratten</article-title>{}</title-group>"


@pytest.mark.parametrize("place", ["trans", "old trans", "sub-article"])
def test_an_article_with_an_english_translation_is_read_in_english(place: str) -> None:
    lang = 'xml:lang="en"'
    titles, english, sub = "", "", ""
    if place == "trans":
        titles = f"<trans-title-group {lang}><trans-title>Rats</trans-title></trans-title-group>"
    elif place == "old trans":
        titles = f"<trans-title {lang}>Rats</trans-title>"
    else:
        sub = (
            f'<sub-article article-type="translation" {lang}><front-stub><title-group>'
            "<article-title>Rats</article-title>"
            "</title-group><abstract><p>Rats sleep.</p></abstract></front-stub>"
            "<body><p>They dream.</p></body></sub-article>"
        )
    if not sub:
        english = f"<trans-abstract {lang}><p>Rats sleep.</p></trans-abstract>"
    found = read_one(
        jats.read,
        '<article xml:lang="de"><front><article-meta><article-id pub-id-type="pmid">4</article-id>'
        f"{TITLES.format(titles)}<abstract><p>Ratten schlafen.</p></abstract>{english}</article-meta></front>"
        f"<body><p>Sie träumen.</p></body>{sub}</article>",
    )
    assert (found.title, found.abstract) == ("Rats.", "Rats sleep.")
    assert found.extra == {
        "vernacular_title": "Ratten.",
        "other_abstracts": [{"language": "ger", "type": "", "text": "Ratten schlafen."}],
    }
    assert found.sections[0].text == ("They dream." if sub else "Sie träumen.")
    assert found.language == ("ger; eng" if sub else "ger")


def test_an_english_article_keeps_its_own_title() -> None:
    found = read_one(
        jats.read,
        '<article xml:lang="en"><front><article-meta><article-id pub-id-type="pmid">4</article-id><title-group>'
        '<article-title>Rats</article-title><trans-title-group xml:lang="de"><trans-title>Ratten</trans-title>'
        '</trans-title-group></title-group><trans-abstract xml:lang="de"><p>Ratten.</p></trans-abstract>'
        "<abstract><p>Rats sleep.</p></abstract></article-meta></front></article>",
    )
    assert (found.title, found.abstract) == ("Rats.", "Rats sleep.")
