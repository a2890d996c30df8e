"""`bioqa eval everyday`: questions as people type them, and minimal pairs of true and false ones."""

from pathlib import Path

import click

from bioqa.eval.cli_learned import warn_of_learned
from bioqa.index.models.model import open_model, shipped
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option, reader_option, warn_of_borrowed_confidence


@click.command()
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="An index that holds PubMed abstracts; without it, the questions over PubMed are left out.",
)
@click.option(
    "--half",
    type=click.Choice(["dev", "test", "all"]),
    default="dev",
    show_default=True,
    help="The development half, the test half, or both. Tune nothing on the test half.",
)
@reader_option
@click.option("--failures", is_flag=True, help="List every question that is silent or wrong.")
@json_option
def everyday(folder: Path | None, half: str, reader_folder: Path | None, failures: bool, as_json: bool) -> None:
    """Ask everyday questions, and minimal pairs of a true and a false one.

    The questions come in the forms that people type: keywords, definitions, side effects, negations, brand names,
    misspellings, other languages, greetings, and questions that no passage answers. Two thirds are put to the starter
    index; a third is about PubMed abstracts and is put to the index in --index. Each reply is right, silent, or wrong,
    that is, given as an answer and not right. Abstaining is right where no passage answers. A pair is right if both
    twins are.

    \b
    Examples:
      bioqa eval everyday
      bioqa eval everyday --half test --failures
      bioqa eval everyday --half all --index pubmed-index --json
    """
    from bioqa.eval import tables
    from bioqa.eval.everyday import run
    from bioqa.eval.everyday import scores as everyday_scores
    from bioqa.eval.everyday import table as everyday_table
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa import starter

    table = everyday_table.read_table(everyday_table.shipped_folder())
    chosen = table.of_half(half)
    twins = (twin for pair in chosen.pairs for twin in pair.questions())
    reader = open_model(reader_folder or shipped("reader"), "reader")
    warn_of_borrowed_confidence(reader)
    warn_of_learned((one.text for one in (*chosen.questions, *twins)), reader.folder)
    with TerminalProgress("Asking", "questions") as progress:
        scores = run.evaluate(table, half, starter.index_folder(), folder, reader_folder, progress)
    if as_json:
        say_json(everyday_scores.as_object(scores, failures=failures), indent=1)
        return
    shown = everyday_scores.tables(scores)
    if failures:
        shown.append(everyday_scores.failures_table(scores))
    say_lines("\n\n".join(tables.text(one) for one in shown))
    if any(scores.left_out.values()):
        reason = (
            f"{folder} does not hold their abstracts" if folder else "pass --index DIR with an index that holds them"
        )
        count = f"{scores.left_out['questions']:,} questions and {scores.left_out['pairs']:,} pairs over PubMed"
        say(f"warning: {count} were left out: {reason}", err=True)
