import io
import re
import sys

import pytest

from bioqa.index import progress
from bioqa.index.progress import NoProgress, TerminalProgress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that progress looks at."""
    moved = Clock()
    monkeypatch.setattr(progress.time, "monotonic", moved.monotonic)
    return moved


def test_silent_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    NoProgress().update(0.5, 10)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_a_line_comes_now_and_then(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress("Building", "documents") as bar:
        for second in range(1, 26):
            clock.now = 1000.0 + second
            bar.update(second / 100, second * 1000)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Building: 10%, 10,000 documents, 1,000/s, 1:30 left",
        "Building: 20%, 20,000 documents, 1,000/s, 1:20 left",
    ]


def test_work_done_in_a_moment_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress("Building", "documents") as bar:
        bar.update(0.5, 10)
        bar.update(1.0, 20)
    assert capsys.readouterr() == ("", "")


def test_no_time_is_foretold_from_next_to_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress("Building", "documents") as bar:
        clock.now += 11
        bar.update(0.0, 0)
    assert capsys.readouterr().err == "Building: 0%, 0 documents, 0.0/s\n"


@pytest.mark.parametrize(
    ("fraction", "seconds", "left"),
    [(0.5, 20, "0:20"), (0.5, 65, "1:05"), (0.1, 1000, "2:30:00"), (1.0, 30, "0:00"), (0.02, 3600, "49:00:00")],
)
def test_the_time_left_is_what_the_rate_so_far_promises(
    fraction: float, seconds: int, left: str, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with TerminalProgress("Encoding", "texts") as bar:
        clock.now += seconds
        bar.update(fraction, 1)
    assert f", {left} left" in capsys.readouterr().err


def test_on_a_terminal_a_bar_is_drawn_on_standard_error_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with TerminalProgress("Building", "documents") as bar:
        bar.update(0.25, 1234)
        bar._bar.refresh()
    shown = terminal.getvalue()
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "Building" in plain
    assert "25%" in plain
    assert "1,234 documents" in plain
    assert "\x1b[?25h" in shown, "the cursor is shown again"
    assert capsys.readouterr().out == ""


def test_an_interruption_passes_and_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def work() -> None:
        with TerminalProgress("Building", "documents") as bar:
            bar.update(0.1, 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")
