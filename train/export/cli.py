"""`bioqa export`: models of transformers turned into what bioqa runs."""

import os
from dataclasses import asdict
from pathlib import Path

import click

from bioqa.eval.cli_learned import warn_of_learned
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option

PRECISIONS = ("int8", "bf16", "fp32")  # those of precision.py, which brings what the help does without
max_tokens_option = click.option(
    "--max-tokens",
    default=256,
    show_default=True,
    type=click.IntRange(96, 512),
    help="The longest sequence it is given.",
)


@click.command()
@click.argument("source", metavar="MODEL")
@click.option(
    "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The model folder to write."
)
@click.option("--task", required=True, type=click.Choice(["encoder", "reader"]), help="What the model is for.")
@click.option("--name", default=None, help="Name on the model card; the source's own by default.")
@max_tokens_option
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    default=("int8",),
    show_default=True,
    type=click.Choice([*PRECISIONS, "all"]),
    help="How weights are stored; several write a model each, in DIR/int8, DIR/bf16 and DIR/fp32.",
)
@click.option(
    "--score",
    "gold",
    multiple=True,
    metavar="GOLD",
    type=click.Path(path_type=Path),
    help="BioASQ gold files, whose snippets a reader is to answer from.",
)
@json_option
def export(
    source: str,
    folder: Path,
    task: str,
    name: str | None,
    max_tokens: int,
    precisions: tuple[str, ...],
    gold: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Export a model of BERT's family (a folder or a hub name) to what bioqa runs: ONNX.

    Weights are stored as int8, a quarter of the size and the fastest; as bf16, half of it, or fp32, all of it, at the
    speed of fp32. Shows how far each is from the original in PyTorch, and how many passages each takes a second on this
    machine; --score also shows what each is worth, by the first answers to factoid questions, yes or no, and lists.
    Needs the extra 'train'.

    \b
    Examples:
      bioqa export runs/my-reader --task reader --to my-reader-onnx
      bioqa export runs/my-reader --task reader --to variants --precision all --score 7B1_golden.json
    """
    from bioqa.eval import tables
    from bioqa.eval.datasets.bioasq import read_gold
    from bioqa.eval.speed import machine
    from bioqa.index.models import registry
    from bioqa.index.models.model import open_model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.cli.doctor import check_model
    from bioqa.train.export.onnx import export as export_model

    if gold and task != "reader":
        raise click.UsageError("only a reader is scored: --score goes with --task reader")
    questions = [question for path in gold for question in read_gold(path)]
    warn_of_learned([question.body for question in questions], registry.find_model(source) if gold else None)
    chosen = PRECISIONS if "all" in precisions else tuple(dict.fromkeys(precisions))
    targets = {precision: folder / precision if len(chosen) > 1 else folder for precision in chosen}
    called = name or Path(os.path.realpath(source)).name
    original = export_model(source, targets, task, name=called, max_tokens=max_tokens)
    for target in targets.values():
        check_model(open_model(target, task))
    from bioqa.train.export.comparison import compare_variants, table

    with TerminalProgress("Scoring", "questions") as progress:
        rows = compare_variants(original, targets, questions, progress)
    measured_on = machine.this_machine()
    if as_json:
        found = {"name": called, "machine": asdict(measured_on), "variants": [asdict(row) for row in rows]}
        say_json(found, indent=1)
        return
    say_lines(f"{machine.described(measured_on)}\n\n{tables.text(table(called, rows))}")
    for precision, target in targets.items():
        say(f"{precision}: {target}")
    if task == "reader":
        say("\nIts confidence is that of the reader that ships until 'bioqa train calibration' fits its own.")
