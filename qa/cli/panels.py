"""Answers and search results on a terminal: panels, colours, links, and lines wrapped between words."""

from collections.abc import Iterable, Sequence
from textwrap import shorten

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bioqa.index.records import Document, Hit
from bioqa.index.terminal import printable, wrapped
from bioqa.qa.answers import Answer, sources
from bioqa.qa.cli.explanation import explanation_lines
from bioqa.qa.cli.phrases import (
    SHOWN_EVIDENCE,
    disagreement,
    no_answer,
    other_side,
    published,
    ranks,
    shown,
    warning,
)
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

_MIN_WIDTH, _MAX_WIDTH = 20, 110  # columns; some terminals report a width of 0
_FRAME = 4  # columns that the frame of a panel takes


def print_response(response: Response, *, explain: bool) -> None:
    """Print a response in a panel, which has the question as its title, and its explanation in another."""
    console = _console()
    colour = "yellow" if response.abstained else "green"
    console.print(_panel(response.question, _spaced(_blocks(response, console)), colour, console.width))
    if response.notice and not response.abstained:
        console.print(Text(printable(response.notice), style="dim"))
    if explain:
        lines = (
            line for long in explanation_lines(response) for line in wrapped(printable(long), console.width - _FRAME)
        )
        console.print(_panel("how", map(Text, lines), "dim", console.width))


def print_hits(hits: Sequence[Hit]) -> None:
    """Print search results, a blank line between them."""
    console = _console()
    for rank, hit in enumerate(hits, start=1):
        document = hit.passage.document
        _print_beside(console, f"{rank}. ", Text(printable(document.title or document.id), "bold"))
        line = _linked(document)
        for fact, style in ((published(hit), "default"), (ranks(hit), "bright_black")):
            line.append(f"  {printable(fact)}" if fact else "", style=style)
        for text in (line, *(Text(printable(line)) for line in hit.passage.text.split("\n"))):
            _print_beside(console, "   ", text)
        console.print()


def _console() -> Console:
    return Console(width=min(max(Console().width, _MIN_WIDTH), _MAX_WIDTH), highlight=False)


def _panel(title: str, lines: Iterable[RenderableType], colour: str, width: int) -> Panel:
    named = Text(shorten(printable(title), max(width - 2 * _FRAME, 1), placeholder="..."))
    return Panel(Group(*lines), title=named, title_align="left", border_style=colour)


def _spaced(blocks: Sequence[Sequence[RenderableType]]) -> list[RenderableType]:
    """The lines of all blocks, a blank line between two blocks."""
    return [line for place, block in enumerate(blocks) for line in ([Text()] if place else []) + list(block)]


def _blocks(response: Response, console: Console) -> list[list[RenderableType]]:
    """What the panel holds: an answer with its evidence each, or why there is none."""
    if response.abstained:
        first, *others = (Text(printable(line)) for line in no_answer(response))
        first.stylize("bold yellow")
        for line in others:
            line.stylize("dim")
        return [[first, *others]]
    if response.type is QuestionType.SUMMARY:
        return [[_cited(sentence.text, sentence.passage.document) for sentence in response.citations]]
    bar = "#-" if console.options.ascii_only else "━─"
    blocks = [_answer(answer, bar, best=place == 0) for place, answer in enumerate(shown(response))]
    if response.disagreeing:
        other = [_indented(_cited(item.sentence, item.passage.document)) for item in other_side(response)]
        blocks.append([Text(printable(disagreement(response)), style="yellow"), *other])
    return blocks


def _answer(answer: Answer, bar: str, *, best: bool) -> list[RenderableType]:
    """An answer with its evidence; `bar` holds the characters for the filled and the empty part of its confidence
    bar."""
    filled = round(answer.confidence * 20)
    head = Text(printable(answer.text), style="bold green" if best else "bold")
    head.append(f"   {bar[0] * filled}", style="green").append(bar[1] * (20 - filled), style="bright_black")
    head.append(f" {answer.confidence:.0%}  {sources(answer.documents)}", style="default not bold")
    lines: list[RenderableType] = [head]
    for item in answer.evidence[: SHOWN_EVIDENCE if best else 1]:
        line = _cited(item.sentence, item.passage.document)
        if item.end - item.start < len(item.sentence):
            line.stylize("bold black on yellow", item.start, item.end)
        lines.append(_indented(line))
    return lines


def _indented(line: Text) -> RenderableType:
    return Padding(line, (0, 0, 0, 2))


def _print_beside(console: Console, mark: str, text: Text) -> None:
    """Print `text` beside a mark, such as a number; all its lines begin in the column after the mark."""
    for line in text.wrap(console, console.width - len(mark)):
        line.rstrip()
        console.print(Text(mark, style="bold").append_text(line))
        mark = " " * len(mark)


def _cited(sentence: str, document: Document) -> Text:
    return Text(f"{printable(sentence)} ").append_text(_linked(document))


def _linked(document: Document) -> Text:
    """The id of a document in brackets, a link where it has an address, with its warning."""
    line = Text().append(f"[{printable(document.id)}]", f"cyan link {document.link}" if document.link else "cyan")
    return line.append(warning(document), style="bold red")
