import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import lines, medline, pubmed
from bioqa.index.records import BadRecord, Document, Record

FULL = """
PMID- 31
OWN - NLM
STAT- MEDLINE
VI  - 4
DP  - 2009 Dec
TI  - Effect of CFTR on calcium
      in cells.
AB  - BACKGROUND: Cells of E. coli
      grew. UNLABELLED: RESULTS: We saw 10 of them in
      the blood.
CI  - Nobody owns this.
FAU - Doe, Jane Ann
AU  - Doe JA
AUID- ORCID: 0000
AU  - Solo
CN  - The Study Group
LA  - eng
LA  - ger
PT  - Journal Article
PT  - Review
DEP - 20081130
TA  - Ann Invent
JT  - Annals of invented results
MH  - *Humans/genetics/*physiology
MH  - Cystic Fibrosis
TT  - Wirkung von CFTR.

PMID- 32
TI  - A second one.
"""


def read(content: str | bytes) -> list[Record]:
    return list(medline.read(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.nbib"))


def document(content: str) -> Document:
    (found,) = read(content)
    assert isinstance(found, Document), found
    return found


def reason(content: str | bytes) -> str:
    (found,) = read(content)
    assert isinstance(found, BadRecord), found
    assert found.source == "file.nbib"
    return found.reason


def test_a_whole_citation_arrives() -> None:
    assert read(FULL) == [
        Document(
            id="31",
            title="Effect of CFTR on calcium in cells.",
            abstract="BACKGROUND: Cells of E. coli grew. RESULTS: We saw 10 of them in the blood.",
            year=2009,
            journal="Annals of invented results",
            authors=("Doe JA", "Solo", "The Study Group"),
            mesh=("Humans", "Cystic Fibrosis"),
            publication_types=("Journal Article", "Review"),
            language="eng; ger",
            extra={"journal_names": ["Ann Invent"], "vernacular_title": "Wirkung von CFTR."},
        ),
        Document("32", "A second one."),
    ]


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text.lstrip()])
def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(change: Any) -> None:
    assert read(change(FULL)) == read(FULL)


def test_the_same_record_is_equal_to_that_of_pubmed_xml() -> None:
    xml = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>7</PMID><Article>
    <Journal><JournalIssue><PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue>
    <Title>The Journal</Title><ISOAbbreviation>J</ISOAbbreviation></Journal>
    <ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Vom Herzen.</VernacularTitle>
    <Abstract><AbstractText Label="UNLABELLED">We did.</AbstractText>
    <AbstractText Label="RESULTS">It was.</AbstractText></Abstract>
    <AuthorList><Author><LastName>Roe</LastName><Initials>R</Initials></Author></AuthorList>
    <Language>ger</Language><PublicationTypeList><PublicationType>Review</PublicationType></PublicationTypeList>
    </Article><CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"/></CommentsCorrectionsList>
    <MeshHeadingList><MeshHeading><DescriptorName>Heart</DescriptorName></MeshHeading></MeshHeadingList>
    </MedlineCitation></PubmedArticle></PubmedArticleSet>"""
    text = """PMID- 7
DP  - 1998 Dec-1999 Jan
TI  - [Not Available].
AB  - UNLABELLED: We did. RESULTS: It was.
AU  - Roe R
LA  - ger
PT  - Review
RIN - J. 2001;3:4. PMID: 8
JT  - The Journal
TA  - J
TT  - Vom Herzen.
MH  - *Heart/physiology
"""
    assert read(text) == list(pubmed.read(io.BytesIO(xml.encode()), "file.xml"))


@pytest.mark.parametrize(
    ("lines_of_date", "year"),
    [
        ("DP  - 1809", 1809),
        ("DP  - 2107\nDEP - 20181105", 2018),
        ("DP  - Winter", None),
        ("DEP - 20181105", 2018),
        ("DEP - 2107", None),
        ("DP  - 2001\nDP  - 1999", 2001),
        ("", None),
    ],
)
def test_the_year_is_that_of_the_issue_then_the_electronic_one_if_plausible(
    lines_of_date: str, year: int | None
) -> None:
    assert document(f"PMID- 1\nTI  - T\n{lines_of_date}").year == year


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("RIN - J. 2001. PMID: 5", "retracted"),
        ("ECI - J. 2001. PMID: 5", "concern"),
        ("ECI - J. 2001\nRIN - J. 2002", "retracted"),
        ("PT  - Retracted Publication", "retracted"),
        ("PT  - Retraction of Publication\nROF - J. 2000", ""),
        ("RIN -", ""),
        ("CIN - J. 2001", ""),
    ],
)
def test_a_retraction_or_concern_is_told(fields: str, status: str) -> None:
    assert document(f"PMID- 1\nTI  - T\n{fields}\n").status == status


@pytest.mark.parametrize(
    ("other", "abstract"),
    [
        ("OAB - PIP: The study was small.", "The study was small."),
        ("OAB - Plain words: a few.", "Plain words: a few."),
        ("OAB - Publisher: Abstract available from the publisher.", ""),
        ("OAB - Other.\nAB  - The abstract.", "The abstract."),
        ("OAB - Publisher: Abstract available from the publisher.\nOABL- fre\nOAB - A few.\nOABL- ger", "A few."),
    ],
)
def test_another_abstract_stands_in_for_a_missing_one(other: str, abstract: str) -> None:
    assert document(f"PMID- 1\nTI  - T\n{other}\n").abstract == abstract


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("TI  - No number", "record without PMID"),
        ("PMID-\nTI  - T", "record without PMID"),
        ("PMID- 12x\nTI  - T", "the PMID '12x' is no number"),
        ("PMID- ²\nTI  - T", "the PMID '²' is no number"),
        ("PMID- 1\nDP  - 2001", "neither title nor abstract"),
        ("PMID- 1\nTI  - [Not Available].", "neither title nor abstract"),
        ("PMID- 1\nTI  - T\nstray words", "line 3 neither begins nor continues a field: 'stray words'"),
        ("PMID- 1\nTI  - T\nti  - t", "line 3 neither begins nor continues a field"),
        ("      goes on with nothing", "line 1 neither begins nor continues a field"),
        (b"PMID- 1\nTI  - caf\xe9", "line 2 is not UTF-8 at byte 10"),
        (b"\xff\xfeP\x00M\x00", "line 1 is not UTF-8 at byte 1"),
    ],
)
def test_a_record_that_cannot_be_used_is_reported_and_the_others_are_read(content: str | bytes, why: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    assert reason(data).startswith(why)
    before, bad, after = read(b"PMID- 8\nTI  - Before.\n\n" + data + b"\n\nPMID- 9\nTI  - After.\n")
    assert isinstance(before, Document)
    assert isinstance(bad, BadRecord)
    assert after == Document("9", "After.")


def test_a_record_begins_at_its_pmid_even_without_a_blank_line_before() -> None:
    assert read("PMID- 1\nTI  - One.\nPMID- 2\nTI  - Two.") == [Document("1", "One."), Document("2", "Two.")]


def test_a_doubled_field_counts_once() -> None:
    assert document("PMID- 1\nTI  - First.\nTI  - Second.\nJT  - J\nJT  - K").title == "First."


@pytest.mark.parametrize("content", ["", "\n\n", "\r\n \r\n"])
def test_an_empty_stream_has_no_records(content: str) -> None:
    assert read(content) == []


def test_a_record_without_end_is_cut_short_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medline, "LARGEST", 1000)
    monkeypatch.setattr(lines, "LARGEST", 1000)
    endless = "PMID- 1\nTI  - T\n" + "      and on\n" * 200
    bad, good = read(endless + "\nPMID- 2\nTI  - Two.\n")
    assert isinstance(bad, BadRecord)
    assert bad.reason.startswith("larger than")
    assert good == Document("2", "Two.")
    bad, good = read("PMID- 1\nTI  - " + "x" * 5000 + "\n\nPMID- 2\nTI  - Two.\n")
    assert isinstance(bad, BadRecord)
    assert bad.reason.startswith("line 2 is longer than")


PIECES = st.sampled_from(
    ["PMID- 1\n", "PMID-", "TI  - T\n", "AB  - a\n", "      more\n", "\n", "\r", "x", "MH  - */\n", "é"]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join) | st.binary(max_size=60))
def test_whatever_the_lines_hold_every_record_is_a_document_or_is_counted(content: str | bytes) -> None:
    for record in read(content if isinstance(content, bytes) else content.encode("utf-8", "replace")):
        assert isinstance(record, BadRecord) or (record.id.isdigit() and isinstance(record, Document) and record.text)


def test_lines_without_end_make_a_record_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(medline, "LARGEST", 1_000_000)
    for line in (b"AU  - a\n", b"      a\n"):
        text = b"PMID- 1\nTI  - A title\n" + line * 20_000 + b"\nPMID- 2\nTI  - A title\n"
        bad, good = medline.read(io.BytesIO(text), "a.nbib")
        assert isinstance(bad, BadRecord)
        assert "larger than" in bad.reason
        assert good == Document("2", "A title")


@pytest.mark.parametrize("between", ["      \n", "      \r\n", " \n\t\n"])
def test_a_blank_line_inside_a_field_does_not_end_the_record(between: str) -> None:
    content = f"PMID- 5\nAB  - Rats slept.\n{between}      Mice ran.\nAU  - Roe R\nLA  - eng\n\nPMID- 6\nTI  - Next.\n"
    first, second = medline.read(io.BytesIO(content.encode()), "file.nbib")
    assert isinstance(first, Document)
    assert (first.abstract, first.authors, first.language) == ("Rats slept. Mice ran.", ("Roe R",), "eng")
    assert isinstance(second, Document)
    assert second.title == "Next."
