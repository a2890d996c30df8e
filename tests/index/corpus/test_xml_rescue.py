import io
import random

import pytest

from bioqa.index.corpus import jats, pubmed, xml_records
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record

ARTICLE = (
    '<article><front><article-meta><article-id pub-id-type="pmid">{0}</article-id><title-group><article-title>T{0} {1}'
    "</article-title></title-group></article-meta></front></article>"
)


def articles(count: int, size: int = 0, line: str = "\n") -> list[str]:
    return [ARTICLE.format(number, "x" * size) + line for number in range(1, count + 1)]


def read(every: list[str], root: str = "pmc-articleset") -> list[Record]:
    content = f"<{root}>\n{''.join(every)}</{root}>"
    return list(jats.read(io.BytesIO(content.encode()), "file.xml"))


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records if isinstance(record, Document)]


FAULTS = {
    "a wrong closing tag": lambda xml: xml.replace("</article-title>", "</title>"),
    "no closing tag": lambda xml: xml.replace("</article-title>", ""),
    "no end of the article": lambda xml: xml.replace("</article>", ""),
    "a bare ampersand": lambda xml: xml.replace("T", "T & co"),
    "a bare sign": lambda xml: xml.replace("T", "p < 3"),
    "a control character": lambda xml: xml.replace("T", "T\x02"),
    "too deep": lambda xml: xml.replace("T", "<i>" * 300 + "T" + "</i>" * 300),
    "an attribute twice": lambda xml: xml.replace("<front>", '<front a="1" a="2">'),
    "an attribute without quotes": lambda xml: xml.replace('"pmid"', "pmid"),
    "an open comment": lambda xml: xml.replace("T", "<!-- T"),
    "an unknown entity": lambda xml: xml.replace("T", "&nothing;"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("size", [0, 5_000])
@pytest.mark.parametrize("line", ["\n", ""])
def test_a_broken_article_costs_itself_alone(fault: str, size: int, line: str) -> None:
    every = articles(30, size, line)
    every[11] = FAULTS[fault](every[11])
    every[20] = FAULTS[fault](every[20])
    records = read(every)
    assert ids(records) == [str(number) for number in range(1, 31) if number not in (12, 21)]
    bad = [record for record in records if isinstance(record, BadRecord)]
    assert len(bad) == (1 if fault == "no end of the article" else 2)  # the next are read as parts of it
    assert all(record.reason.startswith("broken XML (") for record in bad)


def test_the_first_and_the_last_may_be_broken() -> None:
    every = articles(4)
    every[0] = every[0].replace("</front>", "")
    every[3] = every[3].replace("</front>", "")
    assert ids(read(every)) == ["2", "3"]


def test_the_line_is_that_of_the_file() -> None:
    every = articles(5)
    every[1] = every[1].replace("</front>", "")
    every[3] = every[3].replace('pub-id-type="pmid"', "")
    assert [(type(record), getattr(record, "place", "")) for record in read(every)] == [
        (Document, ""),
        (BadRecord, "line 3"),
        (Document, ""),
        (BadRecord, "line 5"),
        (Document, ""),
    ]


def test_a_fault_between_articles_costs_none() -> None:
    every = articles(3)
    every.insert(1, "</wrong>\n")
    records = read(every)
    assert ids(records) == ["1", "2", "3"]
    assert sum(isinstance(record, BadRecord) for record in records) == 1


def test_namespaces_and_what_oai_wraps_around_an_article_do_no_harm() -> None:
    every = [
        f'<record><metadata><j:article xmlns:j="https://jats.nlm.nih.gov"><j:front>{xml[16:-28]}</j:front></j:article>'
        "</metadata></record>"
        for xml in (ARTICLE.format(number, "") + " " * 9 for number in range(1, 4))
    ]
    every = [xml.replace("<article-", "<j:article-").replace("</article-", "</j:article-") for xml in every]
    every = [xml.replace("<title-", "<j:title-").replace("</title-", "</j:title-") for xml in every]
    whole = ids(read(every, "OAI-PMH"))
    every[1] = every[1].replace("</j:title-group>", "")
    assert ids(read(every, "OAI-PMH")) == [name for name in whole if name != "2"]


def test_a_file_that_is_cut_off_after_a_broken_article_says_so() -> None:
    every = articles(4)
    every[1] = every[1].replace("</front>", "")
    content = f"<pmc-articleset>{''.join(every)}"[:-30]
    records: list[Record] = []
    with pytest.raises(InputError, match="line 4: broken XML after 3 records"):
        records.extend(jats.read(io.BytesIO(content.encode()), "file.xml"))
    assert ids(records) == ["1", "3"]


def test_whatever_is_broken_the_others_are_read() -> None:
    """Articles of all lengths, so that tags lie across the border of two reads."""
    chance = random.Random(7)
    for _ in range(30):
        every = [ARTICLE.format(number, "y" * chance.randrange(4_000)) for number in range(1, 60)]
        broken = chance.randrange(59)
        every[broken] = every[broken].replace("</title-group>", "")
        assert ids(read(every)) == [str(number) for number in range(1, 60) if number != broken + 1]


def test_deletions_are_read_behind_a_broken_citation() -> None:
    content = (
        "<PubmedArticleSet><PubmedArticle><b></PubmedArticle>"
        "<DeleteCitation><PMID>4</PMID></DeleteCitation></PubmedArticleSet>"
    )
    bad, deletion = pubmed.read(io.BytesIO(content.encode()), "file.xml")
    assert isinstance(bad, BadRecord)
    assert getattr(deletion, "id", "") == "4"


def test_an_encoding_that_the_file_declares_is_kept() -> None:
    content = '<?xml version="1.0" encoding="iso-8859-1"?><set><one>a</two></one><one>é</one></set>'.encode("latin-1")
    kinds = {"kind": "a set", "roots": ("set",), "records": ("one",)}
    found = list(xml_records.read(io.BytesIO(content), "file.xml", **kinds))  # type: ignore[arg-type]
    assert [record if isinstance(record, BadRecord) else record.text for record in found][1:] == ["é"]
