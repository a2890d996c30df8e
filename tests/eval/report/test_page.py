import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bioqa.eval import tables
from bioqa.eval.report import page
from bioqa.eval.runs import evaluation, scores
from bioqa.eval.runs.evaluation import Evaluation
from bioqa.eval.runs.scores import GoldBatch

VOID = {"meta"}
Attributes = list[tuple[str, str | None]]


class Page(HTMLParser):
    """A page: its text, its tags, and whether each is closed where it should be."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self.feed(content)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.tags.append((tag, attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def count(self, tag: str, kind: str = "") -> int:
        return sum(name == tag and (not kind or ("class", kind) in attributes) for name, attributes in self.tags)


def test_the_page_holds_every_measure_and_every_table(by_hand: Evaluation) -> None:
    content = page.html(by_hand)
    text = Page(content).text
    for name, measure in by_hand.pooled.measures.items():
        assert scores.display_name(name) in text
        assert f"{measure.value:.3f}" in text
    for table in evaluation.all_tables(by_hand):
        assert tables.html(table) in content


def test_the_heading_says_what_was_measured(by_hand: Evaluation) -> None:
    found = Page(page.html(by_hand))
    for words in ("bioqa on 8 questions", "one_<b>, two", "my <index>", "2020-02-02", "toy"):
        assert words in found.texts


def test_headlines_have_their_questions_and_intervals(by_hand: Evaluation) -> None:
    found = Page(page.html(by_hand))
    assert found.count("section", "card") == 4
    assert found.count("svg", "interval") == 7
    low, high = scores.intervals(by_hand.pooled)["factoid_mrr"]
    assert f"{low:.3f} to {high:.3f}" in found.texts
    for kind, count in {"Factoid": "5 questions", "List": "1 question", "Yes/no": "2 questions"}.items():
        assert found.texts[found.texts.index(kind) + 1] == count


def test_nothing_is_loaded_and_nothing_runs(by_hand: Evaluation) -> None:
    content = page.html(by_hand)
    found = Page(content)
    assert {tag for tag, _ in found.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "section",
            "div",
            "h1",
            "h2",
            "h3",
            "p",
            "span",
            "a",
        ),
        *("dl", "dt", "dd", "ul", "ol", "li", "details", "summary", "figure", "figcaption"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td"),
        *("svg", "desc", "rect", "line", "polyline", "polygon", "circle", "text"),
    }
    attributes = [(name, value or "") for _, some in found.tags for name, value in some]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "srcset", "data")]
    assert {value for name, value in attributes if "href" in name} == {"ledger.jsonl"}
    assert not [value for _, value in attributes if "//" in value]
    assert "url(" not in content
    assert "@import" not in content
    assert "<script" not in content


def test_what_questions_and_papers_say_is_text(by_hand: Evaluation) -> None:
    text = Page(page.html(by_hand)).text
    assert "which 1? <script>alert('x')</script> & \"quoted\" | *starred* </details>" in text
    assert "Sentence 5 says <script>alert('x')</script>" in text


def test_every_cause_has_examples_to_open(by_hand: Evaluation) -> None:
    found = Page(page.html(by_hand))
    assert found.count("details", "cause") == 4
    assert found.count("details", "example") == 6
    for words in ("CFTR = a synonym", "the CFTR (80%)", "“the CFTR” to “CFTR”, distance 0.250", "nothing"):
        assert words in found.texts


def test_of_many_examples_some_are_shown_and_all_are_counted(by_hand: Evaluation) -> None:
    times = 40
    questions = [replace(q, id=f"{q.id}-{n}") for n in range(times) for q in by_hand.questions]
    outcomes = [
        replace(o, submitted=replace(o.submitted, id=f"{o.submitted.id}-{n}"))
        for n in range(times)
        for o in by_hand.outcomes
    ]
    many = evaluation.evaluate_run([GoldBatch("many", questions)], outcomes, {}, retrieved=False)
    content = page.html(many)
    found = Page(content)
    assert f"{2 * times} questions" in found.texts
    assert found.count("details", "example") == 20 * 4
    assert "all 240 questions are in " in found.text
    assert len(content.encode()) < 300_000


def test_charts_have_titles_and_their_figures_in_the_caption(by_hand: Evaluation) -> None:
    found = Page(page.html(by_hand))
    measured = evaluation.confidence_measures(by_hand)
    assert found.count("svg", "chart") == found.count("desc") == 4
    for kind in ("factoid", "yesno"):
        assert f"Expected calibration error {measured[kind].expected_calibration_error:.3f}." in found.text
        assert f"Area {measured[kind].area:.3f}, best {measured[kind].best_area:.3f}." in found.text


def test_of_a_submission_there_is_no_ledger_and_no_confidence(by_hand: Evaluation) -> None:
    scored = replace(by_hand, outcomes=(), facts={"gold": "one", "submission": "run.json"}, baseline=by_hand.pooled)
    found = Page(page.html(scored))
    assert "run.json on 8 questions" in found.texts
    assert f"{by_hand.pooled.name} against {by_hand.pooled.name}" in found.texts
    assert found.count("svg", "chart") == found.count("details") == 0
    assert not {"Confidence", "Ledger"} & set(found.texts)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_run_without_a_ledger_or_without_gold_answers_is_a_page(by_hand: Evaluation, kept: int) -> None:
    some = slice(5, 5 + kept)  # a yes/no question, or nothing at all
    batch = GoldBatch("few", by_hand.questions[some])
    found = Page(page.html(evaluation.evaluate_run([batch], by_hand.outcomes[some], {}, retrieved=False)))
    assert found.count("svg", "chart") == 2 * kept
    assert "Ledger" not in found.texts


def test_colours_can_be_told_from_the_paper() -> None:
    """WCAG 2.1: text has a contrast of 4.5 at least with what it stands on, what is drawn of 3."""
    light, dark = re.findall(r":root \{[^}]*--paper[^}]*\}", page.style.CSS)
    for scheme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#\w+)", scheme))
        for ground in ("paper", "wash"):
            for text in ("ink", "soft", "strong"):
                assert contrast(colours[text], colours[ground]) >= 4.5
        for ground in ("paper", "band", "bar"):
            for drawn in ("strong", "other"):
                assert contrast(colours[drawn], colours[ground]) >= 3


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
