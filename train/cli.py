"""`bioqa train` and `bioqa export`: commands that make what bioqa learns from data."""

import json
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, stdev

import click

from bioqa.qa.ask import json_option, reader_option

PRECISIONS = ("int8", "bf16", "fp32")  # those of precision.py, which brings what the help does without
_SHOWN_LEAST = 0.5  # the least confidence whose worth the help of `ask` tells
max_tokens_option = click.option(
    "--max-tokens",
    default=256,
    show_default=True,
    type=click.IntRange(96, 512),
    help="The longest sequence it is given.",
)


@click.group()
def train() -> None:
    """Fit what bioqa learns from data."""


@train.command()
@click.argument("gold", nargs=-1, required=True, metavar="GOLD...", type=click.Path(path_type=Path))
@click.option(
    "--index",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="An index that holds the gold documents among many others.",
)
@reader_option
@click.option(
    "--check",
    "held_out",
    multiple=True,
    metavar="GOLD",
    type=click.Path(path_type=Path),
    help="Gold files, not among those fitted on, to report the calibration error on.",
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The reader's folder to write it into.",
)
def calibration(
    gold: tuple[Path, ...], folder: Path, reader_folder: Path | None, held_out: tuple[Path, ...], target: Path
) -> None:
    """Fit the confidence of a reader on BioASQ GOLD files, asked of an index with their documents in it.

    \b
    Example:
      bioqa train calibration [5-8]B*_golden.json --check 11B1_golden.json --index my-index --to data/models/reader
    """
    from bioqa.eval.gold import read_gold
    from bioqa.index.model import open_model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.engine import Engine
    from bioqa.train import calibrate

    open_model(target, "reader")  # before an hour of asking
    engine = Engine(folder, reader_folder)
    questions = [question for path in gold for question in read_gold(path)]
    with TerminalProgress("Asking", "questions") as progress:
        samples = calibrate.collect(questions, engine, progress)
    models = calibrate.fit_all(samples, questions)
    calibrate.save(models, target)
    for name, fitted in models.items():
        weights = ", ".join(f"{feature} {weight:+.2f}" for feature, weight in fitted.weights.items())
        click.echo(f"{name}: {weights}, bias {fitted.bias:+.2f}; threshold {fitted.threshold:.3f}")
    if held_out:
        questions = [question for path in held_out for question in read_gold(path)]
        with TerminalProgress("Checking", "questions") as progress:
            samples = calibrate.collect(questions, engine, progress)
        for name, error in calibrate.errors(models, samples).items():
            click.echo(f"{name}: expected calibration error {error:.3f} on held-out questions")
        found = calibrate.bought(models["factoid"], samples["factoid"], _SHOWN_LEAST)
        calibrate.save(models, target, found)
        click.echo(
            f"factoid, answered only from {found['least']} on: {found['answered']:.3f} answered, "
            f"{found['accuracy']:.3f} of these right, of all {found['accuracy_of_all']:.3f}"
        )


@train.command()
@click.argument("recipe", metavar="RECIPE", type=click.Path(path_type=Path))
@click.option("--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where it goes.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe.")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    default=(1,),
    show_default=True,
    type=click.IntRange(0),
    help="Several train one reader each, in DIR/seed-N.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, or cuda:1; a GPU where there is one.")
def reader(recipe: Path, folder: Path, changes: tuple[str, ...], seeds: tuple[int, ...], device: str) -> None:
    """Train a reader as RECIPE says: spans, list items, yes or no, and relevance, on one BERT-family encoder.

    RECIPE is a TOML file that names the model to begin with and the files to learn from; training.json beside the
    trained reader tells what it was. Stopped at any moment, the same command goes on from the last checkpoint and ends
    with the same weights. Needs the extra 'train'. 'bioqa export' makes what 'ask --reader' takes.

    \b
    Examples:
      bioqa train reader recipe.toml --to runs/reader
      bioqa train reader recipe.toml --to runs/three --seed 1 --seed 2 --seed 3
      bioqa train reader recipe.toml --to runs/biobert --set base=dmis-lab/biobert-base-cased-v1.2
      bioqa train reader recipe.toml --to runs/short --set schedule.epochs=1 --set max_tokens=256
    """
    from bioqa.train import extras

    extras.require()
    from bioqa.index.progress import TerminalProgress
    from bioqa.train.reader import train as train_reader
    from bioqa.train.recipe import read_recipe

    found = []
    for seed in seeds:
        config = read_recipe(recipe, [*changes, f"schedule.seed={seed}"])
        target = folder / f"seed-{seed}" if len(seeds) > 1 else folder
        with TerminalProgress(f"Training, seed {seed}", "steps") as progress:
            found.append(train_reader(config, target, device, progress, lambda line: click.echo(line, err=True)))
    for name in found[0]:
        values = [figures[name] for figures in found]
        spread = f" ± {stdev(values):.4f} over {len(values)} seeds" if len(values) > 1 else ""
        click.echo(f"{name} {fmean(values):.4f}{spread}")


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
    from bioqa.eval import machine, tables
    from bioqa.eval.gold import read_gold
    from bioqa.index.progress import TerminalProgress
    from bioqa.train.export import export as export_model

    if gold and task != "reader":
        raise click.UsageError("only a reader is scored: --score goes with --task reader")
    questions = [question for path in gold for question in read_gold(path)]
    chosen = PRECISIONS if "all" in precisions else tuple(dict.fromkeys(precisions))
    targets = {precision: folder / precision if len(chosen) > 1 else folder for precision in chosen}
    called = name or Path(source).name
    original = export_model(source, targets, task, name=called, max_tokens=max_tokens)
    from bioqa.train.comparison import compare, table

    with TerminalProgress("Scoring", "questions") as progress:
        rows = compare(original, targets, questions, progress)
    measured_on = machine.this_machine()
    if as_json:
        found = {"name": called, "machine": asdict(measured_on), "variants": [asdict(row) for row in rows]}
        click.echo(json.dumps(found, indent=1))
        return
    click.echo(f"{machine.described(measured_on)}\n\n{tables.text(table(called, rows))}")
    for precision, target in targets.items():
        click.echo(f"{precision}: {target}")
