import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_bioqa_for_completions(run: Run, shell: str) -> None:
    outcome = run("completion", shell)
    assert (outcome.status, outcome.err) == (0, "")
    assert f"_BIOQA_COMPLETE={shell}_complete" in outcome.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_can_read(run: Run, tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(run("completion", shell).out)
    subprocess.run([shell, "-n", str(script)], check=True, timeout=30)


def test_a_shell_that_is_not_known_is_a_wrong_call(run: Run) -> None:
    outcome = run("completion", "cmd.exe")
    assert (outcome.status, outcome.out) == (2, "")
    assert "bash" in outcome.err


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("bioqa se", {"search"}),
        ("bioqa ask --min", {"--min-confidence"}),
        ("bioqa ask --type y", {"yesno"}),
        ("bioqa index b", {"build"}),
        ("bioqa eval ", {"bioasq"}),
    ],
)
def test_commands_options_and_choices_are_completed(line: str, completions: set[str]) -> None:
    process = subprocess.run(
        [sys.executable, "-c", "import sys; from bioqa.qa.cli.main import run; sys.argv[0] = 'bioqa'; run()"],
        env={
            **os.environ,
            "_BIOQA_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.stderr == ""
    assert completions <= {row.partition(",")[2] for row in process.stdout.splitlines()}
