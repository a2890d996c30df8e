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


def test_a_part_tells_its_own_progress_without_a_terminal(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress("Training", "steps") as whole:
        clock.now += 100
        with whole.part("Evaluating", "questions") as part:
            clock.now += 20
            part.update(0.5, 10)
    assert capsys.readouterr().err == "Evaluating: 50%, 10 questions, 0.5/s, 0:20 left\n"


def test_a_part_is_drawn_below_the_whole_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with TerminalProgress("Training", "steps") as whole:
        with whole.part("Evaluating", "questions") as part:
            part.update(0.5, 10)
            assert [task.description for task in whole._bar.tasks] == ["Training", "Evaluating"]
        assert [task.description for task in whole._bar.tasks] == ["Training"]
        whole.update(0.5, 1)


def test_nothing_is_said_of_a_part_where_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with NoProgress().part("Evaluating", "questions") as part:
        part.update(0.5, 10)
    assert capsys.readouterr() == ("", "")


def test_tracked_items_are_reported_when_they_are_done() -> None:
    reports = []

    class Recording(NoProgress):
        def update(self, fraction: float, count: int) -> None:
            reports.append((fraction, count))

    items = progress.tracked(["a", "b"], Recording())
    assert next(items) == "a"
    assert reports == []
    assert list(items) == ["b"]
    assert reports == [(0.5, 1), (1.0, 2)]
