"""The command `bioqa completion`: shell completion scripts."""

import click
from click.shell_completion import get_completion_class

from bioqa.qa.cli.main import bioqa


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print a shell completion script.

    \b
    Examples:
      bioqa completion bash >> ~/.bashrc
      bioqa completion zsh  >> ~/.zshrc
      bioqa completion fish > ~/.config/fish/completions/bioqa.fish
    """
    completer = get_completion_class(shell)
    if completer is None:
        raise click.BadParameter(f"no completion for {shell}")
    click.echo(completer(bioqa, {}, "bioqa", "_BIOQA_COMPLETE").source())
