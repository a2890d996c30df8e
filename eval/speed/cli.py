"""`bioqa eval speed`: benchmarks of time and memory."""

from pathlib import Path

import click

from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option, reader_option


@click.command()
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The index to ask; by default the starter index.",
)
@click.option(
    "--corpus",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The corpus to parse, index, encode and read; by default the starter passages.",
)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A BioASQ gold file, or one question on each line; by default the starter questions.",
)
@click.option(
    "--peer-encoder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The original model of the encoder, for the benchmark of sentence-transformers.",
)
@click.option(
    "--runs", default=5, show_default=True, type=click.IntRange(1), help="Fresh processes for each cold start."
)
@click.option("--asked", default=50, show_default=True, type=click.IntRange(1), help="The number of questions to ask.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1), help="Rounds over the questions.")
@click.option(
    "--warm-up", default=5, show_default=True, type=click.IntRange(0), help="Questions before the measurement."
)
@click.option(
    "--documents",
    default=30_000,
    show_default=True,
    type=click.IntRange(1),
    help="The number of documents to parse and index.",
)
@click.option(
    "--passages",
    default=256,
    show_default=True,
    type=click.IntRange(1),
    help="The number of passages to encode and read.",
)
@reader_option
@json_option
def speed(
    folder: Path | None,
    corpus: Path | None,
    questions: Path | None,
    peer_encoder: Path | None,
    runs: int,
    asked: int,
    repeat: int,
    warm_up: int,
    documents: int,
    passages: int,
    reader_folder: Path | None,
    as_json: bool,
) -> None:
    """Measure bioqa's time and memory: cold start, every stage of an answer, parsing, indexing, encoding, reading.

    Every step runs in its own process. The same run measures rank-bm25, bm25s and sentence-transformers at the same
    work if they are installed.

    \b
    Examples:
      bioqa eval speed
      bioqa eval speed --index my-index --corpus pubmed26n0001.xml.gz --json
    """
    from dataclasses import asdict

    from bioqa.eval import tables
    from bioqa.eval.speed import benchmark as speed
    from bioqa.eval.speed import figures, machine
    from bioqa.eval.speed.process import Job
    from bioqa.qa import starter

    job = Job(
        index=str(folder or starter.index_folder()),
        corpus=str(corpus or starter.passages_file()),
        questions=speed.read_questions(questions or starter.questions_file()),
        reader=str(reader_folder) if reader_folder else None,
        peer_encoder=str(peer_encoder) if peer_encoder else None,
        documents=documents,
        passages=passages,
        warm_up=warm_up,
        repeat=repeat,
    )
    report = speed.measure(job, runs=runs, most_questions=asked, talk=lambda message: say(message, err=True))
    if as_json:
        say_json(asdict(report), indent=1)
        return
    say_lines(machine.described(report.machine))
    for table in figures.tables(report):
        say_lines(f"\n{tables.text(table)}")
    for line in report.skipped:
        say(f"skipped: {line}")
