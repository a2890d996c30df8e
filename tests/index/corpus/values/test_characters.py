import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.corpus import files
from bioqa.index.corpus.values import characters
from bioqa.index.records import Document, Section


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("neph\u00adritis", "nephritis"),
        ("IL\u200b-\u20606 rose\ufeff", "IL-6 rose"),
        ("Sjo\u0308gren", "Sjögren"),
        ("5\u00a0mg\u2009daily", "5 mg daily"),
        ("&lt;i&gt;KRAS&lt;/i&gt; &amp;amp; TNF-&amp;alpha;", "KRAS & TNF-α"),
        ("TGF-&#946; &#x2265; 3", "TGF-β ≥ 3"),
        ("H<sub>2</sub>O, 10<sup>5</sup>", "H2O, 10⁵"),
        ("<h4>Aims</h4>Rats <b>slept</b>.<br/>They ran.", "Aims: Rats slept. They ran."),
        ("<jats:p>Rats <jats:italic>slept</jats:italic>.</jats:p>", "Rats slept."),
        # no markup
        ("p < 0.05 and b > 3; R&D; AT&T &nothing;", "p < 0.05 and b > 3; R&D; AT&T &nothing;"),
        ("where a <b and c> d, x<y>z", "where a <b and c> d, x<y>z"),
        ("P &lt; 0.05", "P < 0.05"),
    ],
)
def test_a_text_is_as_a_reader_sees_it(written: str, expected: str) -> None:
    assert characters.clean(written) == expected


@given(st.text("ab \n&;<>/isup10lt#amp\u00ad\u0308\u200b\u00a0"))
def test_what_is_clean_has_no_invisible_characters_and_stays_composed(text: str) -> None:
    found = characters.clean(text)
    assert not {"\u00ad", "\u200b", "\u00a0"} & set(found)
    assert unicodedata.is_normalized("NFC", found)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Rats\nslept  well.", "Rats slept well."),
        ("Rats\r\nslept.\r\n\r\nThey\tran.\n", "Rats slept.\nThey ran."),
        ("neph\u00ad\nritis", "nephritis"),
        ("", ""),
    ],
)
def test_a_single_line_break_only_wraps_a_line(written: str, expected: str) -> None:
    assert characters.fold_lines(written) == expected


def test_every_format_is_read_so() -> None:
    line = (
        b'{"id": "1", "title": "Meni\\u0300ere", "abstract": "Rats\\nslept &amp; ran.", "authors": ["Sjo\\u0308 A"]}\n'
    )
    (found,) = files.FORMATS["jsonl"](io.BytesIO(line), "file")
    assert isinstance(found, Document)
    assert (found.title, found.abstract, found.authors) == ("Menìere", "Rats slept & ran.", ("Sjö A",))


def test_a_section_keeps_its_paragraphs_and_none_is_empty() -> None:
    document = Document("1", sections=(Section("A", "x\u00ad.\ny."), Section("B", "\u200b")))
    assert characters.clean_document(document).sections == (Section("A", "x.\ny."),)
    clean = Document("1", title="A", sections=(Section("A", "x\ny"),))
    assert characters.clean_document(clean) is clean
