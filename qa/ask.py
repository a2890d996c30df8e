"""`bioqa ask` and `bioqa search`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import feedback, lines
from bioqa.index.errors import BioqaError, InputError
from bioqa.index.fusion import FUSION
from bioqa.index.lines import Line
from bioqa.index.terminal import say, say_json
from bioqa.qa.options import (
    feedback_option,
    filtered,
    fusion_option,
    index_option,
    json_option,
    reader_option,
    rerank_option,
)

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


@click.command()
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
def ask(
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


@click.command()
@click.argument("query")
@index_option
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "lexical", "dense"]),
    default="hybrid",
    show_default=True,
    help="BM25, vectors, or both fused.",
)
@fusion_option
@feedback_option
@rerank_option
@reader_option
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many passages.")
@filtered
@json_option
def search(
    query: str,
    folder: Path | None,
    mode: str,
    fusion: str | None,
    speaking: int | None,
    rerank: int,
    reader_folder: Path | None,
    top: int,
    narrow: "Filter",
    as_json: bool,
) -> None:
    """Find the passages that match QUERY best.

    \b
    Examples:
      bioqa search "CFTR modulators in children" --index my-index --top 20
      bioqa search "BRCA1" --mode lexical --journal Nature --json
      bioqa search "does aspirin prevent preeclampsia" --rerank 10
      bioqa search "asthma in children" --mesh Asthma --mesh Child --publication-type Review --not-retracted
    """
    from bioqa.index.hybrid import Index, Query
    from bioqa.qa import objects, render, starter, wording

    if reader_folder and not rerank:
        raise click.UsageError("--reader has no effect without --rerank N")
    text = wording.checked(query, most=50_000)
    opened = Index(folder or starter.index_folder())
    encoder = opened.open_encoder() if mode != "lexical" else None
    count = max(top, rerank)
    hits = opened.search(
        Query.of(text, encoder),
        count,
        mode=mode,
        narrow=narrow,
        fusion=fusion or FUSION,
        speaking=feedback.PASSAGES if speaking is None else speaking,
    )
    if rerank:
        from bioqa.qa.reranking import reranker

        hits = reranker(reader_folder, rerank)(text, hits)[:top]
    if as_json:
        say_json(objects.of_hits(hits))
    else:
        render.show_hits(hits)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print data and nothing else.")
def doctor(as_json: bool) -> None:
    """Check this installation: versions, models, starter index, processors.

    \b
    Example:
      bioqa doctor
    """
    from bioqa.qa.checkup import checkup

    findings = checkup()
    if as_json:
        say_json([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings], indent=1)
    else:
        for finding in findings:
            say(f"{'ok ' if finding.ok else 'BAD'}  {finding.what:<16} {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise BioqaError("something is wrong with this installation; see the lines marked BAD")
