import contextlib
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bioqa.index.corpus import jats, limits
from bioqa.index.corpus.values import sections as body
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Passage, Record, Section
from bioqa.index.text import passages

FULL = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.0 20120330//EN" "a.dtd">
<article xmlns:mml="http://www.w3.org/1998/Math/MathML" article-type="review-article" xml:lang="en">
<front>
<journal-meta><journal-id>ai</journal-id>
<journal-title-group><journal-title>Annals of Inventions</journal-title></journal-title-group></journal-meta>
<article-meta>
<article-id pub-id-type="pmid">31</article-id><article-id pub-id-type="pmc">77</article-id>
<article-id pub-id-type="doi">10.1/x</article-id>
<title-group><article-title>Effect of <italic>CFTR</italic> on Ca<sup>2+</sup><xref ref-type="fn">*</xref>
<fn><p>A note.</p></fn></article-title><subtitle>a review</subtitle></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Doe</surname><given-names>Jane A.-M.</given-names></name>
</contrib><contrib contrib-type="author"><collab>The Group</collab></contrib>
<contrib contrib-type="editor"><name><surname>Boss</surname></name></contrib></contrib-group>
<pub-date pub-type="epub"><year>2010</year></pub-date><pub-date pub-type="ppub"><year>2009</year></pub-date>
<abstract abstract-type="summary"><p>For the public.</p></abstract>
<abstract><title>Abstract</title><sec><title>Background:</title><p>It was <bold>so</bold>.</p><p>And so.</p></sec>
<sec><title>Methods</title><p>We looked.</p></sec></abstract>
</article-meta></front>
<body><p>Before any heading.</p>
<sec><title>Methods</title><p>We took mice [<xref ref-type="bibr">1</xref>,<xref ref-type="bibr">2</xref>].</p>
<sec><title>Diet of <italic>Mus</italic></title><p>They ate<sup><xref ref-type="bibr">3</xref>,4</sup> corn, as in
<xref ref-type="bibr">Roe (2001)</xref> and <xref ref-type="fig">Figure 1</xref>.<fig><label>Figure 1</label>
<caption><title>A mouse.</title><p>It eats.</p></caption><graphic/></fig></p>
<table-wrap><label>Table 1</label><caption><p>Weights.</p></caption><table><tr><td>99</td></tr></table></table-wrap>
<p>Items:<list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list></p>
<disp-formula><tex-math>\\frac{1}{2}</tex-math></disp-formula></sec></sec>
<sec><title>Results</title><p>P was <inline-formula><mml:math><mml:mi>p</mml:mi></mml:math>
<tex-math>p</tex-math></inline-formula> = .05 .</p></sec>
<sec><title>Competing interests</title><p>None.</p></sec></body>
<back><ref-list><ref><mixed-citation>Cited.</mixed-citation></ref></ref-list></back>
<sub-article><front-stub><article-id pub-id-type="pmid">99</article-id></front-stub></sub-article>
</article>"""


def article(
    ids: str = '<article-id pub-id-type="pmid">1</article-id>', meta: str = "", body: str = "", a: str = ""
) -> str:
    title = "<title-group><article-title>T</article-title></title-group>"
    return f"<article {a}><front><article-meta>{ids}{title}{meta}</article-meta></front><body>{body}</body></article>"


def read(content: str | bytes) -> list[Record]:
    return list(jats.read(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.nxml"))


def document(content: str) -> Document:
    (found,) = read(content)
    assert isinstance(found, Document), found
    return found


def refusal(content: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(content)
    return str(caught.value)


def test_a_whole_article_arrives() -> None:
    assert read(FULL) == [
        Document(
            id="31",
            title="Effect of CFTR on Ca2+: a review.",
            abstract="BACKGROUND: It was so. And so. METHODS: We looked.",
            year=2009,
            journal="Annals of Inventions",
            authors=("Doe JAM", "The Group"),
            publication_types=("Review",),
            language="eng",
            sections=(
                Section("", "Before any heading."),
                Section("Methods", "We took mice."),
                Section(
                    "Methods: Diet of Mus",
                    "They ate corn, as in Roe (2001) and Figure 1.\nFigure 1 A mouse. It eats.\nTable 1 Weights.\n"
                    "Items: one two\n1/2",
                ),
                Section("Results", "P was p = .05."),
            ),
            extra={
                "pmc": "PMC77",
                "doi": "10.1/x",
                "other_abstracts": [{"language": "eng", "type": "summary", "text": "For the public."}],
            },
        )
    ]


CITATION = '<xref ref-type="bibr">{0}</xref>'


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (f"Mice ate [{CITATION.format(1)}, {CITATION.format('3–5')}].", "Mice ate."),
        (f"Mice ate.{CITATION.format(6)}-{CITATION.format('8)')} They ran.", "Mice ate. They ran."),
        (f"Mice ate<sup>{CITATION.format(6)},{CITATION.format(8)}</sup>, then ran.", "Mice ate, then ran."),
        (f"Mice ate ({CITATION.format('Doe et al., 2001')}).", "Mice ate (Doe et al., 2001)."),
        (f"Doe et al. ({CITATION.format(2001)}, {CITATION.format('1999a')}) ate.", "Doe et al. (2001, 1999a) ate."),
        ('Mice ate<xref ref-type="ref">12</xref> corn<sup><xref ref-type="ref">3</xref></sup>.', "Mice ate corn."),
        (f"Mice ate [{CITATION.format(1)}], [{CITATION.format(2)}‐{CITATION.format(4)}], corn.", "Mice ate, corn."),
        ("Of 10<sup>6</sup> mice, 5 [3, 7] ate.", "Of 10⁶ mice, 5 [3, 7] ate."),
        ("It was <inline-formula><tex-math>$7.5\\pm 0.2$</tex-math></inline-formula> mg.", "It was 7.5 ± 0.2 mg."),
        (f"In 2015<sup>{CITATION.format(6)}</sup> 10<sup>-3</sup> ate.", "In 2015 10⁻³ ate."),
        ('See <xref ref-type="table">Table 1</xref> and <xref ref-type="fig">2</xref>.', "See Table 1 and 2."),
        ("P = .05 in f(x).", "P = .05 in f(x)."),
        (f"Of (-)-EGCG (–) in f() [{CITATION.format(1)}].", "Of (-)-EGCG (–) in f()."),
        ("Given by<disp-formula>E</disp-formula>where <inline-graphic/>(<inline-graphic/>) is", "Given by where is"),
        ("A <array><tr><td>b</td><td>c</td></tr></array>", "A b c"),
        ("One <!-- no --> two <?pi no?> three.", "One two three."),
    ],
)
def test_numbers_of_citations_are_left_out_of_a_sentence_and_no_others(sentence: str, expected: str) -> None:
    assert document(article(body=f"<p>{sentence}</p>")).sections == (Section("", expected),)


@pytest.mark.parametrize("name", ["floats-group", "floats-wrap"])
def test_legends_that_stand_behind_all_text_are_read(name: str) -> None:
    figure = "<fig><label>Figure 1</label><caption><title>A mouse.</title><p>It eats.</p></caption><graphic/></fig>"
    table = "<table-wrap><label>Table 1</label><caption><p>Weights.</p></caption><table/></table-wrap>"
    content = article(body="<sec><title>Methods</title><p>We looked.</p></sec>")
    with_floats = content.replace("</article>", f"<back/><{name}>{figure}{table}</{name}></article>")
    assert document(with_floats).sections == (
        Section("Methods", "We looked."),
        Section("", "Figure 1 A mouse. It eats.\nTable 1 Weights."),
    )


@pytest.mark.parametrize(
    ("abstracts", "expected"),
    [
        ("<abstract><sec><sec><title>Aim</title><p>a</p></sec></sec></abstract>", "AIM: a"),
        ("<abstract><p><graphic/></p></abstract><abstract abstract-type='teaser'><p>a</p></abstract>", "a"),
        (
            "<abstract abstract-type='graphical'><p><graphic/></p></abstract>"
            "<abstract abstract-type='teaser'><p>a</p></abstract><abstract abstract-type='toc'><p>b</p></abstract>",
            "a",
        ),
        ("<abstract abstract-type='teaser'><p>a</p></abstract><abstract><p>b</p></abstract>", "b"),
    ],
)
def test_the_abstract_is_the_first_that_has_text_and_its_headings_are_those_there_are(
    abstracts: str, expected: str
) -> None:
    assert document(article(meta=abstracts)).abstract == expected


def test_passages_of_the_body_carry_the_heading_of_their_section() -> None:
    found = document(FULL)
    cut = [Passage(0, found, start, end) for start, end in passages.windows(found)]
    assert [(passage.heading, passage.text.split(".")[0]) for passage in cut] == [
        ("", "BACKGROUND: It was so"),
        ("", "Before any heading"),
        ("Methods", "We took mice"),
        ("Methods: Diet of Mus", "They ate corn, as in Roe (2001) and Figure 1"),
        ("Results", "P was p = "),
    ]


@pytest.mark.parametrize(
    ("ids", "name"),
    [
        ('<article-id pub-id-type="pmid">5</article-id><article-id pub-id-type="pmc">7</article-id>', "5"),
        ('<article-id pub-id-type="pmc">7</article-id>', "PMC7"),
        ('<article-id pub-id-type="pmc">PMC7</article-id>', "PMC7"),
        ('<article-id pub-id-type="pmcid">PMC7</article-id><article-id pub-id-type="pmc">x</article-id>', "PMC7"),
        ('<article-id pub-id-type="pmid">soon</article-id><article-id pub-id-type="pmc">7</article-id>', "PMC7"),
    ],
)
def test_the_id_is_the_pmid_or_else_that_of_pmc(ids: str, name: str) -> None:
    assert document(article(ids)).id == name


@pytest.mark.parametrize("ids", ["", '<article-id pub-id-type="pmid">x</article-id>'])
def test_an_article_without_either_is_reported_with_its_line_and_the_next_is_read(ids: str) -> None:
    bad, good = read(f"<pmc-articleset>\n\n{article(ids)}{article()}</pmc-articleset>")
    assert bad == BadRecord("file.nxml", "line 3", "article with neither PMID, PMC id nor DOI")
    assert isinstance(good, Document)


def test_an_article_without_any_text_is_reported() -> None:
    empty = article().replace("<article-title>T</article-title>", "")
    assert read(empty) == [BadRecord("file.nxml", "article 1", "neither title nor text")]


@pytest.mark.parametrize(
    ("dates", "year"),
    [
        ('<pub-date pub-type="epub"><year>2001</year></pub-date>', 2001),
        ('<pub-date pub-type="pmc-release"><year>2001</year></pub-date>', None),
        ('<pub-date date-type="pub" publication-format="electronic"><year>2001</year></pub-date>', 2001),
        (
            '<pub-date date-type="pub" publication-format="electronic"><year>2002</year></pub-date>'
            '<pub-date date-type="collection"><year>2001</year></pub-date>',
            2001,
        ),
        ('<pub-date pub-type="ppub"/><pub-date pub-type="epub"><year>2001</year></pub-date>', 2001),
        ('<pub-date pub-type="ppub"><year>2107</year></pub-date>', None),
        ("<pub-date><year>1809</year></pub-date>", 1809),
        ("", None),
    ],
)
def test_the_year_is_that_of_the_issue_then_the_electronic_one(dates: str, year: int | None) -> None:
    assert document(article(meta=dates)).year == year


@pytest.mark.parametrize(("code", "language"), [("en", "eng"), ("EN-us", "eng"), ("de", "ger"), ("xx", "xx"), ("", "")])
def test_languages_go_by_the_codes_of_pubmed(code: str, language: str) -> None:
    assert document(article(a=f'xml:lang="{code}"')).language == language


def test_an_article_that_a_retraction_points_to_is_retracted() -> None:
    assert document(article(meta='<related-article related-article-type="retraction-forward"/>')).status == "retracted"
    assert document(article(meta='<related-article related-article-type="retracted-article"/>')).status == ""


def test_a_namespace_changes_nothing_and_what_oai_wraps_around_an_article_does_no_harm() -> None:
    plain = FULL.partition("?>")[2].partition(">")[2]
    named = plain.replace("<article ", '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" ', 1)
    wrapped = f"<OAI-PMH xmlns='urn:o'><record><header/><metadata>{named}</metadata></record></OAI-PMH>"
    assert read(named) == read(wrapped) == read(FULL)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (FULL[: FULL.index("We took")], "file.nxml: line 21: broken XML after 0 records"),
        (FULL.replace("</sec>", "", 1), "broken XML after 0 records"),
        (FULL.replace("mice", "caf\u00e9").encode("latin-1"), "broken XML after 0 records"),
        ("", "broken XML"),
        ("<rss/>", "XML, but not JATS: it begins with <rss>, expected <article>"),
        ('<!DOCTYPE article [<!ENTITY a "b">]><article/>', "declares XML entities"),
        (article(body="<sec>" * 300), "Excessive depth"),
    ],
)
def test_what_cannot_be_read_on_is_refused_with_the_place(content: str | bytes, why: str) -> None:
    message = refusal(content)
    assert message.startswith("file.nxml: ")
    assert why in message
    assert "HUGE" not in message


def test_an_article_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST", 100_000)
    assert "record 1 is larger than" in refusal(article(body="<p>a</p>" * 20_000))


def test_the_work_for_a_piece_of_text_does_not_grow_with_its_depth() -> None:
    parents, children = 100, 2000
    deep = etree.fromstring(f"<p>{'<i>' * parents}{'<b>a</b>, ' * children}{'</i>' * parents}</p>")
    events = 0

    def count(*_: object) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    try:
        text = jats._prose(deep)
    finally:
        sys.setprofile(None)
    assert text == ("a, " * children).strip()
    assert events < 50 * children


@given(st.data())
def test_a_damaged_article_is_read_refused_or_counted(data: st.DataObject) -> None:
    content = bytearray(FULL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 60))] = data.draw(
            st.sampled_from([b"", b"\xff", b"<sec>", b"</p>", b"&", b"<p/>", b"]]>"])
        )
    with contextlib.suppress(InputError):
        for record in read(bytes(content)):
            assert isinstance(record, BadRecord) or (isinstance(record, Document) and record.id and record.text)


@pytest.mark.parametrize("where", ["body", "abstract"])
def test_an_article_whose_headings_are_repeated_without_end_is_counted(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "LARGEST", 100_000)
    parts = "".join(f"<sec><title>{number}</title><p>a</p></sec>" for number in range(300))
    text = f"<{where}><sec><title>{'h' * 1000}</title>{parts}</sec></{where}>"
    meta = '<article-id pub-id-type="pmid">1</article-id>' + (text if where == "abstract" else "")
    xml = f"<article><front><article-meta>{meta}</article-meta></front>{text if where == 'body' else ''}</article>"
    (bad,) = jats.read(io.BytesIO(xml.encode()), "file.nxml")
    assert isinstance(bad, BadRecord)
    assert "headings of its sections" in bad.reason


def test_a_preprint_goes_by_its_doi() -> None:
    assert document(article('<article-id pub-id-type="doi">10.1/x</article-id>')).id == "10.1/x"


@pytest.mark.parametrize(
    ("contributor", "names"),
    [
        (
            '<contrib contrib-type="author"><collab>Project: Rats<contrib-group><contrib contrib-type="author"><name>'
            "<surname>Roe</surname></name></contrib></contrib-group></collab></contrib>",
            ("Project: Rats",),
        ),
        ('<contrib contrib-type="author"><collab><institution>Group</institution></collab></contrib>', ("Group",)),
        (
            '<contrib contrib-type="author"><string-name><surname>Roe</surname>, <given-names>Rita</given-names>'
            "</string-name></contrib>",
            ("Roe R",),
        ),
        ('<contrib contrib-type="author"><string-name>Rita Roe</string-name></contrib>', ("Rita Roe",)),
        (
            "<contrib><name><surname>Roe</surname><given-names>Rob A.</given-names><suffix>Sr</suffix></name>"
            "</contrib>",
            ("Roe RA Sr",),
        ),
        ('<contrib contrib-type="reviewer"><name><surname>Roe</surname></name></contrib>', ()),
        ('<contrib contrib-type="author"><anonymous/></contrib>', ()),
    ],
)
def test_authors_of_all_forms_are_read(contributor: str, names: tuple[str, ...]) -> None:
    assert document(article(meta=f"<contrib-group>{contributor}</contrib-group>")).authors == names


@pytest.mark.parametrize(
    "date",
    [
        '<pub-date date-type="original-publication"><year>2003</year></pub-date>',
        '<pub-date iso-8601-date="2003-02-01"/>',
        "<pub-date><string-date>May 2003</string-date></pub-date>",
        '<pub-date date-type="preprint"><year>2003</year></pub-date>',
    ],
)
def test_a_date_of_any_form_gives_the_year(date: str) -> None:
    assert document(article(meta=date)).year == 2003


def test_the_rows_of_a_table_are_a_section_of_their_own_behind_the_text() -> None:
    table = (
        "<table-wrap><label>Table 1</label><caption><p>Doses.</p></caption><table>"
        "<tr><th>Drug</th><th>Dose</th></tr><tr><td>Warfarin</td><td>5 mg</td></tr></table></table-wrap>"
    )
    found = document(article(body=f"<sec><title>Results</title><p>We saw.</p>{table}<p>And more.</p></sec>"))
    assert found.sections == (
        Section("Results", "We saw.\nTable 1 Doses.\nAnd more."),
        Section("Table 1 Doses.", "Warfarin: Dose 5 mg."),
    )
