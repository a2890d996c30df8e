import importlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest

from bioqa.index.ingest import builder
from bioqa.qa.cli import main

Run = Callable[..., Any]
COMMANDS = ("ask", "search", "index", "corpus", "eval", "convert", "train", "export", "models", "doctor", "completion")
MAIN = [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()"]


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_lists_every_command_with_an_example(run: Run, option: str) -> None:
    outcome = run(option)
    assert (outcome.status, outcome.err) == (0, "")
    assert 'bioqa ask "what gene causes cystic fibrosis?"' in outcome.out
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\S", outcome.out, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_or_commands(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert re.search(r"Examples?:\n +bioqa|^Commands:", outcome.out, re.MULTILINE)


def test_every_command_named_is_there_and_no_group_is_empty() -> None:
    for module, _, attribute in (place.partition(":") for place, _ in main._COMMANDS.values()):
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        assert not isinstance(command, click.Group) or command.commands


def test_the_help_imports_almost_nothing() -> None:
    watched = ("numpy", "rich", "torch", "onnxruntime", "tokenizers", "faiss", "tantivy", "lxml", "bioqa.qa.engine")
    report = (
        "import sys; from bioqa.qa.cli import main; status = main._run(args=['--help']);"
        f"print(status, [name for name in {watched} if name in sys.modules], file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", report], capture_output=True, timeout=60, check=True)
    assert process.stderr == b"0 []\n"


def test_the_help_of_index_commands_imports_no_numerics() -> None:
    report = (
        "import sys; from bioqa.qa.cli import main; main._run(args=['index', 'build', '--help']);"
        "print([name for name in ('numpy', 'onnxruntime', 'faiss', 'tantivy') if name in sys.modules], file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", report], capture_output=True, timeout=60, check=True)
    assert process.stderr == b"[]\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_terminal_cannot_show_is_escaped(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"pmid": 1, "title": "β-blockers – “safe” 😀 é", "abstract": "x"}\n', encoding="utf-8"
    )
    builder.build([tmp_path / "a.jsonl"], tmp_path / "index", None)
    for arguments in (["search", "β-blockers"], ["search", "β-blockers", "--json"], ["index", "info", tmp_path / "ö"]):
        process = subprocess.run(
            [*MAIN, *map(str, arguments), *(["--index", str(tmp_path / "index")] if arguments[0] == "search" else [])],
            capture_output=True, timeout=60, check=False, env=os.environ | {"PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert b"Traceback" not in process.stderr
        assert process.returncode == (0 if arguments[0] == "search" else 2)
        if "--json" in arguments:
            content = process.stdout.decode("latin-1" if encoding == "latin-1" else "utf-8")
            assert json.loads(content)[0]["title"] == "β-blockers – “safe” 😀 é"
        elif arguments[0] == "search":
            shown = process.stdout.decode(encoding)
            assert ("β" if encoding == "utf-8" else "\\u03b2") + "-blockers" in shown


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_standard_stream_may_be_closed(closed: str, small_index: Path) -> None:
    for call in ("--help", f"ask - --index '{small_index}'", "search CFTR --json --index /none"):
        shell = f'{sys.executable} -c "from bioqa.qa.cli.main import run; run()" {call} {closed}'
        process = subprocess.run(["sh", "-c", shell], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert process.returncode == (2 if "none" in call else 0)
        assert b"Traceback" not in process.stderr


def test_the_version_is_that_of_the_package(run: Run) -> None:
    outcome = run("--version")
    assert outcome.status == 0
    assert outcome.out.endswith(f", version {metadata.version('bioqa')}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["--nonsense"], "No such option"),
        (["ask", "x", "--nonsense"], "No such option"),
        (["index", "nonsense"], "No such command"),
        (["index", "build"], "Missing argument"),
        (["eval", "bioasq", "--nonsense"], "No such option"),
        (["train", "nonsense"], "No such command"),
        (["export"], "Missing argument"),
        (["models", "nonsense"], "No such command"),
        (["models", "add"], "Missing argument"),
        (["models", "add", "x", "--task", "tagger"], "Invalid value"),
        (["models", "remove"], "Missing argument"),
        (["doctor", "now"], "unexpected extra argument"),
    ],
)
def test_a_wrong_call_has_status_2_and_says_what_is_wrong(run: Run, arguments: list[str], message: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_without_a_command_there_is_help_and_status_2(run: Run) -> None:
    outcome = run()
    assert outcome.status == 2
    assert "Commands:" in outcome.out + outcome.err


def test_what_the_disk_refuses_is_one_line_with_the_name_of_the_file(
    run: Run, tmp_path: Path, corpus_file: Path, write_jsonl: Callable[..., Path]
) -> None:
    builder.build([corpus_file], tmp_path / "index", None)
    builder.build([write_jsonl("update.jsonl", [{"pmid": 101, "title": "New"}])], tmp_path / "index", None)
    (removed,) = (tmp_path / "index").glob("removed-*.npy")
    removed.unlink()
    outcome = run("search", "gene", "--index", tmp_path / "index")
    assert outcome.status in (1, 2)
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert str(removed) in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_interruption_is_told_in_one_line(small_index: Path) -> None:
    command = [*MAIN, "ask", "-", "--index", str(small_index), "--json"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"what gene causes cystic fibrosis?\n")
        assert process.stdout.readline().startswith(b"{")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        errors = process.stderr.read()
    assert b"interrupted; finished work is kept" in errors
    assert b"Traceback" not in errors


def after_its_reader_went(*arguments: str) -> tuple[int, str]:
    """Status and messages of a command whose standard output nobody reads."""
    ours, theirs = os.pipe()
    os.close(ours)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    options = {"stderr": subprocess.PIPE, "text": True, "timeout": 60, "env": environment}
    try:
        process = subprocess.run([*MAIN, *arguments], stdout=theirs, check=False, **options)
    finally:
        os.close(theirs)
    return process.returncode, process.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "gene"],
        ["ask", "gene", "--json"],
        ["--help"],
        pytest.param(["search", "gene"]),
    ],
)
def test_a_reader_that_has_seen_enough_causes_no_message(small_index: Path, arguments: list[str]) -> None:
    index = [] if arguments == ["--help"] else ["--index", str(small_index)]
    assert after_its_reader_went(*arguments, *index)[1] == ""


def test_a_reader_that_has_seen_enough_is_no_failure(small_index: Path) -> None:
    assert after_its_reader_went("search", "gene", "--index", str(small_index), "--json")[0] == 0
