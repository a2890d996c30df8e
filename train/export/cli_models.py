"""`bioqa models`: the models that have a name."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import json_option
from bioqa.train.export.cli import PRECISIONS, max_tokens_option

if TYPE_CHECKING:
    from bioqa.index.models.registry import RegisteredModel

_SHORT = 12  # digits of a digest that are shown


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models that have a name: those that ship, which are the default of their task, and those added.

    A name can be given wherever a model's folder can: to --reader, and to --encoder of 'bioqa index build'.

    \b
    Examples:
      bioqa models
      bioqa models add runs/my-reader --task reader
      bioqa ask "what gene causes cystic fibrosis?" --reader my-reader
    """
    if context.invoked_subcommand is not None:
        return
    from bioqa.index.models.registry import registered_models

    found = registered_models()
    if as_json:
        say_json([_object(entry) for entry in found], indent=1)
    else:
        _show(found)


@models.command()
@click.argument("source", metavar="MODEL")
@click.option("--task", required=True, type=click.Choice(["encoder", "reader"]), help="What the model is for.")
@click.option("--name", default=None, help="What it is called from then on; the last part of MODEL by default.")
@max_tokens_option
@click.option(
    "--precision", default="int8", show_default=True, type=click.Choice(PRECISIONS), help="How weights are stored."
)
def add(source: str, task: str, name: str | None, max_tokens: int, precision: str) -> None:
    """Add a model of BERT's family: a folder, or the name of a model at the hub huggingface.co.

    It is exported to what bioqa runs, which needs the extra 'train', and kept in the user's data folder; a folder that
    'bioqa export' made is copied, once it has been opened and run on a short text. A hub is only asked for the model's
    files, which are kept in the cache; HF_ENDPOINT names another one. Weights are read from safetensors, or from
    pytorch_model.bin without running any code in it.

    \b
    Examples:
      bioqa models add dmis-lab/biobert-base-cased-v1.2 --task encoder --name biobert
      bioqa models add runs/my-reader --task reader
    """
    from bioqa.index.models import registry
    from bioqa.index.models.model import CARD, open_model
    from bioqa.qa.cli.doctor import check_model
    from bioqa.train.export.onnx import export

    called = Path(os.path.realpath(source)).name if name is None else name
    with registry.new_model_folder(called) as folder:
        if os.path.lexists(Path(source) / CARD):
            made = open_model(Path(source), task)
            check_model(made)
            registry.copy_model(made, folder)
            say(f"{called}: added, as it was exported")
            return
        original = export(source, {precision: folder}, task, name=called, max_tokens=max_tokens)
        check_model(open_model(folder, task))
        from bioqa.train.export.parity import measure_parity

        found = measure_parity(original, folder)
    say(
        f"{called}: added; against the original, {found.outputs}: largest difference {found.largest_difference:.3f}, "
        f"cosine at least {found.cosine:.4f}"
    )


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the model that was added as NAME; an index built with it can then no longer be searched by meaning.

    \b
    Example:
      bioqa models remove biobert
    """
    from bioqa.index.models import registry

    say(f"{name}: removed ({registry.remove_model(name)})")


def _object(entry: "RegisteredModel") -> dict[str, object]:
    card = entry.card
    return {
        "name": entry.name,
        "task": card.task if card else None,
        "default": entry.ships,
        "bytes": entry.bytes,
        "precision": card.precision if card else None,
        "source": card.source if card else None,
        "digest": card.digest if card else None,
        "folder": str(entry.folder),
        "problem": entry.problem,
    }


def _show(found: "Sequence[RegisteredModel]") -> None:
    from bioqa.eval.tables import Table, text

    rows = [
        (
            entry.name,
            entry.card.task,
            "default" if entry.ships else "",
            round(entry.bytes / 1e6),
            entry.card.precision,
            entry.card.source or None,
            entry.card.digest[:_SHORT],
            str(entry.folder),
        )
        for entry in found
        if entry.card
    ]
    say_lines(text(Table("", ["name", "task", "", "MB", "weights", "source", "digest", "where"], rows)))
    for entry in found:
        if entry.problem:
            say(f"{entry.name}: {entry.problem}; 'bioqa models remove {entry.name}' removes it", err=True)
