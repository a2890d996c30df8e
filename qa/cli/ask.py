"""The command `bioqa ask`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.corpus import lines
from bioqa.index.corpus.lines import Line
from bioqa.index.errors import InputError
from bioqa.index.terminal import say, say_json
from bioqa.qa.cli.options import (
    filter_options,
    index_option,
    json_option,
    reader_option,
    report_filter,
    warn_of_borrowed_confidence,
)

if TYPE_CHECKING:
    from bioqa.index.search.filters import Filter


def _refuse_nan(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and value != value:  # noqa: PLR0124
        raise click.BadParameter("nan is no probability", param=parameter)
    return value


class _MinConfidence(click.Option):
    """An option whose help reports accuracy and coverage of the reader that ships at one threshold."""

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:
        from bioqa.index.models.model import shipped

        calibration = json.loads((shipped("reader") / "calibration.json").read_text(encoding="utf-8"))
        held_out = calibration.get("held_out")
        names, text = super().get_help_record(context) or ("", "")
        if held_out:
            text += (
                f" On {held_out['questions']} held-out factoid questions, {held_out['least']} left"
                f" {held_out['answered']:.0%} answered, of which {held_out['accuracy']:.0%} right, against"
                f" {held_out['accuracy_of_all']:.0%} of all."
            )
        return names, text


@click.command("ask")
@click.argument("question")
@index_option
@click.option(
    "--type",
    "question_type",
    type=click.Choice(["factoid", "list", "yesno", "summary"]),
    help="The type of the question; by default its wording decides.",
)
@click.option(
    "--top",
    default=5,
    show_default=True,
    type=click.IntRange(1, 20),
    help="Maximum number of answers to a factoid question.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    callback=_refuse_nan,
    metavar="P",
    cls=_MinConfidence,
    help='Say "I don\'t know" below this probability; a fitted threshold by default, 0 to always answer.',
)
@click.option(
    "--passages",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Maximum number of passages to read; fewer if they are long or the answer is certain sooner.",
)
@click.option(
    "--tokens",
    default=1280,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Maximum number of word pieces to read; two cores read about 13,000 per second.",
)
@filter_options
@reader_option
@click.option("--explain", is_flag=True, help="Also show retrieval, reading and merging, and the time of each step.")
@json_option
def ask_command(
    question: str,
    folder: Path | None,
    question_type: str | None,
    top: int,
    min_confidence: float | None,
    passages: int,
    tokens: int,
    filters: "Filter",
    reader_folder: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Answer QUESTION from the literature, with supporting sentences. '-' reads one question per line from stdin.

    \b
    Examples:
      bioqa ask "what gene causes cystic fibrosis?"
      bioqa ask "list the drugs that inhibit EGFR" --index my-index --year 2015:
      bioqa ask "is hemophilia A X-linked?" --explain
      bioqa ask - --json < questions.txt > answers.jsonl
    """
    from bioqa.qa import json_output, wording
    from bioqa.qa.cli import render
    from bioqa.qa.config import AskConfig
    from bioqa.qa.engine import Engine
    from bioqa.qa.question_types import QuestionType

    config = AskConfig(
        passages=passages,
        tokens=tokens,
        top=top,
        min_confidence=min_confidence,
        filters=filters,
        always_summarize=as_json,
    )
    if question != "-":
        wording.validate_question(question, config.max_question_characters)  # before loading anything
    engine = Engine.open(folder, reader_folder)
    warn_of_borrowed_confidence(engine.reader.model)
    report_filter(engine.index, filters)
    chosen_type = QuestionType(question_type) if question_type else None
    failed = 0
    for line in _lines() if question == "-" else [Line(1, question)]:
        try:
            if line.fault:
                raise InputError(line.fault)
            response = engine.ask(line.text, config, chosen_type)
        except InputError as error:
            if question != "-":
                raise
            failed += 1
            say(f"error: line {line.number}: {error}", err=True)
            continue
        if as_json:
            answer = response.to_dict()
            answer |= {"explanation": json_output.explanation_json(response)} if explain else {}
            say_json(answer)
        else:
            render.show_response(response, explain=explain, name_question=question == "-")
        sys.stdout.flush()
    if failed:
        raise InputError(f"{failed} of the questions could not be answered; see the errors above")


def _lines() -> Iterator[Line]:
    """The lines of standard input that are not blank."""
    return (line for line in lines.read(sys.stdin.buffer) if line.fault or line.text.strip())
