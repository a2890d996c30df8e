import contextlib
import io
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import limits, pubmed
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Deletion, Document, Record

FULL = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN"
 "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
<PubmedArticle>
  <MedlineCitation Status="MEDLINE" Owner="NLM">
    <PMID Version="2">31</PMID>
    <DateCompleted><Year>2011</Year></DateCompleted>
    <Article PubModel="Print-Electronic">
      <Journal>
        <ISSN IssnType="Print">0000-0000</ISSN>
        <JournalIssue><Volume>4</Volume><PubDate><Year>2009</Year><Month>Dec</Month></PubDate></JournalIssue>
        <Title>Annals of invented results</Title>
        <ISOAbbreviation>Ann Inv</ISOAbbreviation>
      </Journal>
      <ArticleTitle>Effect of <i>CFTR</i> on Ca<sup>2+</sup>
         in cells.</ArticleTitle>
      <Abstract>
        <AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Cells of <i>E. coli</i> grew.</AbstractText>
        <AbstractText Label="RESULTS" NlmCategory="RESULTS">We saw 10<sup>6</sup> of H<sub>2</sub>O.</AbstractText>
        <CopyrightInformation>Nobody owns this.</CopyrightInformation>
      </Abstract>
      <AuthorList CompleteYN="Y">
        <Author><LastName>Doe</LastName><ForeName>Jane Ann</ForeName><Initials>JA</Initials></Author>
        <Author><CollectiveName>The Study Group</CollectiveName></Author>
        <Author><LastName>Solo</LastName></Author>
      </AuthorList>
      <Language>eng</Language><Language>ger</Language>
      <PublicationTypeList>
        <PublicationType UI="D016428">Journal Article</PublicationType>
        <PublicationType UI="D016454">Review</PublicationType>
      </PublicationTypeList>
      <ArticleDate DateType="Electronic"><Year>2008</Year></ArticleDate>
    </Article>
    <MedlineJournalInfo><MedlineTA>Ann Invent</MedlineTA></MedlineJournalInfo>
    <MeshHeadingList>
      <MeshHeading><DescriptorName UI="D006801" MajorTopicYN="N">Humans</DescriptorName>
        <QualifierName>genetics</QualifierName></MeshHeading>
      <MeshHeading><DescriptorName>Cystic Fibrosis</DescriptorName></MeshHeading>
    </MeshHeadingList>
    <CommentsCorrectionsList>
      <CommentsCorrections><PMID Version="1">999</PMID></CommentsCorrections>
    </CommentsCorrectionsList>
  </MedlineCitation>
  <PubmedData><ArticleIdList><ArticleId IdType="pubmed">31</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle>
</PubmedArticleSet>
"""

BOOK = """<PubmedArticleSet><PubmedBookArticle><BookDocument>
<PMID Version="1">20301428</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1250</ArticleId></ArticleIdList>
<Book><BookTitle book="gene">Reviews of Genes</BookTitle><PubDate><Year>1993</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Editor</LastName><Initials>E</Initials></Author></AuthorList></Book>
{chapter}
<Language>eng</Language>
<AuthorList Type="authors"><Author><LastName>Writer</LastName><Initials>W</Initials></Author></AuthorList>
<PublicationType UI="D016454">Review</PublicationType>
<Abstract><AbstractText Label="DIAGNOSIS">By sweat test.</AbstractText></Abstract>
<ContributionDate><Year>2001</Year></ContributionDate>
</BookDocument></PubmedBookArticle></PubmedArticleSet>"""


def article(inside: str = "<ArticleTitle>A title</ArticleTitle>", pmid: str = '<PMID Version="1">1</PMID>') -> str:
    return f"<PubmedArticle><MedlineCitation>{pmid}<Article>{inside}</Article></MedlineCitation></PubmedArticle>"


def numbered(count: int) -> str:
    return "\n".join(article(f"<ArticleTitle>T{i}</ArticleTitle>", f"<PMID>{i}</PMID>") for i in range(1, count + 1))


def article_set(*parts: str, before: str = "") -> str:
    return f"{before}<PubmedArticleSet>{''.join(parts)}</PubmedArticleSet>"


def read(content: str | bytes) -> list[Record]:
    return list(pubmed.read(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.xml"))


def until_error(content: str | bytes) -> tuple[list[Record], str]:
    """The records before the InputError, and its message."""
    records: list[Record] = []
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        records.extend(pubmed.read(stream, "file.xml"))
    return records, str(caught.value)


def document(inside: str, pmid: str = '<PMID Version="1">1</PMID>') -> Document:
    (record,) = read(article_set(article(inside, pmid)))
    assert isinstance(record, Document), record
    return record


def test_a_whole_citation_arrives() -> None:
    assert read(FULL) == [
        Document(
            id="31",
            title="Effect of CFTR on Ca2+ in cells.",
            abstract="BACKGROUND: Cells of E. coli grew. RESULTS: We saw 10⁶ of H2O.",
            year=2009,
            journal="Annals of invented results",
            authors=("Doe JA", "The Study Group", "Solo"),
            mesh=("Humans", "Cystic Fibrosis"),
            publication_types=("Journal Article", "Review"),
            language="eng; ger",
            version=2,
            extra={"journal_names": ["0000-0000", "Ann Inv", "Ann Invent"]},
        )
    ]


def test_mathml_and_nested_tags_leave_their_text_in_title_and_abstract() -> None:
    math = (
        '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">'
        "<mml:mrow><mml:mi>p</mml:mi><mml:mo>&lt;</mml:mo><mml:mn>0.05</mml:mn></mml:mrow></mml:math>"
    )
    found = document(
        f"<ArticleTitle>With {math} in <b>both <i>tags</i></b> &amp; more</ArticleTitle>"
        f"<Abstract><AbstractText>Here {math}.<!-- not this --> Then &#945;.</AbstractText></Abstract>"
    )
    assert found.title == "With p<0.05 in both tags & more"
    assert found.abstract == "Here p<0.05. Then α."


def test_several_abstract_parts_follow_each_other_with_their_labels() -> None:
    found = document(
        "<Abstract>"
        "<AbstractText>Plain part.</AbstractText>"
        '<AbstractText Label="UNLABELLED">No label shown.</AbstractText>'
        '<AbstractText Label="METHODS" NlmCategory="METHODS">We  did\n it.</AbstractText>'
        '<AbstractText Label="EMPTY"/>'
        '<AbstractText Label="">Blank label.</AbstractText>'
        "</Abstract>"
    )
    assert found.abstract == "Plain part. No label shown. METHODS: We did it. Blank label."


@pytest.mark.parametrize(
    "title",
    [
        "<ArticleTitle/>",
        "",
        "<ArticleTitle> </ArticleTitle>",
        "<ArticleTitle>[Not Available].</ArticleTitle>",
        "<ArticleTitle>[Not Available]</ArticleTitle>",
    ],
)
def test_the_vernacular_title_stands_in_for_a_missing_one(title: str) -> None:
    found = document(f"{title}<VernacularTitle>Über das Herz.</VernacularTitle>")
    assert found.title == "Über das Herz."
    assert found.extra == {}


def test_the_vernacular_title_is_kept_beside_a_translated_one() -> None:
    found = document("<ArticleTitle>[On the heart].</ArticleTitle><VernacularTitle>Vom Herzen.</VernacularTitle>")
    assert found.title == "[On the heart]."
    assert found.extra == {"vernacular_title": "Vom Herzen."}


def test_a_title_that_is_not_available_is_no_title() -> None:
    found = document(
        "<ArticleTitle>[Not Available].</ArticleTitle><Abstract><AbstractText>Text.</AbstractText></Abstract>"
    )
    assert (found.title, found.abstract) == ("", "Text.")


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("<PubDate><Year>1997</Year><Month>Jan</Month></PubDate>", 1997),
        ("<PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate>", 1998),
        ("<PubDate><MedlineDate>2000-2001</MedlineDate></PubDate>", 2000),
        ("<PubDate><MedlineDate>Summer 1976</MedlineDate></PubDate>", 1976),
        ("<PubDate><MedlineDate>Winter</MedlineDate></PubDate>", None),
        ("<PubDate><Season>Fall</Season></PubDate>", None),
        ("<PubDate><Year>soon</Year></PubDate>", None),
        ("<PubDate><Year>1809</Year></PubDate>", 1809),
        ("<PubDate><Year>2107</Year></PubDate>", None),
        ("<PubDate><Year>12000</Year></PubDate>", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("electronic", ["", "<ArticleDate><Year>2012</Year></ArticleDate>"])
def test_the_year_is_the_issues_then_that_of_the_medline_date_then_the_electronic_one(
    date: str, year: int | None, electronic: str
) -> None:
    found = document(
        f"<Journal><JournalIssue>{date}</JournalIssue></Journal><ArticleTitle>T</ArticleTitle>{electronic}"
    )
    assert found.year == (year or (2012 if electronic else None))


@pytest.mark.parametrize(
    ("inside", "journal"),
    [
        ("<Journal><Title>Long Name</Title><ISOAbbreviation>L N</ISOAbbreviation></Journal>", "Long Name"),
        ("<Journal><ISOAbbreviation>L N</ISOAbbreviation></Journal>", "L N"),
        ("", "Med TA"),
    ],
)
def test_the_journal_goes_by_its_full_name_first(inside: str, journal: str) -> None:
    content = article(f"{inside}<ArticleTitle>T</ArticleTitle>").replace(
        "</MedlineCitation>", "<MedlineJournalInfo><MedlineTA>Med TA</MedlineTA></MedlineJournalInfo></MedlineCitation>"
    )
    (found,) = read(article_set(content))
    assert isinstance(found, Document)
    assert found.journal == journal


@pytest.mark.parametrize(
    ("attribute", "version"), [('Version="1"', 1), ('Version="3"', 3), ("", 1), ('Version="x"', 1), ('Version="-1"', 1)]
)
def test_the_version_is_that_of_the_pmid(attribute: str, version: int) -> None:
    assert document("<ArticleTitle>T</ArticleTitle>", f"<PMID {attribute}>1</PMID>").version == version


@pytest.mark.parametrize("version", ["²", "9" * 5000])
def test_a_version_that_is_no_number_does_not_stop_the_file(version: str) -> None:
    assert document("<ArticleTitle>T</ArticleTitle>", f'<PMID Version="{version}">1</PMID>').version == 1


def test_authors_without_any_name_are_left_out() -> None:
    found = document(
        "<ArticleTitle>T</ArticleTitle><AuthorList><Author/><Author><LastName>Roe</LastName>"
        "<ForeName>Rick</ForeName></Author><Author><LastName></LastName></Author></AuthorList>"
    )
    assert found.authors == ("Roe Rick",)


def test_a_chapter_of_a_book_is_a_document() -> None:
    (found,) = read(BOOK.format(chapter="<ArticleTitle>Cystic Fibrosis</ArticleTitle>"))
    assert isinstance(found, Document)
    assert (found.id, found.title, found.abstract) == ("20301428", "Cystic Fibrosis", "DIAGNOSIS: By sweat test.")
    assert (found.year, found.authors, found.language) == (1993, ("Writer W",), "eng")


def test_a_whole_book_goes_by_the_title_of_the_book() -> None:
    (found,) = read(BOOK.format(chapter=""))
    assert isinstance(found, Document)
    assert found.title == "Reviews of Genes"


def test_the_publication_types_of_a_book_are_kept() -> None:
    (found,) = read(BOOK.format(chapter=""))
    assert isinstance(found, Document)
    assert found.publication_types == ("Review",)


def test_another_abstract_stands_in_for_a_missing_one_unless_it_only_says_where_one_is() -> None:
    other = "<OtherAbstract Type='PIP'><AbstractText>{0}</AbstractText></OtherAbstract></MedlineCitation>"
    plain, nowhere = article(), "Abstract available from the publisher."
    second = f"{nowhere}</AbstractText></OtherAbstract><OtherAbstract><AbstractText>It was."
    for text, abstract in (("It was.", "It was."), (nowhere, ""), (second, "It was.")):
        (found,) = read(article_set(plain.replace("</MedlineCitation>", other.format(text))))
        assert isinstance(found, Document)
        assert found.abstract == abstract


@pytest.mark.parametrize(
    ("notices", "kinds", "status"),
    [
        (["RetractionIn"], [], "retracted"),
        (["ExpressionOfConcernIn"], [], "concern"),
        (["ExpressionOfConcernIn", "RetractionIn"], [], "retracted"),
        ([], ["Journal Article", "Retracted Publication"], "retracted"),
        (["RetractionOf", "CommentIn", "ErratumIn", "ExpressionOfConcernFor"], ["Retraction of Publication"], ""),
        ([], [], ""),
    ],
)
def test_a_retraction_or_concern_is_told(notices: list[str], kinds: list[str], status: str) -> None:
    types = "".join(f"<PublicationType>{kind}</PublicationType>" for kind in kinds)
    inside = f"<ArticleTitle>T</ArticleTitle><PublicationTypeList>{types}</PublicationTypeList>"
    related = "".join(f'<CommentsCorrections RefType="{kind}"><PMID>9</PMID></CommentsCorrections>' for kind in notices)
    listed = f"<CommentsCorrectionsList>{related}</CommentsCorrectionsList></MedlineCitation>"
    (found,) = read(article_set(article(inside).replace("</MedlineCitation>", listed)))
    assert isinstance(found, Document)
    assert found.status == status


def test_a_record_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 100_000)
    content = article_set(article(), article(f"<ArticleTitle>{'<i>a</i>' * 30_000}</ArticleTitle>", "<PMID>2</PMID>"))
    records, message = until_error(content)
    assert [record.id for record in records if isinstance(record, Document)] == ["1"]
    assert message.startswith("file.xml: record 2 is larger than")


@given(st.data())
def test_a_damaged_file_is_read_refused_or_counted(data: st.DataObject) -> None:
    content = bytearray(FULL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.sampled_from([b"", b"\xe9", b"<PMID>", b"</Article>", b"&x;", b"]]>", b"2107"]))
        content[place : place + data.draw(st.integers(0, 60))] = piece
    with contextlib.suppress(InputError):
        for record in read(bytes(content)):
            assert isinstance(record, BadRecord | Deletion) or (record.id.isdigit() and record.text)


def test_an_update_file_brings_documents_and_deletions_in_order() -> None:
    first, *deletions = read(
        article_set(article(), "<DeleteCitation><PMID Version='1'>7</PMID><PMID>8</PMID></DeleteCitation>")
    )
    assert isinstance(first, Document)
    assert deletions == [Deletion("7"), Deletion("8")]


def test_an_empty_delete_citation_deletes_nothing() -> None:
    assert read(article_set("<DeleteCitation/>")) == []


def test_a_set_without_articles_has_no_records() -> None:
    assert read(article_set()) == []


@pytest.mark.parametrize("root", ["PubmedArticle", "PubmedBookArticle"])
def test_a_single_article_may_be_the_root(root: str) -> None:
    content = article() if root == "PubmedArticle" else BOOK.format(chapter="").split("Set>", 1)[1].rsplit("</P", 1)[0]
    (found,) = read(f'<?xml version="1.0"?>{content}')
    assert isinstance(found, Document)


def test_a_comment_before_a_single_article_does_no_harm() -> None:
    (found,) = read(f'<?xml version="1.0"?><!-- fetched today -->{article()}')
    assert isinstance(found, Document)


def test_a_comment_before_and_between_articles_does_no_harm() -> None:
    content = article_set("<!-- c -->", article(), "<!-- d -->", article(), "<?e f?>", before="<!-- a --><?b c?>")
    assert len(read(content)) == 2


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (article(pmid=""), "line 3", "record without PMID"),
        (article(pmid="<PMID> </PMID>"), "line 3", "record without PMID"),
        (article(pmid="<PMID>12x</PMID>"), "line 3", "the PMID '12x' is no number"),
        ("<DeleteCitation><PMID>soon</PMID></DeleteCitation>", "line 3", "the PMID 'soon' is no number"),
        ("<PubmedArticle/>", "line 3", "record without PMID"),
        ("<PubmedArticle><MedlineCitation/></PubmedArticle>", "line 3", "record without PMID"),
        ("<PubmedBookArticle/>", "line 3", "record without PMID"),
        (article(""), "PMID 1", "neither title nor abstract"),
        (article("<ArticleTitle/><Abstract><AbstractText/></Abstract>"), "PMID 1", "neither title nor abstract"),
        (article("<ArticleTitle>[Not Available].</ArticleTitle>"), "PMID 1", "neither title nor abstract"),
    ],
)
def test_a_record_without_id_or_text_is_reported_and_the_next_is_read(content: str, place: str, reason: str) -> None:
    bad, good = read(article_set(f"\n\n{content}", article()))
    assert bad == BadRecord("file.xml", place, reason)
    assert isinstance(good, Document)


def test_xml_cut_in_the_middle_gives_what_came_before_and_names_the_line() -> None:
    content = article_set(numbered(5))
    records, message = until_error(content[: content.index("T4")])
    assert [record.id for record in records if isinstance(record, Document)] == ["1", "2", "3"]
    assert message.startswith("file.xml: line 4: broken XML after 3 records")


def test_xml_broken_in_the_middle_costs_that_article_alone_and_names_the_line() -> None:
    content = article_set(numbered(5)).replace("T4</ArticleTitle>", "T4</Title>")
    records = read(content)
    assert [record.id for record in records if isinstance(record, Document)] == ["1", "2", "3", "5"]
    bad = next(record for record in records if isinstance(record, BadRecord))
    assert bad.place == "line 4"
    assert bad.reason.startswith("broken XML (")


@pytest.mark.parametrize("content", ["", " ", "<", "<PubmedArticleSet", "<PubmedArticleSet>", "pmid: 1", '{"pmid": 1}'])
def test_what_is_no_xml_is_refused(content: str) -> None:
    records, message = until_error(content)
    assert records == []
    assert message.startswith("file.xml: line ")
    assert "broken XML after 0 records" in message


@pytest.mark.parametrize(
    ("content", "root"),
    [
        ("<rss><channel/></rss>", "rss"),
        ("<!DOCTYPE html><html><body>Not found<br></body></html>", "html"),
        ("<eFetchResult><ERROR>no such id</ERROR></eFetchResult>", "eFetchResult"),
        ('<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/"/>', "article"),
    ],
)
def test_xml_that_is_not_pubmeds_is_named_for_what_it_is(content: str, root: str) -> None:
    records, message = until_error(content)
    assert records == []
    assert "not PubMed's" in message
    assert root in message
    assert "<PubmedArticleSet>" in message


def test_an_article_in_bytes_that_are_not_utf_8_is_reported_with_the_line() -> None:
    content = article_set(numbered(3)).replace("T2", "T\u00e9").encode("latin-1")
    first, bad, third = read(content)
    assert isinstance(bad, BadRecord)
    assert (bad.place, bad.reason[:10]) == ("line 2", "broken XML")
    assert [record.id for record in (first, third) if isinstance(record, Document)] == ["1", "3"]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "ascii"])
def test_another_encoding_is_read_where_the_file_declares_it(encoding: str) -> None:
    content = (
        f'<?xml version="1.0" encoding="{encoding}"?>{article_set(article("<ArticleTitle>Sjögren</ArticleTitle>"))}'
    )
    (found,) = read(content.encode(encoding, "xmlcharrefreplace"))
    assert isinstance(found, Document)
    assert found.title == "Sjögren"


def test_an_encoding_nobody_knows_is_refused() -> None:
    _, message = until_error(article_set(article(), before='<?xml version="1.0" encoding="klingon-8"?>'))
    assert message.startswith("file.xml: line 1: broken XML")


def bomb(levels: int) -> str:
    lines = ['<!ENTITY l0 "lol">']
    lines += [f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, levels + 1)]
    return f"<!DOCTYPE PubmedArticleSet [{''.join(lines)}]>"


@pytest.mark.parametrize(
    "content",
    [
        article_set(article("<ArticleTitle>&l12;</ArticleTitle>"), before=bomb(12)),
        article_set(article(pmid='<PMID Version="&l12;">1</PMID>'), before=bomb(12)),
        article_set(article(), before=bomb(12)).replace("<PubmedArticleSet>", '<PubmedArticleSet a="&l12;">'),
        article_set(article("<ArticleTitle>&l2;</ArticleTitle>"), before=bomb(2)),
    ],
    ids=["in the text", "in an attribute", "in the root", "a small one"],
)
def test_an_entity_bomb_is_refused_unexpanded(content: str) -> None:
    records, message = until_error(content)
    assert records == []
    assert message.startswith("file.xml: ")
    assert "entit" in message.lower()
    assert "lollol" not in message


@pytest.mark.parametrize(
    "declaration",
    [
        '[<!ENTITY x SYSTEM "{uri}">]',
        '[<!ENTITY % p SYSTEM "{uri}"> %p;]',
        '[<!ENTITY % p SYSTEM "{uri}"> <!ENTITY x "%p;"> %p;]',
    ],
)
@pytest.mark.parametrize("which", ["passwd", "canary"])
def test_an_external_entity_is_refused_unread(declaration: str, which: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("TWEET")
    uri = "file:///etc/passwd" if which == "passwd" else canary.as_uri()
    doctype = f"<!DOCTYPE PubmedArticleSet {declaration.format(uri=uri)}>"
    records, message = until_error(article_set(article("<ArticleTitle>a &x; b</ArticleTitle>"), before=doctype))
    assert records == []
    assert message.startswith("file.xml: ")
    assert "root:" not in message
    assert "TWEET" not in message


@pytest.mark.parametrize("content", ['<!ENTITY secret "TWEET">', "<!ENTITY this would break the reading of it"])
def test_a_dtd_outside_the_file_is_not_read(content: str, tmp_path: Path) -> None:
    dtd = tmp_path / "own.dtd"
    dtd.write_text(content)
    doctype = f'<!DOCTYPE PubmedArticleSet SYSTEM "{dtd.as_uri()}">'
    (found,) = read(article_set(article("<ArticleTitle>a &secret; b</ArticleTitle>"), before=doctype))
    assert isinstance(found, Document)
    assert "TWEET" not in found.title


def test_an_inclusion_is_not_followed() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    (found,) = read(article_set(article(f"<ArticleTitle>a {include}b</ArticleTitle>")))
    assert isinstance(found, Document)
    assert found.title == "a b"


def test_nesting_without_end_costs_that_article_alone() -> None:
    deep = article("<ArticleTitle>" + "<i>" * 100_000 + "</ArticleTitle>")
    first, bad, last = read(article_set(numbered(1), deep, numbered(1)))
    assert isinstance(bad, BadRecord)
    assert "broken XML" in bad.reason
    assert isinstance(first, Document)
    assert isinstance(last, Document)


def test_articles_are_read_as_they_are_asked_for() -> None:
    class Endless(io.RawIOBase):
        parts = itertools.chain([b"<PubmedArticleSet>"], itertools.repeat(article().encode()))

        def read(self, size: int = -1) -> Any:
            return next(self.parts)

    records = pubmed.read(Endless(), "endless")  # type: ignore[arg-type]
    assert all(isinstance(next(records), Document) for _ in range(5000))


def test_mesh_terms_inside_each_other_are_not_multiplied() -> None:
    inner = "<MeshHeading><DescriptorName>" * 50 + "x" * 10_000 + "</DescriptorName></MeshHeading>" * 50
    xml = (
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>A title</ArticleTitle>"
        f"</Article><MeshHeadingList>{inner}</MeshHeadingList></MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
    (document,) = pubmed.read(io.BytesIO(xml.encode()), "file.xml")
    assert isinstance(document, Document)
    assert document.mesh == ("x" * 10_000,)
