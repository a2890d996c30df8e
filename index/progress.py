"""Progress reports: a live bar on a terminal, occasional lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

T = TypeVar("T")
_LINE_EVERY = 10.0  # seconds between lines without a terminal


class Progress(Protocol):
    """A receiver of progress: the fraction of the work done (0..1), and the number of units."""

    def update(self, fraction: float, count: int) -> None:
        """Report that `fraction` of the work, `count` units, is done."""


class DividedProgress(Progress, Protocol):
    """A receiver of the progress of work that has long parts of another kind, such as evaluation in training."""

    def part(self, title: str, unit: str) -> AbstractContextManager[Progress]:
        """A receiver of the progress of such a part, within a `with` block."""
        ...


def tracked(items: Sequence[T], progress: Progress) -> Iterator[T]:
    """The items one by one, each reported as done when the next one is taken."""
    for place, item in enumerate(items, start=1):
        yield item
        progress.update(place / len(items), place)


class NoProgress:
    """Ignores all reports."""

    def part(self, title: str, unit: str) -> AbstractContextManager[Progress]:
        """Ignore the reports of a part, too."""
        return nullcontext(self)

    def update(self, fraction: float, count: int) -> None:
        """Do nothing."""


class TerminalProgress:
    """Shows fraction, count, rate and remaining time on standard error, within a `with` block."""

    def __init__(self, title: str, unit: str, within: "TerminalProgress | None" = None):
        """`within` is the progress of the whole of which this is a part."""
        self._title, self._unit, self._within = title, unit, within
        self._began = self._last_line = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def part(self, title: str, unit: str) -> "TerminalProgress":
        """The progress of a part, in a line below that of the whole."""
        return TerminalProgress(title, unit, self)

    def __enter__(self) -> Self:
        self._began = self._last_line = time.monotonic()
        if self._within and self._within._bar is not None:
            self._bar = self._within._bar
            self._task = self._bar.add_task(self._title, total=1.0, talk="")
        elif sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._bar = Progress(
                TextColumn("[bold]{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.fields[talk]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(self._title, total=1.0, talk="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is None:
            return
        if self._within and self._bar is self._within._bar:
            self._bar.remove_task(self._task)
        else:
            self._bar.stop()

    def update(self, fraction: float, count: int) -> None:
        """Show that `fraction` of the work, `count` units, is done."""
        now = time.monotonic()
        seconds = max(now - self._began, 1e-9)
        left = seconds * (1 - fraction) / fraction if fraction > 0.01 else None
        rate = count / seconds
        talk = f"{count:,} {self._unit}, {rate:,.{0 if rate >= 10 else 1}f}/s" + (
            f", {_clock(left)} left" if left is not None else ""
        )
        if self._bar is not None:
            self._bar.update(self._task, completed=fraction, talk=talk)
        elif now - self._last_line >= _LINE_EVERY:
            self._last_line = now
            sys.stderr.write(f"{self._title}: {fraction:.0%}, {talk}\n")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
