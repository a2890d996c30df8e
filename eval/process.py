"""Fresh processes: whatever is timed runs in one of its own, so that memory and caches are those of nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module

from bioqa.eval.memory import peak_bytes
from bioqa.index.errors import BioqaError, InputError

Figures = Mapping[str, float]  # the units stand in the names: "p50_ms", "passages_per_s", "peak_bytes"
Groups = Mapping[str, Figures]  # of what was timed, by its name

_COMMAND = (
    "import atexit; from bioqa.eval.memory import report; atexit.register(report); "
    "from bioqa.qa.cli import main; main()"
)
_CALL = "from bioqa.eval.process import answer; answer()"


@dataclass(frozen=True, slots=True)
class Job:
    """What the timed processes work on. `scratch` is the folder where one leaves what the next needs."""

    index: str
    corpus: str
    questions: Sequence[str]
    scratch: str = ""
    reader: str | None = None
    peer_encoder: str | None = None
    encoder_tokens: int = 0  # that the index's encoder sees of a text; 0 where there is none
    documents: int = 30_000  # of the corpus: as many as a file of the PubMed baseline holds
    passages: int = 256  # encoded and read: some seconds' work
    warm_up: int = 5  # questions before those that count
    repeat: int = 1  # rounds over the questions
    max_ram: int | None = None  # that a build keeps to


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has done its work: wall-clock time, and peak resident memory where the system tells."""

    seconds: float
    peak_bytes: int | None


def command(arguments: Sequence[str]) -> Ended:
    """Run `bioqa` with `arguments` in a fresh process. Raises BioqaError where it fails."""
    began = time.perf_counter()
    done = _python(_COMMAND, *arguments)
    seconds = time.perf_counter() - began
    *talk, last = done.stderr.splitlines() or [""]
    if done.returncode:
        raise BioqaError(f"bioqa {arguments[0]} failed when timed: {_reason(done.returncode, talk)}")
    peak = last.removeprefix("peak_bytes ")
    return Ended(seconds, int(peak) if peak.isdecimal() else None)


def call(function: str, job: Job) -> Groups:
    """What `function` ("module:name", from a Job to Groups) gives in a fresh process; its peak memory is added to the
    first group.

    Raises what the function raises of BioqaError and InputError, and BioqaError where the process dies.
    """
    done = _python(_CALL, function, text=json.dumps(asdict(job)))
    if done.returncode:
        reason = _reason(done.returncode, done.stderr.splitlines())
        raise BioqaError(f"{function.partition(':')[2]} failed when timed: {reason}")
    reply = json.loads(done.stdout)
    if "error" in reply:
        raise (InputError if reply["exit_status"] == InputError.exit_status else BioqaError)(reply["error"])
    groups: Groups = reply["groups"]
    return groups


def answer() -> None:
    """The other end of `call`: the job comes on standard input, the reply goes to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the process that called says that it was interrupted
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as reply:
        os.dup2(2, 1)  # whatever a library prints is talk
        module, _, name = sys.argv[1].partition(":")
        timed: Callable[[Job], Groups] = getattr(import_module(module), name)
        job = Job(**json.load(sys.stdin))
        try:
            groups = {group: dict(figures) for group, figures in timed(job).items()}
            peak = peak_bytes()
            if peak is not None:
                next(iter(groups.values()))["peak_bytes"] = peak
            json.dump({"groups": groups}, reply)
        except BioqaError as error:
            json.dump({"error": str(error), "exit_status": error.exit_status}, reply)


def _python(code: str, *arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `code`; interrupted or not, the process has ended when this returns or raises."""
    call = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(call, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8") as running:  # noqa: S603 (ours)
        try:
            out, talk = running.communicate(text)
        except BaseException:  # subprocess.run would not wait here, and what is dying can still write
            running.kill()
            running.wait()
            raise
    return subprocess.CompletedProcess(call, running.returncode, out, talk)


def _reason(status: int, talk: Sequence[str]) -> str:
    return talk[-1] if talk else f"killed by signal {-status}" if status < 0 else f"exit status {status}"
