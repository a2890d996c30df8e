"""`bioqa train`: commands that make what bioqa learns from data."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import click

from bioqa.index.terminal import say
from bioqa.qa.options import model_folder
from bioqa.train import extras

if TYPE_CHECKING:
    from bioqa.index.progress import Progress

_SHOWN_LEAST = 0.5  # the least confidence whose worth the help of `ask` tells


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
@click.option(
    "--reader",
    "asked",
    metavar="DIR|NAME",
    callback=model_folder,
    help="The reader that is asked, where that of --to has learned from these questions; that of --to by default.",
)
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
    help="The folder of the reader whose confidence it is.",
)
def calibration(
    gold: tuple[Path, ...], folder: Path, asked: Path | None, held_out: tuple[Path, ...], target: Path
) -> None:
    """Fit the confidence of a reader on BioASQ GOLD files, asked of an index with their documents in it.

    What a reader has learned from it answers better than others: of such questions, another one is asked (--reader),
    made by the same recipe without them.

    \b
    Examples:
      bioqa train calibration 9B*_golden.json --check 11B1_golden.json --index my-index --to my-reader
      bioqa train calibration 9B*_golden.json --index my-index --reader trained-before-year-9 --to my-reader
    """
    from bioqa.eval import evaluation, scores
    from bioqa.index.model import open_model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.engine import Engine
    from bioqa.train import calibrate

    open_model(target, "reader")  # before an hour of asking
    batches, checked = evaluation.read_batches(gold), evaluation.read_batches(held_out)
    scores.pooled([*batches, *checked], cure="give every question once, and check on others than are fitted on")
    questions = scores.pooled(batches).questions
    engine = Engine.open(folder, asked or target)
    with TerminalProgress("Asking", "questions") as progress:
        samples = calibrate.collect(questions, engine, progress)
    models = calibrate.fit_all(samples, questions)
    calibrate.save(models, target)
    for name, fitted in models.items():
        weights = ", ".join(f"{feature} {weight:+.2f}" for feature, weight in fitted.weights.items())
        say(f"{name}: {weights}, bias {fitted.bias:+.2f}; threshold {fitted.threshold:.3f}")
    if held_out:
        with TerminalProgress("Checking", "questions") as progress:
            samples = calibrate.collect(scores.pooled(checked).questions, Engine.open(folder, target), progress)
        for name, error in calibrate.calibration_errors(models, samples).items():
            say(f"{name}: expected calibration error {error:.3f} on held-out questions")
        found = calibrate.selective_accuracy(models["factoid"], samples["factoid"], _SHOWN_LEAST)
        if found:
            calibrate.save(models, target, found)
            say(
                f"factoid, answered only from {found['least']} on: {found['answered']:.3f} answered, "
                f"{found['accuracy']:.3f} of these right, of all {found['accuracy_of_all']:.3f}"
            )


def _recipe_options(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments of commands that train by a recipe."""
    options = (
        click.argument("recipe", metavar="RECIPE", type=click.Path(path_type=Path)),
        click.option(
            "--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where it goes."
        ),
        click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value of the recipe."),
        click.option(
            "--seed",
            "seeds",
            multiple=True,
            type=click.IntRange(0),
            help="Several train one model each, in DIR/seed-N; that of the recipe by default.",
        ),
        click.option(
            "--device", default="auto", show_default=True, help="cpu, cuda, or cuda:1; a GPU where there is one."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@train.command()
@_recipe_options
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
      bioqa train reader recipe.toml --to runs/taught --set teacher=runs/mpnet
    """
    extras.require()
    from bioqa.train.reader import train as train_reader
    from bioqa.train.reader_recipe import ReaderConfig

    _train(train_reader, ReaderConfig, recipe, folder, changes, seeds, device)


@train.command()
@_recipe_options
def retriever(recipe: Path, folder: Path, changes: tuple[str, ...], seeds: tuple[int, ...], device: str) -> None:
    """Train a retriever as RECIPE says: an encoder whose vectors of questions lie near those of what answers them.

    It learns from pairs of a question and a passage, against the other passages of a batch and hard ones that BM25
    brings up, or an encoder that is named as a miner; with a teacher, also from its cosines. What is found for
    held-out questions decides which weights are kept. RECIPE, checkpoints and training.json are as for 'train reader'.
    Needs the extra 'train'. 'bioqa export DIR --task encoder' makes what 'index build --encoder' takes; with
    'asymmetric = true' it makes a pair, one for questions and one for passages.

    \b
    Examples:
      bioqa train retriever recipe.toml --to runs/retriever
      bioqa train retriever recipe.toml --to runs/taught --set teacher=BAAI/bge-base-en-v1.5 --set teacher_pooling=first
      bioqa train retriever recipe.toml --to runs/careful --set doubtful=0.0 --set negatives=3
      bioqa train retriever recipe.toml --to runs/second --set miner=runs/retriever
    """
    extras.require()
    from bioqa.train.retriever import train as train_retriever
    from bioqa.train.retriever_recipe import RetrieverConfig

    _train(train_retriever, RetrieverConfig, recipe, folder, changes, seeds, device)


def _train(
    trained: Callable[[Any, Path, str, "Progress", Callable[[str], None]], dict[str, float]],
    kind: type[Any],
    recipe: Path,
    folder: Path,
    changes: tuple[str, ...],
    seeds: tuple[int, ...],
    device: str,
) -> None:
    """Train a model for every seed, and show the mean of their figures."""
    from bioqa.index.progress import TerminalProgress
    from bioqa.train import record
    from bioqa.train.recipe import read_recipe

    found = []
    for seed in [f"schedule.seed={seed}" for seed in seeds] or [""]:
        config = read_recipe(recipe, kind, [*changes, *filter(None, [seed])])
        name = f"seed-{config.schedule.seed}"
        target = folder / name if len(seeds) > 1 else folder
        known = record.finished_figures(target, config) if len(seeds) > 1 else None
        if known is not None:
            say(f"{target}: trained before", err=True)
            found.append(known)
            continue
        with TerminalProgress(f"Training, {name}", "steps") as progress:
            found.append(trained(config, target, device, progress, lambda line: say(line, err=True)))
    for name in found[0]:
        values = [figures[name] for figures in found]
        spread = f" ± {stdev(values):.4f} over {len(values)} seeds" if len(values) > 1 else ""
        say(f"{name} {fmean(values):.4f}{spread}")
