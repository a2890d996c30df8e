"""The command `bioqa ask`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import lines
from bioqa.index.errors import InputError
from bioqa.index.lines import Line
from bioqa.index.terminal import say, say_json
from bioqa.qa.options import filtered, index_option, json_option, reader_option

if TYPE_CHECKING:
    from bioqa.index.filters import Filter


def _refuse_nan(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and value != value:  # noqa: PLR0124
        raise click.BadParameter("nan is no probability", param=parameter)
    return value


class _MinConfidence(click.Option):
    """An option whose help tells what it bought with the reader that ships."""

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:

        from bioqa.index.model import shipped

        written = json.loads((shipped("reader") / "calibration.json").read_text(encoding="utf-8"))
        found = written.get("held_out")
        names, told = super().get_help_record(context) or ("", "")
        if found:
            told += (
                f" On {found['questions']} held-out factoid questions, {found['least']} left {found['answered']:.0%}"
                f" answered, of which {found['accuracy']:.0%} right, against {found['accuracy_of_all']:.0%} of all."
            )
        return names, told


@click.command("ask")
@click.argument("question")
@index_option
@click.option(
    "--type",
    "question_type",
    type=click.Choice(["factoid", "list", "yesno", "summary"]),
    help="The type of the question; found out from its wording by default.",
)
@click.option(
    "--top", default=5, show_default=True, type=click.IntRange(1, 20), help="How many answers to a factoid question."
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    callback=_refuse_nan,
    metavar="P",
    cls=_MinConfidence,
    help='Say "I don\'t know" under this probability; a fitted threshold by default, 0 to always answer.',
)
@click.option(
    "--passages",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="At most how many passages to read; fewer where they are long, or where the answer is settled before.",
)
@click.option(
    "--tokens",
    default=1280,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="How many word pieces of them to read; on two cores some 13,000 a second.",
)
@filtered
@reader_option
@click.option(
    "--explain", is_flag=True, help="Also show what was retrieved, read and merged, and the time each step took."
)
@json_option
def ask_command(
    question: str,
    folder: Path | None,
    question_type: str | None,
    top: int,
    min_confidence: float | None,
    passages: int,
    tokens: int,
    narrow: "Filter",
    reader_folder: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Answer QUESTION from the literature, with the sentences that say so. '-' reads one question a line from stdin.

    \b
    Examples:
      bioqa ask "what gene causes cystic fibrosis?"
      bioqa ask "list the drugs that inhibit EGFR" --index my-index --year 2015:
      bioqa ask "is hemophilia A X-linked?" --explain
      bioqa ask - --json < questions.txt > answers.jsonl
    """
    from bioqa.qa import objects, render, starter, wording
    from bioqa.qa.config import AskConfig
    from bioqa.qa.engine import Engine
    from bioqa.qa.questions import QuestionType

    config = AskConfig(
        passages=passages, tokens=tokens, top=top, min_confidence=min_confidence, narrow=narrow, prose=as_json
    )
    if question != "-":
        wording.checked(question, config.max_question_characters)  # before anything is loaded
    engine = Engine(folder or starter.index_folder(), reader_folder)
    wanted = QuestionType(question_type) if question_type else None
    refused = 0
    for line in _lines() if question == "-" else [Line(1, question)]:
        try:
            if line.fault:
                raise InputError(line.fault)
            response = engine.ask(line.text, config, wanted)
        except InputError as error:
            if question != "-":
                raise
            refused += 1
            say(f"error: line {line.number}: {error}", err=True)
            continue
        if as_json:
            found = objects.of_response(response, engine, config.max_evidence)
            found |= {"explanation": objects.of_explanation(response)} if explain else {}
            say_json(found)
        else:
            render.show_response(response, explain=explain, name_question=question == "-")
        sys.stdout.flush()
    if refused:
        raise InputError(f"{refused} of the questions could not be asked")


def _lines() -> Iterator[Line]:
    """Questions from standard input, one a line; blank lines are none."""
    return (line for line in lines.read(sys.stdin.buffer) if line.fault or line.text.strip())
