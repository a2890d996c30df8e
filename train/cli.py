"""`bioqa export` and `bioqa train`: commands that make models."""

from pathlib import Path

import click


@click.command()
@click.argument("source", metavar="MODEL")
@click.option("--to", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path), help="The model folder to write.")
@click.option("--task", required=True, type=click.Choice(["encoder", "reader"]), help="What the model is for.")
@click.option("--name", default=None, help="Name on the model card; the source's own by default.")
@click.option("--max-tokens", default=256, show_default=True, help="The longest sequence it is given.")
def export(source: str, folder: Path, task: str, name: str | None, max_tokens: int) -> None:
    """Export a BERT-family model (a folder or a hub name) to what bioqa runs: ONNX with int8 weights.

    Needs the extra 'train'. Prints how far the exported network is from the original on a few texts.

    \b
    Example:
      bioqa export runs/my-reader --task reader --to my-reader-onnx
    """
    from bioqa.train.export import export as export_model

    parity = export_model(source, folder, task, name=name or Path(source).name, max_tokens=max_tokens)
    size = (folder / "model.onnx").stat().st_size / 1e6
    click.echo(
        f"{folder}: {size:.1f} MB; against the original, {parity.outputs}: "
        f"largest difference {parity.largest_difference:.3f}, cosine at least {parity.cosine:.4f}"
    )
