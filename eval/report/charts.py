"""Charts of figures between 0 and 1, as inline SVG: intervals, reliability, risk and coverage.

They have classes instead of colours: the style of the page sets these for light, dark and print. Titles and
descriptions state the content in words.
"""

from collections.abc import Iterable, Sequence

from bioqa.eval.measures.confidence import ConfidenceBin, ConfidenceMeasures

WIDTH, HEIGHT = 360, 282
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 350, 28, 240  # of the plot area
_BAR_WIDTH, _BAR_HEIGHT, _MARK = 200, 10, 3
_GAP = 2.0  # between neighbouring bars
_TOPS = (0.2, 0.4, 0.6, 0.8, 1.0)  # possible upper ends of the risk scale

Coordinates = Sequence[tuple[float, float]]


def interval_bar(value: float, low: float, high: float) -> str:
    """A value on a scale from 0 to 1, with its 95% interval."""
    left, right, middle = (_BAR_WIDTH * min(1.0, max(0.0, share)) for share in (low, high, value))
    mark = min(_BAR_WIDTH - _MARK, max(0.0, middle - _MARK / 2))
    return (
        f'<svg class="interval" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" preserveAspectRatio="none" role="img">'
        f"<title>{value:.3f} on a scale from 0 to 1, 95% interval {low:.3f} to {high:.3f}</title>"
        f'<rect class="track" x="0" y="3.5" width="{_BAR_WIDTH}" height="3"/>'
        f'<rect class="band" x="{left:.1f}" y="1.5" width="{right - left:.1f}" height="7"/>'
        f'<rect class="mark" x="{mark:.1f}" y="0" width="{_MARK}" height="{_BAR_HEIGHT}"/></svg>'
    )


def reliability(measured: ConfidenceMeasures) -> str:
    """The reliability diagram: accuracy by bin of confidence, with the diagonal of perfect calibration."""
    description = "; ".join(map(_describe, measured.bins)) or "there are no questions"
    counts = "".join(
        f'<text class="count" x="{_x((one.low + one.high) / 2):.1f}" y="{_TOP - 11}">{_short(one.count)}</text>'
        for one in measured.bins
    )
    return _chart(
        "Reliability: accuracy by confidence",
        description,
        ("confidence", "accuracy"),
        1.0,
        "".join(map(_bar, measured.bins))
        + _line("ideal", [(0.0, 0.0), (1.0, 1.0)])
        + "".join(_dot(one.confidence, one.accuracy) for one in measured.bins)
        + f'<text class="count" x="{_LEFT - 14}" y="{_TOP - 11}">n</text>{counts}',
    )


def risk_coverage(measured: ConfidenceMeasures) -> str:
    """The risk-coverage curve: the error rate among the surest answers, with the best curve at the same accuracy."""
    curve, best = measured.risk_coverage, best_curve(measured)
    top = next((top for top in _TOPS if max((risk for _, risk in curve), default=0.0) <= top), 1.0)
    quarters = [curve[len(curve) * part // 4 - 1] for part in (1, 2, 3, 4) if len(curve) * part // 4]
    description = "; ".join(f"of the surest {coverage:.0%}, {risk:.3f} wrong" for coverage, risk in quarters)
    scaled, ideal = ([(coverage, risk / top) for coverage, risk in some] for some in (curve, best))
    area = [(scaled[0][0], 0.0), *scaled, (1.0, 0.0)] if scaled else []
    return _chart(
        "Risk and coverage: the error rate among the surest answers",
        description or "there are no questions",
        ("answered", "error rate"),
        top,
        f'<polygon class="area" points="{_points(area)}"/>'
        + _line("ideal", ideal)
        + _line("curve", scaled)
        + "".join(_dot(*end) for end in scaled[-1:]),
    )


def best_curve(measured: ConfidenceMeasures) -> list[tuple[float, float]]:
    """Pairs (coverage, risk) if every correct answer were surer than every wrong one."""
    correct = round(measured.accuracy * measured.questions)
    return [(k / measured.questions, max(0, k - correct) / k) for k in range(1, measured.questions + 1)]


def _chart(title: str, description: str, labels: tuple[str, str], top: float, content: str) -> str:
    """Axes from 0 to 1 across and from 0 to `top` upwards, with `content` inside."""
    across, upwards = labels
    middle = (_TOP + _BOTTOM) / 2
    lines = "".join(
        f'<line class="grid" x1="{_LEFT}" y1="{_y(step / 4):.1f}" x2="{_RIGHT}" y2="{_y(step / 4):.1f}"/>'
        f'<text class="up" x="{_LEFT - 6}" y="{_y(step / 4) + 4:.1f}">{top * step / 4:g}</text>'
        for step in range(5)
    )
    ticks = "".join(
        f'<text class="across" x="{_x(step / 5):.1f}" y="{_BOTTOM + 16}">{step / 5:g}</text>' for step in range(6)
    )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{title}</title><desc>{description}</desc>{lines}{ticks}{content}"
        f'<text class="label" x="{_x(0.5):.1f}" y="{HEIGHT - 7}">{across}</text>'
        f'<text class="label" x="11" y="{middle:.1f}" transform="rotate(-90 11 {middle:.1f})">{upwards}</text></svg>'
    )


def _bar(one: ConfidenceBin) -> str:
    left, right, height = _x(one.low) + _GAP / 2, _x(one.high) - _GAP / 2, _BOTTOM - _y(one.accuracy)
    return (
        f'<rect class="bar" x="{left:.1f}" y="{_y(one.accuracy):.1f}" width="{right - left:.1f}" '
        f'height="{height:.1f}"><title>confidence {_describe(one)}</title></rect>'
    )


def _describe(one: ConfidenceBin) -> str:
    return f"{one.low:.1f} to {one.high:.1f}: {one.accuracy:.3f} right of {one.count:,}"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count // 1000}k"


def _dot(across: float, upwards: float) -> str:
    return f'<circle class="dot" cx="{_x(across):.1f}" cy="{_y(upwards):.1f}" r="3"/>'


def _line(kind: str, coordinates: Coordinates) -> str:
    return f'<polyline class="{kind}" points="{_points(coordinates)}"/>'


def _points(coordinates: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_x(across):.1f},{_y(upwards):.1f}" for across, upwards in coordinates)


def _x(share: float) -> float:
    return _LEFT + share * (_RIGHT - _LEFT)


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)
