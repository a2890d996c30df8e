import io
import re
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from bioqa.index.records import Document, Hit, Passage
from bioqa.qa.cli import render
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.response import Response

LIST = "list the symptoms of pheochromocytoma"
ESCAPE = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\")
WORDS = " ".join(f"immunohistochemistry{number}" for number in range(30)) + "."

OnTerminal = Callable[..., str]


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> OnTerminal:
    """What a call prints on a terminal of 80 columns."""

    def call(function: Callable[..., None], *arguments: object, **options: object) -> str:
        output = Terminal()
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
                patch.delenv(name, raising=False)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("COLUMNS", "80")
            patch.setattr(sys, "stdout", output)
            function(*arguments, **options)
        return output.getvalue()

    return call


@pytest.fixture(scope="module")
def wordy(engine: Engine) -> Response:
    """A response whose evidence takes several lines."""
    response = engine.ask(LIST, AskConfig(min_confidence=0.0))
    answers = tuple(
        replace(answer, evidence=(replace(answer.evidence[0], sentence=WORDS, start=0, end=3),))
        for answer in response.answers[:3]
    )
    return replace(response, answers=answers)


def hit(identity: str, title: str = "A title", text: str = "A text.", **facts: object) -> Hit:
    document = Document(identity, title, text, **facts)  # type: ignore[arg-type]
    return Hit(Passage(0, document, document.abstract_start, len(document.text)), 0.5, 1, 2)


def test_wrapped_evidence_is_indented_below_its_answer_and_no_word_is_broken(
    on_terminal: OnTerminal, wordy: Response
) -> None:
    lines = ESCAPE.sub("", on_terminal(render.show_response, wordy, explain=False)).splitlines()
    evidence = [line[2:-2].rstrip() for line in lines if "immunohisto" in line]
    assert len(evidence) > 3 * 5
    assert all(re.fullmatch(r"  \S.*", line) for line in evidence)
    assert " ".join(" ".join(evidence).split()).count("immunohistochemistry") == 3 * 30
    assert all(re.fullmatch(r"immunohistochemistry\d+\.?|\[\d+\]", word) for line in evidence for word in line.split())


def test_a_blank_line_stands_between_two_answers(on_terminal: OnTerminal, wordy: Response) -> None:
    lines = ESCAPE.sub("", on_terminal(render.show_response, wordy, explain=False)).splitlines()
    heads = [place for place, line in enumerate(lines) if re.search(r"[━─]{5,} \d+%", line)]
    assert len(heads) == 3
    assert lines[heads[0] - 1].startswith("╭")
    assert all(not lines[place - 1].strip("│ ") for place in heads[1:])
    assert sum(not line.strip("│ ") for line in lines) == 2


def test_the_explanation_is_wrapped_below_its_own_indent(on_terminal: OnTerminal, wordy: Response) -> None:
    hits = (hit("1", title=WORDS),)
    lines = ESCAPE.sub("", on_terminal(render.show_response, replace(wordy, hits=hits), explain=True)).splitlines()
    retrieved = [line[2:-2].rstrip() for line in lines[lines.index(f"│ {'retrieved:':<76} │") + 1 :]]
    place = next(place for place, line in enumerate(retrieved) if line.startswith("read ("))
    assert place > 5
    assert all(line.startswith("    ") for line in retrieved[1:place])
    assert "".join(retrieved[:place]).count("immunohistochemistry") == 30


def test_a_long_question_is_shortened_between_words(on_terminal: OnTerminal, wordy: Response) -> None:
    text = on_terminal(render.show_response, replace(wordy, question="what is " + WORDS), explain=False)
    title = ESCAPE.sub("", text).splitlines()[0]
    assert re.fullmatch(r"╭─ what is (immunohistochemistry\d+ ?)+\.\.\. ─+╮", title)


def test_hits_have_links_colours_and_a_blank_line_between_them(on_terminal: OnTerminal) -> None:
    raw = on_terminal(render.show_hits, [hit("77", year=2001, status="retracted"), hit("note:2")])
    assert "https://pubmed.ncbi.nlm.nih.gov/77/" in raw
    assert re.search(r"\x1b\[1;31m \(RETRACTED\)", raw)
    assert ESCAPE.sub("", raw).splitlines() == [
        "1. A title",
        "   [77] (RETRACTED)  2001  score 0.500 (BM25 1, dense 2)",
        "   A text.",
        "",
        "2. A title",
        "   [note:2]  score 0.500 (BM25 1, dense 2)",
        "   A text.",
        "",
    ]


def test_no_word_of_a_hit_is_broken_and_wrapped_lines_are_indented(on_terminal: OnTerminal) -> None:
    lines = ESCAPE.sub("", on_terminal(render.show_hits, [hit("77", title=WORDS, text=WORDS)])).splitlines()
    assert len(lines) > 16
    assert all(line.startswith("   i") for line in lines[1:] if "immuno" in line)
    assert " ".join(lines).split().count("immunohistochemistry29.") == 2
    assert sum(word.startswith("immunohistochemistry") for line in lines for word in line.split()) == 60


def test_a_hit_cannot_send_commands_or_markup_to_the_terminal(on_terminal: OnTerminal) -> None:
    raw = on_terminal(render.show_hits, [hit("a[i]b", title="[blink]T[/]\x1b]0;owned\x07", text="x\x1b[2Jy")])
    assert "\x1b[2J" not in raw
    assert "\x1b]0;" not in raw
    assert "[blink]T[/]" in raw
    assert "[a[i]b]" in ESCAPE.sub("", raw)
