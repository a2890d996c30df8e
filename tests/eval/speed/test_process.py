import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bioqa.eval.speed import process
from bioqa.eval.speed.process import Job
from bioqa.index.errors import BioqaError, InputError

JOB = Job(index="i", corpus="c", questions=["what?", "α"])
TIMED = """
import os, sys
from bioqa.index.errors import BioqaError, InputError

def fine(job):
    print("talk of a library")
    os.system("echo talk of its child")
    block = bytearray(150_000_000)
    return {"first": {"questions": len(job.questions), "passages": job.passages}, "second": {"x_ms": 0.5}}

def refuses(job): raise InputError(f"{job.corpus}: bad corpus")
def gives_up(job): raise BioqaError("the disk is full")
def breaks(job): raise ValueError("no such thing")
def dies(job): os.kill(os.getpid(), 9)
def quits(job): os._exit(3)
"""


@pytest.fixture(autouse=True)
def _timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timed.py").write_text(TIMED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_what_a_function_gives_comes_back_with_the_peak_in_its_first_group() -> None:
    groups = process.run_function("timed:fine", JOB)
    peak = groups["first"]["peak_bytes"]
    assert groups == {"first": {"questions": 2, "passages": 256, "peak_bytes": peak}, "second": {"x_ms": 0.5}}
    assert 150_000_000 < peak < 300_000_000


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("refuses", InputError, "c: bad corpus"),
        ("gives_up", BioqaError, "the disk is full"),
        ("breaks", BioqaError, "breaks failed in the benchmark: ValueError: no such thing"),
        ("dies", BioqaError, "dies failed in the benchmark: killed by signal 9"),
        ("quits", BioqaError, "quits failed in the benchmark: exit status 3"),
    ],
)
def test_what_goes_wrong_in_a_process_is_raised_here(function: str, kind: type[BioqaError], message: str) -> None:
    with pytest.raises(BioqaError) as raised:
        process.run_function(f"timed:{function}", JOB)
    assert (type(raised.value), str(raised.value)) == (kind, message)


def test_a_command_has_a_time_and_a_peak() -> None:
    began = time.perf_counter()
    ended = process.run_command(["--help"])
    assert 0 < ended.seconds <= time.perf_counter() - began
    assert ended.peak_bytes is not None
    assert 5_000_000 < ended.peak_bytes < 60_000_000


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(BioqaError, match=r"bioqa search failed in the benchmark: error: .*no index there"):
        process.run_command(["search", "--index", str(tmp_path), "CFTR"])


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_interrupted_it_leaves_neither_processes_nor_files(small_index: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = ["eval", "speed", "--index", str(small_index), "--runs", "1", "--repeat", "100000"]
    with subprocess.Popen(
        [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()", *arguments],
        env=os.environ | {"TMPDIR": str(scratch)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        while "lexical" not in running.stderr.readline():  # which would take minutes
            assert running.poll() is None
        assert list(scratch.iterdir())
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)  # to the first process alone, not to the group as a terminal does
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, "")
    assert err.strip() == "interrupted; finished work is kept"
    assert not list(scratch.iterdir())
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
