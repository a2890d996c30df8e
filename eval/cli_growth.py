"""`bioqa eval growth`: how times and memory grow with the corpus."""

from pathlib import Path

import click

from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.options import json_option


@click.command()
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the indexes are built."
)
@click.option(
    "--sizes", default="10k,100k,1M", show_default=True, metavar="N,N,...", help="How many documents each index holds."
)
@click.option(
    "--corpus",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Real documents to grow others from; the starter passages by default.",
)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A BioASQ gold file, or one question a line; the starter questions by default.",
)
@click.option("--dense", is_flag=True, help="With vectors, grown from those of real passages.")
@click.option(
    "--passages",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="How many real passages are encoded for --dense.",
)
@click.option("--max-ram", metavar="SIZE", help="What builds and searches must keep to, as for 'bioqa index build'.")
@click.option(
    "--asked", default=200, show_default=True, type=click.IntRange(1), help="How many of the questions are asked."
)
@json_option
def growth(
    folder: Path,
    sizes: str,
    corpus: Path | None,
    questions: Path | None,
    dense: bool,
    passages: int,
    max_ram: str | None,
    asked: int,
    as_json: bool,
) -> None:
    """Build and search indexes of several sizes, and say what that means for all of PubMed.

    The documents recombine sentences of real ones. The vectors lie between and around real ones: recall with them may
    be easier or harder to reach than with real ones. What is built, opened or searched runs in a process of its own.
    The indexes stay in DIR.

    \b
    Examples:
      bioqa eval growth --sizes 10k,100k --to /tmp/growth
      bioqa eval growth --dense --max-ram 2G --corpus pubmed26n0001.xml.gz --to /tmp/growth --json
    """
    from dataclasses import asdict

    from bioqa.eval import growth, machine, phases, speed, tables
    from bioqa.eval.process import Job
    from bioqa.index import planner
    from bioqa.qa import starter

    job = Job(
        index="",
        corpus=str(corpus or starter.passages_file()),
        questions=phases.spaced(speed.read_questions(questions or starter.questions_file()), asked),
        passages=passages,
        max_ram=planner.parse_size(max_ram) if max_ram is not None else None,
    )
    counts = [planner.parse_size(size, "--sizes") for size in sizes.split(",")]
    found = growth.measure(job, counts, folder, dense=dense, talk=lambda what: say(what, err=True))
    if as_json:
        say_json(asdict(found), indent=1)
        return
    say_lines(machine.described(found.machine))
    say_lines(f"\n{tables.text(growth.table(found))}")
