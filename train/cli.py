"""The commands of `bioqa train`."""

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import click

from bioqa.eval.cli_learned import warn_of_learned
from bioqa.index.terminal import say
from bioqa.qa.cli.options import model_folder
from bioqa.train import extras

if TYPE_CHECKING:
    from bioqa.eval.everyday.table import EverydayQuestion
    from bioqa.qa.engine import Engine

_REPORTED_THRESHOLD = 0.5  # of confidence, whose effect on accuracy the help of `ask` reports


_smoke_option = click.option(
    "--smoke",
    is_flag=True,
    help="A trial in a minute: all steps on a few examples, to see that files, model and machine suffice; keeps "
    "nothing.",
)


@click.group()
def train() -> None:
    """Train models and fit confidence."""


@train.command()
@click.argument("gold", nargs=-1, required=True, metavar="GOLD...", type=click.Path(path_type=Path))
@click.option(
    "--index",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="An index with the gold documents among many others.",
)
@click.option(
    "--reader",
    "reader_folder",
    metavar="DIR|NAME",
    callback=model_folder,
    help="The reader that answers, if the one of --to was trained on these questions; by default the one of --to.",
)
@click.option(
    "--check",
    "held_out",
    multiple=True,
    metavar="GOLD",
    type=click.Path(path_type=Path),
    help="Other gold files, on which to report the calibration error.",
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder of the reader to fitting.",
)
@click.option(
    "--everyday",
    is_flag=True,
    help="Fit on the development half of the everyday questions, too: they are asked of the reader to calibrate, those "
    "over PubMed abstracts from --index.",
)
@_smoke_option
def calibration(
    gold: tuple[Path, ...],
    folder: Path,
    reader_folder: Path | None,
    held_out: tuple[Path, ...],
    target: Path,
    everyday: bool,
    smoke: bool,
) -> None:
    """Fit the confidence of a reader on the questions of BioASQ GOLD files, as answered from an index with their
    documents, and as answered from their gold snippets.

    A reader answers questions from its training data better than others. To fit on such questions, let another reader
    answer them (--reader): one trained with the same recipe without them.

    \b
    Examples:
      bioqa train calibration 9B*_golden.json --check 11B1_golden.json --index my-index --to my-reader
      bioqa train calibration 9B*_golden.json --index my-index --reader trained-before-year-9 --to my-reader
      bioqa train calibration 9B*_golden.json --index my-index --everyday --to my-reader
    """
    from bioqa.eval.runs import evaluation, scores
    from bioqa.index.models.model import open_model
    from bioqa.index.progress import TerminalProgress
    from bioqa.qa.engine import Engine
    from bioqa.train.calibration import fitting, observations

    open_model(target, "reader")  # raises before an hour of work
    batches, checked = evaluation.read_batches(gold), evaluation.read_batches(held_out)
    scores.pooled([*batches, *checked], cure="give every question once, and check on questions that are not fitted on")
    questions = scores.pooled(batches).questions
    checked_questions = scores.pooled(checked).questions if checked else []
    fitting.refuse_unusable(questions, everyday=everyday)
    engine = Engine.open(folder, reader_folder or target)
    observations.refuse_without_gold(questions, engine)
    warn_of_learned([question.body for question in questions], reader_folder or target)
    asked = _everyday_questions(folder, target) if everyday else []
    kept = target
    if smoke:
        from bioqa.train import smoke as trial

        questions, checked_questions = map(trial.few_of_each_type, (questions, checked_questions))
        asked, target = asked[: trial.QUESTIONS], _copy_to_discard(target)
    with TerminalProgress("Asking", "questions") as progress:
        samples = observations.collect(questions, engine, progress)
    if asked:
        with TerminalProgress("Asking everyday questions", "questions") as progress:
            observations.add_everyday(samples, asked, progress)
    with TerminalProgress("Reading snippets", "questions") as progress:
        samples_given = observations.collect_given(questions, engine, progress)
    models = fitting.fit_all(samples, questions)
    given = fitting.fit_all(fitting.fittable(samples_given), questions)
    for name in samples_given.keys() - given.keys():
        say(f"given passages: {name}: too few questions with snippets to fit; the model above applies")
    fitting.save(models, given, target)
    for prefix, all_fitted in (("", models), ("given passages: ", given)):
        for name, fitted in all_fitted.items():
            weights = ", ".join(f"{feature} {weight:+.2f}" for feature, weight in fitted.weights.items())
            cuts = f"threshold {fitted.threshold:.3f}" + (f", share {fitted.share:.2f}" if fitted.share else "")
            say(f"{prefix}{name}: {weights}, bias {fitted.bias:+.2f}; {cuts}")
    if held_out:
        checking = Engine.open(folder, target)
        with TerminalProgress("Checking", "questions") as progress:
            samples = observations.collect(checked_questions, checking, progress)
        with TerminalProgress("Checking on snippets", "questions") as progress:
            samples_given = observations.collect_given(checked_questions, checking, progress)
        for prefix, all_fitted, each in (("", models, samples), ("given passages: ", given, samples_given)):
            for name, error in fitting.calibration_errors(all_fitted, each).items():
                say(f"{prefix}{name}: expected calibration error {error:.3f} on held-out questions")
        selective = fitting.selective_accuracy(models["factoid"], samples["factoid"], _REPORTED_THRESHOLD)
        if selective:
            fitting.save(models, given, target, selective)
            say(
                f"factoid, confidence of at least {selective['least']}: {selective['answered']:.3f} answered, "
                f"accuracy {selective['accuracy']:.3f}, of all {selective['accuracy_of_all']:.3f}"
            )
    _say_next(f'bioqa ask "what gene causes cystic fibrosis?" --reader {kept}', smoke=smoke)


def _copy_to_discard(folder: Path) -> Path:
    """A copy of a model that is deleted when the command ends."""
    import shutil
    import tempfile

    temporary = click.get_current_context().with_resource(tempfile.TemporaryDirectory(prefix="bioqa-smoke-"))
    return Path(shutil.copytree(folder, Path(temporary) / "model"))


def _say_next(command: str, *, smoke: bool, err: bool = False) -> None:
    """Say which command comes next; after a trial, that it was one."""
    done = "smoke: all steps were done on a few examples; nothing is kept"
    say(done if smoke else f"next: {command}", err=err)


def _everyday_questions(index: Path, reader: Path) -> "list[tuple[EverydayQuestion, Engine]]":
    """The everyday questions of the development half and both twins of its pairs, each with the engine to ask."""
    from bioqa.eval.everyday import run, table
    from bioqa.qa import starter

    rows = table.read_table(table.shipped_folder()).of_half("dev")
    return [
        (question, engine)
        for engine, part in run.by_engine(rows, starter.index_folder(), index, reader)
        for question in (*part.questions, *(twin for pair in part.pairs for twin in pair.questions()))
    ]


def _recipe_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator with the arguments and options of commands that train by a recipe."""
    options = (
        click.argument("recipe", metavar="RECIPE", type=click.Path(path_type=Path)),
        click.option(
            "--to",
            "folder",
            required=True,
            metavar="DIR",
            type=click.Path(path_type=Path),
            help="The folder to train into.",
        ),
        click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Override a value of the recipe."),
        click.option(
            "--seed",
            "seeds",
            multiple=True,
            type=click.IntRange(0),
            help="Random seed; several train a model each, in DIR/seed-N. By default that of the recipe.",
        ),
        click.option(
            "--device",
            default="auto",
            show_default=True,
            help="cpu, cuda, or such as cuda:1; auto uses a GPU if there is one.",
        ),
        _smoke_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@train.command()
@_recipe_options
def reader(
    recipe: Path, folder: Path, changes: tuple[str, ...], seeds: tuple[int, ...], device: str, smoke: bool
) -> None:
    """Train a reader by RECIPE: spans, list items, yes/no and relevance on one BERT-family encoder.

    RECIPE is a TOML file with the base model, the training files and the hyperparameters; a copy of its values goes to
    training.json in the reader's folder. After an interruption the same command resumes from the last checkpoint and
    ends with the same weights. Needs the extra 'train'. 'bioqa export' converts the reader for 'ask --reader'.

    \b
    Examples:
      bioqa train reader recipe.toml --to runs/reader
      bioqa train reader recipe.toml --to runs/reader --smoke
      bioqa train reader recipe.toml --to runs/three --seed 1 --seed 2 --seed 3
      bioqa train reader recipe.toml --to runs/biobert --set base=dmis-lab/biobert-base-cased-v1.2
      bioqa train reader recipe.toml --to runs/short --set schedule.epochs=1 --set max_tokens=256
      bioqa train reader recipe.toml --to runs/taught --set teacher=runs/mpnet
    """
    _train("reader", recipe, folder, changes, seeds, device, smoke=smoke)


@train.command()
@_recipe_options
def retriever(
    recipe: Path, folder: Path, changes: tuple[str, ...], seeds: tuple[int, ...], device: str, smoke: bool
) -> None:
    """Train a retriever by RECIPE: an encoder that places questions near the passages that answer them.

    Training is contrastive, on pairs of a question and a passage. Negatives are the other passages of a batch and hard
    negatives from BM25, or from an encoder named as the miner; a teacher adds distillation of its cosines. Retrieval
    for held-out questions selects the best weights. RECIPE, checkpoints and training.json are as for 'train reader'.
    Needs the extra 'train'. 'bioqa export DIR --task encoder' converts the encoder for 'index build --encoder'; with
    'asymmetric = true' there are two, one for questions and one for passages.

    \b
    Examples:
      bioqa train retriever recipe.toml --to runs/retriever
      bioqa train retriever recipe.toml --to runs/taught --set teacher=BAAI/bge-base-en-v1.5 --set teacher_pooling=first
      bioqa train retriever recipe.toml --to runs/careful --set doubtful=0.0 --set negatives=3
      bioqa train retriever recipe.toml --to runs/second --set miner=runs/retriever
    """
    _train("retriever", recipe, folder, changes, seeds, device, smoke=smoke)


def _train(
    name_of_task: str,
    recipe: Path,
    folder: Path,
    changes: tuple[str, ...],
    seeds: tuple[int, ...],
    device: str,
    *,
    smoke: bool,
) -> None:
    """Train a model for every seed, and print the mean of their figures."""
    extras.require()
    import tempfile

    from bioqa.index.progress import TerminalProgress
    from bioqa.train import run_record
    from bioqa.train import smoke as trial
    from bioqa.train.recipe import read_recipe
    from bioqa.train.task_table import TASKS

    task = TASKS[name_of_task]
    kind, train_model = task.load("recipe"), task.load("train")
    if smoke:
        with tempfile.TemporaryDirectory(prefix="bioqa-smoke-") as temporary:
            config = trial.shortened(read_recipe(recipe, kind, changes))
            with TerminalProgress("Trial", "steps") as progress:
                train_model(config, Path(temporary), device, progress, _talk, most_questions=trial.QUESTIONS)
        _say_next("", smoke=True, err=True)
        return

    results, targets = [], []
    for seed in [f"schedule.seed={seed}" for seed in seeds] or [""]:
        config = read_recipe(recipe, kind, [*changes, *filter(None, [seed])])
        name = f"seed-{config.schedule.seed}"
        target = folder / name if len(seeds) > 1 else folder
        targets.append(target)
        finished = run_record.finished_figures(target, config) if len(seeds) > 1 else None
        if finished is not None:
            say(f"{target}: already trained", err=True)
            results.append(finished)
            continue
        with TerminalProgress(f"Training, {name}", "steps") as progress:
            results.append(train_model(config, target, device, progress, _talk))
    for name in results[0]:
        values = [figures[name] for figures in results]
        spread = f" ± {stdev(values):.4f} over {len(values)} seeds" if len(values) > 1 else ""
        say(f"{name} {fmean(values):.4f}{spread}")
    first = next(iter(results[0]))  # which selects the best weights, and the best seed
    best = max(zip(results, targets, strict=True), key=lambda pair: pair[0][first])[1]
    _say_next(f"bioqa export {best} --task {task.exported} --to {best}-onnx", smoke=False, err=True)


def _talk(line: str) -> None:
    say(line, err=True)
