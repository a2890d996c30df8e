"""The command `bioqa`: names its commands and loads only the one that is called."""

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

_COMMANDS = {  # name: where it is, and its line in the help
    "ask": ("bioqa.qa.ask:ask_command", "Answer a question from the literature."),
    "search": ("bioqa.qa.search:search_command", "Find passages."),
    "index": ("bioqa.index.cli:index", "Build an index over papers, keep it up to date, look at one."),
    "corpus": ("bioqa.index.cli_corpus:corpus", "Download PubMed."),
    "eval": ("bioqa.eval.cli:evaluate", "Measure answers and retrieval."),
    "convert": ("bioqa.eval.cli_convert:convert", "Make files to train and to measure on, of BioASQ questions."),
    "train": ("bioqa.train.cli:train", "Fit what bioqa learns from data."),
    "export": ("bioqa.train.cli_export:export", "Export a model to what bioqa runs."),
    "models": ("bioqa.train.cli_models:models", "List, add and remove models."),
    "doctor": ("bioqa.qa.checkup:doctor_command", "Check this installation."),
    "completion": ("bioqa.qa.completion:completion_command", "Print the completion script of a shell."),
}
_INTERRUPTED = 130  # what shells report for a process that Ctrl-C ended


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used; the help needs none of them."""

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
    """Ask biomedical questions; get the answer, how sure it is, and the sentence that says so.

    All on this machine: questions and answers never leave it.

    \b
    Examples:
      bioqa ask "what gene causes cystic fibrosis?"
      bioqa index build pubmed26n0001.xml.gz --to my-index
      bioqa ask "which drugs target BCR-ABL?" --index my-index
    """


def main() -> None:
    """The entry point: errors become one line on stderr and an exit status (2 wrong call or input, 1 anything else)."""
    sys.exit(_run())


def _run(**options: Any) -> int:
    _open_what_is_closed()
    _escape_what_cannot_be_written()
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
        say("interrupted; what was done before is kept", err=True)
        return _INTERRUPTED
    except (BrokenPipeError, SystemExit):  # SystemExit is how click ends where a pipe broke, and after shell completion
        return _hushed()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"error: {where}{error.strerror or error}", err=True)
        return 1


def _open_what_is_closed() -> None:
    """Stand in for a standard stream that the caller has closed: a file opened next would take its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _escape_what_cannot_be_written() -> None:
    """Have a terminal or pipe that knows fewer characters than UTF-8 show the others as JSON escapes them."""
    codecs.register_error("escaped", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    import json

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _hushed() -> int:
    """The reader of our output, such as `head`, has seen enough: that is no failure, and nothing more is written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 0
