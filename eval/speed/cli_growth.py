"""`bioqa eval growth`: the growth of time and memory with the corpus."""

from pathlib import Path

import click

from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option


@click.command()
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The folder for the indexes."
)
@click.option(
    "--sizes",
    default="10k,100k,1M",
    show_default=True,
    metavar="N,N,...",
    help="The number of documents in each index.",
)
@click.option(
    "--corpus",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The real documents to recombine; by default the starter passages.",
)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A BioASQ gold file, or one question on each line; by default the starter questions.",
)
@click.option("--dense", is_flag=True, help="Add synthetic vectors, derived from those of real passages.")
@click.option(
    "--passages",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="The number of real passages to encode for --dense.",
)
@click.option("--max-ram", metavar="SIZE", help="The memory limit of builds and searches, as for 'bioqa index build'.")
@click.option("--asked", default=200, show_default=True, type=click.IntRange(1), help="The number of questions to ask.")
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
    """Build and search indexes of several sizes, and extrapolate to all of PubMed.

    The documents recombine sentences of real ones. The vectors lie between and near real ones; recall may differ from
    that on real vectors. Every build, opening and search runs in its own process. The indexes remain in DIR.

    \b
    Examples:
      bioqa eval growth --sizes 10k,100k --to /tmp/growth
      bioqa eval growth --dense --max-ram 2G --corpus pubmed26n0001.xml.gz --to /tmp/growth --json
    """
    from dataclasses import asdict

    from bioqa.eval import tables
    from bioqa.eval.speed import benchmark, growth, machine, workloads
    from bioqa.eval.speed.process import Job
    from bioqa.index.store import planner
    from bioqa.qa import starter

    job = Job(
        index="",
        corpus=str(corpus or starter.passages_file()),
        questions=workloads.evenly_spaced(benchmark.read_questions(questions or starter.questions_file()), asked),
        passages=passages,
        max_ram=planner.parse_size(max_ram) if max_ram is not None else None,
    )
    counts = [planner.parse_size(size, "--sizes") for size in sizes.split(",")]
    report = growth.measure(job, counts, folder, dense=dense, talk=lambda message: say(message, err=True))
    if as_json:
        say_json(asdict(report), indent=1)
        return
    say_lines(machine.described(report.machine))
    say_lines(f"\n{tables.text(growth.table(report))}")
