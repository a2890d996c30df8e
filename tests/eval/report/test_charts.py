import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.measures import confidence
from bioqa.eval.measures.confidence import ConfidenceMeasures
from bioqa.eval.report import charts

SHARE = st.floats(0, 1)
ROWS = st.lists(st.tuples(SHARE, st.booleans()), max_size=60)
LETTER = 7.0  # no digit or letter of a label is wider, in units of the drawing
DRAWN = (charts.reliability, charts.risk_coverage)


def measured(rows: list[tuple[float, bool]]) -> ConfidenceMeasures:
    return confidence.measure([sure for sure, _ in rows], [right for _, right in rows])


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.split(r"[ ,]+", text) if number]


def ends(element: Element) -> list[tuple[float, float]]:
    """The corners of what an element draws."""
    at = {name: float(value) for name, value in element.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    if element.tag == "rect":
        return [(at["x"], at["y"]), (at["x"] + at["width"], at["y"] + at["height"])]
    if element.tag == "line":
        return [(at["x1"], at["y1"]), (at["x2"], at["y2"])]
    if element.tag == "circle":
        return [(at["cx"] - at["r"], at["cy"] - at["r"]), (at["cx"] + at["r"], at["cy"] + at["r"])]
    if element.tag == "text" and "transform" not in element.attrib:
        wide = LETTER * len(element.text or "")
        left = at["x"] - (wide if element.get("class") == "up" else wide / 2)
        return [(left, at["y"] - 11), (left + wide, at["y"] + 3)]
    flat = numbers(element.get("points", ""))
    return list(zip(flat[::2], flat[1::2], strict=True))


def assert_inside(svg: str) -> Element:
    root = ElementTree.fromstring(svg)
    _, _, width, height = numbers(root.attrib["viewBox"])
    for element in root.iter():
        for x, y in ends(element):
            assert 0 <= x <= width + 0.051, ElementTree.tostring(element)
            assert 0 <= y <= height + 0.051, ElementTree.tostring(element)
            assert min(float(element.get("width", 0)), float(element.get("height", 0))) >= 0
    return root


@given(ROWS)
def test_charts_stay_in_their_box(rows: list[tuple[float, bool]]) -> None:
    for draw in DRAWN:
        root = assert_inside(draw(measured(rows)))
        assert root.findtext("title")
        assert root.findtext("desc")
        assert root.get("role") == "img"


@pytest.mark.parametrize("rows", [[], [(1.0, True)], [(0.0, False)], [(0.7, True)] * 9, [(0.7, False)] * 9])
def test_charts_of_nothing_of_one_of_all_right_and_of_all_wrong(rows: list[tuple[float, bool]]) -> None:
    for draw in DRAWN:
        root = assert_inside(draw(measured(rows)))
        assert len(root.findall("circle")) == bool(rows)
        assert ("there are no questions" in (root.findtext("desc") or "")) == (not rows)


def test_bars_are_as_high_as_their_bins_are_right() -> None:
    found = measured([(0.95, True), (0.9, False), (0.6, True), (0.6, False), (0.1, False)])
    root = assert_inside(charts.reliability(found))
    grid = [float(line.attrib["y1"]) for line in root.findall("line")]
    whole = max(grid) - min(grid)
    bars = root.findall("rect")
    assert [float(bar.attrib["height"]) / whole for bar in bars] == pytest.approx([0, 0.5, 0.5], abs=1e-3)
    assert [bar.findtext("title") for bar in bars] == [
        "confidence 0.1 to 0.2: 0.000 right of 1",
        "confidence 0.6 to 0.7: 0.500 right of 2",
        "confidence 0.9 to 1.0: 0.500 right of 2",
    ]
    assert [text.text for text in root.findall("text") if text.get("class") == "count"] == ["n", "1", "2", "2"]


def test_the_curve_is_the_risk_at_every_coverage() -> None:
    found = measured([(0.9, True), (0.8, False), (0.7, True), (0.6, False)])
    root = assert_inside(charts.risk_coverage(found))
    grid = [float(line.attrib["y1"]) for line in root.findall("line")]
    bottom, top = max(grid), min(grid)
    (curve,) = [line for line in root.findall("polyline") if line.get("class") == "curve"]
    risks = [(bottom - y) / (bottom - top) * 0.6 for _, y in ends(curve)]  # the scale ends at 0.6
    assert risks == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2], abs=1e-3)
    assert "0.6" in [text.text for text in root.findall("text")]
    assert root.findtext("desc") == (
        "of the surest 25%, 0.000 wrong; of the surest 50%, 0.500 wrong; "
        "of the surest 75%, 0.333 wrong; of the surest 100%, 0.500 wrong"
    )


@given(ROWS.filter(bool))
def test_the_best_curve_has_the_best_area(rows: list[tuple[float, bool]]) -> None:
    found = measured(rows)
    risks = [risk for _, risk in charts.best_curve(found)]
    assert sum(risks) / len(risks) == pytest.approx(found.best_area)


def test_many_questions_in_a_bin_do_not_run_into_the_next() -> None:
    labels = [charts._short(count) for count in (0, 9_999, 10_000, 123_456)]
    assert labels == ["0", "9999", "10k", "123k"]


@given(SHARE, SHARE, SHARE)
def test_interval_bars_stay_in_their_box(one: float, two: float, three: float) -> None:
    low, value, high = sorted((one, two, three))
    root = assert_inside(charts.interval_bar(value, low, high))
    assert root.findtext("title") == f"{value:.3f} on a scale from 0 to 1, 95% interval {low:.3f} to {high:.3f}"


def test_an_interval_bar_is_to_scale() -> None:
    root = assert_inside(charts.interval_bar(0.5, 0.25, 0.75))
    whole, band, mark = root.findall("rect")
    width = float(whole.attrib["width"])
    assert (float(band.attrib["x"]), float(band.attrib["width"])) == (width / 4, width / 2)
    assert float(mark.attrib["x"]) + float(mark.attrib["width"]) / 2 == width / 2
