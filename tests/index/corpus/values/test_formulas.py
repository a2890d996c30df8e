import pytest
from lxml import etree

from bioqa.index.corpus.values import formulas

M = 'xmlns:m="http://www.w3.org/1998/Math/MathML"'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"$7.5\pm 0.2$", "7.5 ± 0.2"),
        (r"\documentclass[12pt]{minimal}\usepackage{amsmath}\begin{document}$$P<10^{-6}$$\end{document}", "P<10⁻⁶"),
        (r"$3.2\times10^6$", "3.2 × 10⁶"),
        (r"\frac{a+b}{c}", "(a+b)/c"),
        (r"\frac12", "1/2"),
        (r"95\,\% \mathrm{CI}: 1.2\text{--}3.4", "95% CI: 1.2--3.4"),
        (r"37\,^{\circ}\mathrm{C}", "37 °C"),
        (r"\upmu\mathrm{g}\cdot\mathrm{mL}^{-1}", "μg·mL⁻¹"),
        (r"\chi^2 = 4.1", "χ^2 = 4.1"),
        (r"x_{1} \leq \sqrt{n}", "x1 ≤ √n"),
        (r"}{^_\frac", "/"),
    ],
)
def test_tex_is_readable(source: str, expected: str) -> None:
    assert formulas.from_tex(source) == expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<m:msup><m:mn>10</m:mn><m:mn>6</m:mn></m:msup>", "10⁶"),
        ("<m:msup><m:mn>10</m:mn><m:mrow><m:mo>−</m:mo><m:mn>8</m:mn></m:mrow></m:msup>", "10⁻⁸"),
        ("<m:mfrac><m:mn>1</m:mn><m:mn>2</m:mn></m:mfrac>", "1/2"),
        ("<m:mi>p</m:mi><m:mo>&lt;</m:mo><m:mn>0.05</m:mn>", "p<0.05"),
        ("<m:msub><m:mi>x</m:mi><m:mn>2</m:mn></m:msub><m:mo>=</m:mo><m:mn>5</m:mn>", "x2 = 5"),
    ],
)
def test_mathml_is_readable(inside: str, expected: str) -> None:
    record = etree.fromstring(f"<r>a <m:math {M}>{inside}</m:math> b</r>")
    formulas.spell_out(record)
    assert "".join(record.itertext()) == f"a {expected} b"


def test_tex_beside_mathml_is_left_out_by_the_reader_of_the_format() -> None:
    record = etree.fromstring(f"<r><f><m:math {M}><m:mi>p</m:mi></m:math><tex-math>p</tex-math></f></r>")
    formulas.spell_out(record)
    assert record.find("f/tex-math") is not None
    alone = etree.fromstring("<r><f><tex-math>$p$</tex-math></f></r>")
    formulas.spell_out(alone)
    assert (alone.findtext("f/tex-math"), alone.findtext(f"f/{formulas.TEX}")) == (None, "p")


def test_a_formula_without_end_is_no_work() -> None:
    assert formulas.from_tex("{" * 10_000) == ""
    assert formulas.from_tex(r"\sqrt" * 300)
