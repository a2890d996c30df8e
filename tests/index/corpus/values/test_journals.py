from pathlib import Path

import pytest

from bioqa.index.corpus.files import CorpusFile
from bioqa.index.corpus.values import journals
from bioqa.index.records import Document

PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><Journal>
<ISSN>1533-4406</ISSN><Title>The New England journal of medicine</Title><ISOAbbreviation>N Engl J Med</ISOAbbreviation>
</Journal><ArticleTitle>T.</ArticleTitle></Article><MedlineJournalInfo><MedlineTA>N Engl J Med</MedlineTA>
<ISSNLinking>0028-4793</ISSNLinking></MedlineJournalInfo></MedlineCitation></PubmedArticle></PubmedArticleSet>"""
MEDLINE = """PMID- 1
TI  - T.
TA  - N Engl J Med
JT  - The New England journal of medicine
IS  - 1533-4406 (Electronic)
IS  - 0028-4793 (Linking)
"""
JATS = """<article><front><journal-meta><journal-id journal-id-type="nlm-ta">N Engl J Med</journal-id>
<journal-id journal-id-type="publisher-id">nejm</journal-id><journal-title-group>
<journal-title>The New England journal of medicine</journal-title></journal-title-group>
<issn pub-type="epub">1533-4406</issn><issn>0028-4793</issn></journal-meta><article-meta>
<article-id pub-id-type="pmid">1</article-id><title-group><article-title>T.</article-title></title-group>
</article-meta></front></article>"""
RIS = """TY  - JOUR
ID  - 1
TI  - T.
JF  - The New England journal of medicine
JO  - N Engl J Med
SN  - 1533-4406
SN  - 0028-4793
ER  -
"""
JSONL = (
    '{"pmid": 1, "title": "T.", "journal": "The New England journal of medicine", "journal_abbreviation": '
    '"N Engl J Med", "ISSN": ["1533-4406", "00284793"]}'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.xml", PUBMED), ("a.nbib", MEDLINE), ("b.xml", JATS), ("a.ris", RIS), ("a.jsonl", JSONL)],
)
def test_every_format_gives_the_names_of_a_journal(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (found,) = CorpusFile(tmp_path / name).records()
    assert isinstance(found, Document)
    assert found.journal == "The New England journal of medicine"
    assert sorted(journals.names_of(found.extra)) == ["0028-4793", "1533-4406", "N Engl J Med"]


def test_the_title_is_no_further_name() -> None:
    assert journals.names_field("Gut", ["Gut", "", "Gut"]) == {}


@pytest.mark.parametrize("extra", [{}, {"journal_names": "Gut"}, {"journal_names": [1, None]}])
def test_what_is_no_list_of_names_has_none(extra: dict[str, object]) -> None:
    assert journals.names_of(extra) == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("1234567x", "1234-567X"),
        ("1234-5678 (Print)", "1234-5678"),
        ("12345678901", "12345678901"),
        ("Gut", "Gut"),
    ],
)
def test_an_issn_is_spelled_in_one_way(name: str, wanted: str) -> None:
    assert journals.spelling(name) == wanted
