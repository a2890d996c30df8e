"""The command `bioqa`: a lazy group that imports only the command called."""

import codecs
import contextlib
import importlib
import os
import sys
from io import TextIOWrapper
from typing import Any

import click

from bioqa.index.errors import BioqaError
from bioqa.index.terminal import say

_COMMANDS = {  # name: import path and line in the help
    "ask": ("bioqa.qa.cli.ask:ask_command", "Answer a question from the literature."),
    "search": ("bioqa.qa.cli.search:search_command", "Find papers and their passages."),
    "index": ("bioqa.index.cli:index", "Build, update and inspect an index over papers."),
    "corpus": ("bioqa.index.download.cli:corpus", "Get papers from PubMed."),
    "eval": ("bioqa.eval.cli:evaluate", "Measure answers and retrieval."),
    "convert": ("bioqa.eval.convert.cli:convert", "Convert BioASQ questions to training and evaluation files."),
    "train": ("bioqa.train.cli:train", "Train models and fit confidence."),
    "export": ("bioqa.train.export.cli:export", "Export a model to ONNX for bioqa."),
    "models": ("bioqa.train.export.cli_models:models", "List, add and remove models."),
    "doctor": ("bioqa.qa.cli.doctor:doctor_command", "Check this installation."),
    "completion": ("bioqa.qa.cli.completion:completion_command", "Print a shell completion script."),
}
_INTERRUPTED = 130  # the status that shells report after Ctrl-C


class LazyGroup(click.Group):
    """A group that imports its commands on use; its help needs no import."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command called `name`, imported now."""
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bioqa")
def bioqa() -> None:
    """Answer biomedical questions with a confidence and the supporting sentence.

    Everything runs on this machine: questions and answers never leave it.

    \b
    Examples:
      bioqa ask "what gene causes cystic fibrosis?"
      bioqa index build pubmed26n0001.xml.gz --to my-index
      bioqa ask "which drugs target BCR-ABL?" --index my-index
    """


def run() -> None:
    """The entry point: an error becomes one line on stderr and an exit status (2: wrong call or input, 1: other
    errors)."""
    sys.exit(_run())


def _run(**options: Any) -> int:
    _reopen_closed_streams()
    _escape_unencodable()
    try:
        status = int(bioqa.main(standalone_mode=False, **options) or 0)
        sys.stdout.flush()
        return status
    except BioqaError as error:
        say(f"error: {error}", err=True)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted; finished work is kept", err=True)
        return _INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click raises SystemExit after a broken pipe and after shell completion
        return _discard_output()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"error: {where}{error.strerror or error}", err=True)
        return 1


def _reopen_closed_streams() -> None:
    """Replace standard streams that the caller has closed; otherwise the next opened file would take their
    descriptors."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _escape_unencodable() -> None:
    """Escape characters that the output encoding lacks as in JSON."""
    codecs.register_error("escaped", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    import json

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _discard_output() -> int:
    """Discard further output after the consumer, such as `head`, has closed the pipe; that is not an error."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 0
