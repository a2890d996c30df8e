"""Fresh processes for benchmarks: every workload runs in its own process, with its own memory and caches."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module

from bioqa.eval.speed.memory import peak_bytes
from bioqa.index.errors import BioqaError, InputError

Figures = Mapping[str, float]  # names contain the units: "p50_ms", "passages_per_s", "peak_bytes"
Groups = Mapping[str, Figures]  # by the name of the measured step

_COMMAND = (
    "import atexit; from bioqa.eval.speed.memory import report_peak; atexit.register(report_peak); "
    "from bioqa.qa.cli.main import run; run()"
)
_CALL = "from bioqa.eval.speed.process import serve; serve()"


@dataclass(frozen=True, slots=True)
class Job:
    """The input of benchmark processes. They exchange files in the folder `scratch`."""

    index: str
    corpus: str
    questions: Sequence[str]
    scratch: str = ""
    reader: str | None = None
    peer_encoder: str | None = None
    encoder_tokens: int = 0  # the encoder of the index truncates texts to as many; 0 without an encoder
    documents: int = 30_000  # of the corpus; a file of the PubMed baseline holds as many
    passages: int = 256  # to encode and to read: a few seconds' work
    warm_up: int = 5  # questions before the measurement
    repeat: int = 1  # rounds over the questions
    max_ram: int | None = None  # the memory limit of a build, in bytes


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """Wall-clock time of a finished process, and its peak resident memory if the system reports it."""

    seconds: float
    peak_bytes: int | None


def run_command(arguments: Sequence[str]) -> ProcessUsage:
    """Run `bioqa` with `arguments` in a fresh process. Raises BioqaError if it fails."""
    began = time.perf_counter()
    completed = _python(_COMMAND, *arguments)
    seconds = time.perf_counter() - began
    *messages, last = completed.stderr.splitlines() or [""]
    if completed.returncode:
        reason = _reason(completed.returncode, messages)
        raise BioqaError(f"bioqa {arguments[0]} failed in the benchmark: {reason}")
    peak = last.removeprefix("peak_bytes ")
    return ProcessUsage(seconds, int(peak) if peak.isdecimal() else None)


def run_function(function: str, job: Job) -> Groups:
    """Run `function` ("module:name", from a Job to Groups) in a fresh process; adds its peak memory to the first group.

    Raises the BioqaError or InputError of the function, and BioqaError if the process dies.
    """
    completed = _python(_CALL, function, text=json.dumps(asdict(job)))
    if completed.returncode:
        reason = _reason(completed.returncode, completed.stderr.splitlines())
        raise BioqaError(f"{function.partition(':')[2]} failed in the benchmark: {reason}")
    reply = json.loads(completed.stdout)
    if "error" in reply:
        raise (InputError if reply["exit_status"] == InputError.exit_status else BioqaError)(reply["error"])
    groups: Groups = reply["groups"]
    return groups


def serve() -> None:
    """The child process of `run_function`: reads the job from standard input, writes the reply to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent process reports the interruption
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)  # output of libraries goes to standard error
        module, _, name = sys.argv[1].partition(":")
        function: Callable[[Job], Groups] = getattr(import_module(module), name)
        job = Job(**json.load(sys.stdin))
        try:
            groups = {group: dict(figures) for group, figures in function(job).items()}
            peak = peak_bytes()
            if peak is not None:
                next(iter(groups.values()))["peak_bytes"] = peak
            json.dump({"groups": groups}, reply)
        except BioqaError as error:
            json.dump({"error": str(error), "exit_status": error.exit_status}, reply)


def _python(code: str, *arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `code`. The process has ended when this returns or raises, even after an interruption."""
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8") as running:  # noqa: S603 (ours)
        try:
            output, messages = running.communicate(text)
        except BaseException:  # subprocess.run would not wait here, and a dying process can still write
            running.kill()
            running.wait()
            raise
    return subprocess.CompletedProcess(command, running.returncode, output, messages)


def _reason(status: int, messages: Sequence[str]) -> str:
    return messages[-1] if messages else f"killed by signal {-status}" if status < 0 else f"exit status {status}"
