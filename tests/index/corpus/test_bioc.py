import io
import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import bioc
from bioqa.index.corpus.values import sections
from bioqa.index.errors import InputError
from bioqa.index.records import BadRecord, Document, Record, Section

Pieces = list[tuple[dict[str, str], str]]

CITATION: Pieces = [
    (
        {
            "type": "title",
            "journal": "Ann Invent; 2009 Dec 1;14(6):e26. doi: 10.1/x. ",
            "year": "2009",
            "authors": "Doe J, Roe R, ",
            "article-id_pmc": "PMC77",
        },
        "A  title",
    ),
    ({"type": "abstract"}, "An abstract."),
]
FULL_TEXT: Pieces = [
    (
        {
            "section_type": "TITLE",
            "type": "front",
            "article-id_pmid": "31",
            "article-id_pmc": "77",
            "year": "2009",
            "journal-title": "Annals",
            "name_0": "surname:Doe;given-names:Jane Ann",
            "name_1": "surname:Solo",
        },
        "A title",
    ),
    ({"section_type": "ABSTRACT", "type": "abstract_title_1"}, "Background:"),
    ({"section_type": "ABSTRACT", "type": "abstract"}, "It was so."),
    ({"section_type": "ABSTRACT", "type": "abstract"}, "And so."),
    ({"section_type": "INTRO", "type": "paragraph"}, "First."),
    ({"section_type": "METHODS", "type": "title_1"}, "Materials"),
    ({"section_type": "METHODS", "type": "paragraph"}, "We took mice."),
    ({"section_type": "METHODS", "type": "title_2"}, "Diet"),
    ({"section_type": "METHODS", "type": "paragraph"}, "They ate."),
    ({"section_type": "FIG", "type": "fig_caption"}, "A mouse."),
    ({"section_type": "TABLE", "type": "table"}, "99"),
    ({"section_type": "METHODS", "type": "paragraph"}, "And drank."),
    ({"section_type": "METHODS", "type": "title_2"}, "Weight"),
    ({"section_type": "METHODS", "type": "paragraph"}, "We weighed."),
    ({"section_type": "COMP_INT", "type": "paragraph"}, "None."),
    ({"section_type": "REF", "type": "ref"}, "Cited."),
]


def as_json(name: str, pieces: Pieces) -> dict[str, Any]:
    passages = [{"infons": infons, "offset": 0, "text": text, "annotations": []} for infons, text in pieces]
    return {"_id": f"{name}|None", "id": name, "infons": {}, "passages": passages}


def as_xml(name: str, pieces: Pieces) -> str:
    passages = "".join(
        "<passage>"
        + "".join(f"<infon key={quoteattr(key)}>{escape(value)}</infon>" for key, value in infons.items())
        + f"<offset>0</offset><text>{escape(text)}</text><annotation><text>no</text></annotation></passage>"
        for infons, text in pieces
    )
    return f"<document><id>{name}</id>{passages}</document>"


def collection(*documents: str) -> str:
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
        f"<collection><source>PubMed</source><date/><key/>{''.join(documents)}</collection>"
    )


def read_json(content: str | bytes) -> list[Record]:
    return list(bioc.read_json(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.json"))


def read_xml(content: str | bytes) -> list[Record]:
    return list(bioc.read_xml(io.BytesIO(content.encode() if isinstance(content, str) else content), "file.xml"))


def both(name: str, pieces: Pieces) -> Record:
    """What is read of a document, which must be the same from JSON and from XML."""
    (first,) = read_json(json.dumps({"documents": [as_json(name, pieces)]}))
    (second,) = read_xml(collection(as_xml(name, pieces)))
    assert first == second
    return first


def test_a_citation_as_pubtator_gives_it_arrives() -> None:
    assert both("5", CITATION) == Document(
        "5", "A title", "An abstract.", 2009, "Ann Invent", ("Doe J", "Roe R"), extra={"pmc": "PMC77"}
    )


def test_a_full_text_arrives_with_its_sections() -> None:
    assert both("PMC77", FULL_TEXT) == Document(
        id="31",
        title="A title",
        abstract="BACKGROUND: It was so. And so.",
        year=2009,
        journal="Annals",
        authors=("Doe JA", "Solo"),
        sections=(
            Section("Introduction", "First."),
            Section("Materials", "We took mice."),
            Section("Materials: Diet", "They ate.\nA mouse.\nAnd drank."),
            Section("Materials: Weight", "We weighed."),
        ),
        extra={"pmc": "PMC77"},
    )


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ("Cureus. 2022 Jun 27;14(6):e26365. doi: 10.7759/x", "Cureus"),
        ("G Ital Cardiol (Rome). 2022 Sep;23(9)", "G Ital Cardiol (Rome)"),
        ("Gut; 2001 ; 4", "Gut"),
        ("Gut", "Gut"),
        ("", ""),
    ],
)
def test_the_journal_is_what_stands_before_the_date(journal: str, expected: str) -> None:
    found = both("5", [({"type": "title", "journal": journal}, "T")])
    assert isinstance(found, Document)
    assert found.journal == expected


@pytest.mark.parametrize(("year", "kept"), [("1809", 1809), ("2107", None), ("", None), ("x", None)])
def test_a_year_is_kept_where_it_is_plausible(year: str, kept: int | None) -> None:
    found = both("5", [({"type": "title", "year": year}, "T")])
    assert isinstance(found, Document)
    assert found.year == kept


@pytest.mark.parametrize(
    ("name", "pieces", "why"),
    [
        ("", CITATION, "document without id"),
        ("5", [({"type": "title"}, "")], "neither title nor text in document '5'"),
        ("5", [], "neither title nor text in document '5'"),
    ],
)
def test_a_document_without_id_or_text_is_reported(name: str, pieces: Pieces, why: str) -> None:
    bad, good = read_json(json.dumps(as_json(name, pieces)) + "\n" + json.dumps(as_json("6", CITATION)))
    assert bad == BadRecord("file.json", "document 1", why)
    assert isinstance(good, Document)
    bad, good = read_xml(collection(as_xml(name, pieces), as_xml("6", CITATION)))
    assert bad == BadRecord("file.xml", "line 3", why)
    assert isinstance(good, Document)


def test_half_a_character_leaves_a_document_that_can_be_written() -> None:
    (found,) = read_json('{"id": "1", "passages": [{"infons": {"type": "title"}, "text": "a\\ud800b"}]}')
    assert isinstance(found, Document)
    assert found.title == "a?b"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "infons"]), inner),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional={"id": ANY, "passages": ANY | st.lists(ANY, max_size=3), "infons": ANY}))
def test_whatever_the_fields_hold_a_document_is_read_or_counted(fields: dict[str, Any]) -> None:
    (record,) = read_json(json.dumps(fields))
    assert isinstance(record, BadRecord) or (isinstance(record, Document) and record.id and record.text)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (collection(as_xml("5", CITATION))[:-5], "line 3: broken XML after 1 records"),
        ("<PubmedArticleSet/>", "XML, but not BioC: it begins with <PubmedArticleSet>, expected <collection>"),
        ('<!DOCTYPE collection [<!ENTITY a "b">]><collection/>', "declares XML entities"),
        ("", "broken XML"),
    ],
)
def test_xml_that_cannot_be_read_on_is_refused_with_the_place(content: str | bytes, why: str) -> None:
    with pytest.raises(InputError) as caught:
        read_xml(content)
    assert str(caught.value).startswith("file.xml: ")
    assert why in str(caught.value)


def test_a_document_whose_headings_are_repeated_without_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "LARGEST", 100_000)
    pieces = [{"infons": {"type": "title_1"}, "text": "h" * 1000}]
    for number in range(300):
        pieces += [{"infons": {"type": "title_2"}, "text": str(number)}, {"text": "a"}]
    content = json.dumps({"documents": [{"id": "1", "passages": pieces}]}).encode()
    (bad,) = bioc.read_json(io.BytesIO(content), "file.json")
    assert isinstance(bad, BadRecord)
    assert "headings of its sections" in bad.reason


def test_a_broken_xml_document_is_reported_and_the_next_is_read() -> None:
    broken = as_xml("5", CITATION).replace("title", "caf\u00e9")
    content = collection(broken + as_xml("6", CITATION)).encode("latin-1")
    bad, good = bioc.read_xml(io.BytesIO(content), "file.xml")
    assert isinstance(bad, BadRecord)
    assert (bad.place, bad.reason[:10]) == ("line 3", "broken XML")
    assert isinstance(good, Document)


def test_passages_divided_into_sentences_are_read() -> None:
    parts = [("title", ["Rats."]), ("abstract", ["They slept.", "They ran."])]
    passages = [
        {"infons": {"type": kind}, "text": "", "sentences": [{"text": text} for text in texts]} for kind, texts in parts
    ]
    xml = "".join(
        f'<passage><infon key="type">{kind}</infon>'
        + "".join(f"<sentence><offset>0</offset><text>{text}</text></sentence>" for text in texts)
        + "</passage>"
        for kind, texts in parts
    )
    expected = [Document("5", "Rats.", "They slept. They ran.")]
    assert read_json(json.dumps({"documents": [{"id": "5", "passages": passages}]})) == expected
    assert read_xml(collection(f"<document><id>5</id>{xml}</document>")) == expected


def test_authors_have_their_initials_and_suffix() -> None:
    infons = {"type": "front", "name_0": "surname:Roe;given-names:Mary-Ann B.;suffix:Sr"}
    found = both("5", [(infons, "Rats.")])
    assert isinstance(found, Document)
    assert found.authors == ("Roe MAB Sr",)
