import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download import client, fetch, record

Run = Callable[..., Any]
Server, Faults = Any, Any
BIOQA = [sys.executable, "-c", "from bioqa.qa.cli.main import run; run()"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pubmed"


@pytest.fixture
def call(run: Run, nlm: Server, folder: Path) -> Run:
    """`bioqa corpus download` from the server of the test."""
    return lambda *arguments: run("corpus", "download", "--to", folder, "--base-url", nlm.address, *arguments)


def test_new_files_are_printed_and_the_talk_goes_to_stderr(call: Run, nlm: Server, folder: Path) -> None:
    added = [*nlm.add("baseline", 1, 2), *nlm.add("updatefiles", 3)]
    outcome = call()
    assert outcome.status == 0
    assert outcome.out.splitlines() == [str(folder / name) for name in added]
    assert outcome.err == "3 files fetched, 0.6 MB; 0 were there already.\n"

    outcome = call()
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "0 files fetched, 0.0 MB; 3 were there already.\n"


def test_json_is_data_and_nothing_else(call: Run, nlm: Server, folder: Path) -> None:
    nlm.add("baseline", 1)
    call()
    [name] = nlm.add("updatefiles", 2)
    outcome = call("--json")
    assert json.loads(outcome.out) == {
        "to": str(folder),
        "dry_run": False,
        "present": 1,
        "new": [{"folder": "updatefiles", "name": name, "size": 200_000}],
        "failed": [],
    }


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ([], [1, 2, 3]),
        (["--baseline"], [1, 2]),
        (["--updates"], [3]),
        (["--baseline", "--updates"], [1, 2, 3]),
        (["--files", "2-"], [2, 3]),
        (["--newest", "1"], [3]),
    ],
)
def test_a_dry_run_says_what_would_be_fetched_and_touches_nothing(
    arguments: list[str], numbers: list[int], call: Run, nlm: Server, folder: Path
) -> None:
    nlm.add("baseline", 1, 2)
    nlm.add("updatefiles", 3)
    outcome = call("--dry-run", *arguments)
    assert outcome.status == 0
    assert [int(line.split(".")[0][-4:]) for line in outcome.out.splitlines()] == numbers
    assert outcome.out.endswith(".xml.gz  0.2 MB\n")
    assert outcome.err == f"{len(numbers)} files to fetch, about {0.2 * len(numbers):.1f} MB; 0 are there already.\n"
    assert not folder.exists()
    data = json.loads(call("--dry-run", "--json", *arguments).out)
    assert (data["dry_run"], len(data["new"])) == (True, len(numbers))
    assert not folder.exists()


def test_files_that_fail_are_named_and_the_status_is_1(call: Run, nlm: Server, faults: Faults, folder: Path) -> None:
    added = nlm.add("baseline", *range(1, 9))
    for name in added[:7]:
        nlm.misbehave(f"baseline/{name}", faults.sends(b"wrong"), lasting=True)
    outcome = call("--json")
    assert outcome.status == 1
    data = json.loads(outcome.out)
    assert [file["name"] for file in data["new"]] == added[7:]
    assert sorted(failure["name"] for failure in data["failed"]) == added[:7]
    lines = outcome.err.splitlines()
    assert sum("fetched 3 times, and its MD5 was never" in line for line in lines) == 5
    assert lines[-2] == "failed: 2 further files"
    assert lines[-1] == "error: 7 files could not be fetched; try the same command again later"


def test_a_server_that_is_busy_is_told_of_and_waited_for(call: Run, nlm: Server, faults: Faults) -> None:
    [name] = nlm.add("baseline", 1)
    nlm.misbehave(f"baseline/{name}", faults.status(503))
    outcome = call()
    assert outcome.status == 0
    assert f"{name}: the server answers 503 Service Unavailable; retrying in 0.01 s" in outcome.err


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_fails_is_status_1(status: int, call: Run, nlm: Server, faults: Faults, folder: Path) -> None:
    nlm.misbehave("baseline/", faults.status(status), lasting=True)
    outcome = call()
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.splitlines()[-1].startswith(f"error: {nlm.address}baseline/: the server answers {status}")
    assert not folder.exists()


def test_without_a_network_it_takes_seconds_and_the_cure_is_told(run: Run, folder: Path, closed_address: str) -> None:
    began = time.monotonic()
    outcome = run("corpus", "download", "--to", folder, "--base-url", closed_address)
    assert time.monotonic() - began < 10
    assert (outcome.status, outcome.out) == (1, "")
    assert "Connection refused; check the connection of this machine" in outcome.err.splitlines()[-1]
    assert not folder.exists()


@pytest.mark.parametrize("place", ["baseline/", "baseline/{}.md5", "baseline/{}"])
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (302, {"Location": "http://127.0.0.1:port/"}),
        (302, {"Location": "http://[::1"}),
        (503, {"Retry_After": "9" * 9000}),
    ],
)
def test_headers_that_make_no_sense_are_one_error(
    status: int, headers: dict[str, str], place: str, call: Run, nlm: Server, faults: Faults
) -> None:
    [name] = nlm.add("baseline", 1)
    nlm.misbehave(place.format(name), faults.status(status, **headers), lasting=True)
    outcome = call()
    assert outcome.status == 1
    assert outcome.err.splitlines()[-1].startswith("error: ")
    assert max(map(len, outcome.err.splitlines())) < 500


def test_a_disk_that_is_full_is_one_error(
    call: Run, nlm: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    nlm.add("baseline", 1)
    monkeypatch.setattr(fetch, "_write", full)
    outcome = call()
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.splitlines()[-1].endswith(
        ".part: No space left on device; complete files are kept, and the same command resumes from there"
    )
    assert outcome.err.count("No space left") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--files", "5-1"],
        ["--files", ""],
        ["--files", "99-"],
        ["--newest", "0"],
        ["--parallel", "6"],
        ["--parallel", "0"],
        ["--base-url", "http://ftp.ncbi.nlm.nih.gov/pubmed/"],
        ["--base-url", "nonsense"],
        ["--unheard"],
        ["more"],
    ],
)
def test_a_wrong_call_has_status_2(arguments: list[str], call: Run, nlm: Server, folder: Path) -> None:
    nlm.add("baseline", 1)
    outcome = call(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert "rror: " in outcome.err
    assert not folder.exists()


def test_a_folder_has_to_be_named(run: Run) -> None:
    assert run("corpus", "download").status == 2


def test_a_damaged_record_is_status_2(call: Run, nlm: Server, folder: Path) -> None:
    nlm.add("baseline", 1)
    folder.mkdir()
    (folder / record.RECORD).write_text("{")
    outcome = call()
    assert outcome.status == 2
    assert f"error: {folder / record.RECORD}: damaged" in outcome.err


def test_a_new_baseline_beside_the_old_one_is_warned_of(call: Run, nlm: Server) -> None:
    nlm.add("baseline", 1, year=25)
    call()
    nlm.files.clear()
    nlm.add("baseline", 1, year=26)
    outcome = call()
    assert outcome.status == 0
    assert "warning: 1 files are older than the baseline of 2026" in outcome.err


def test_a_check_fetches_again_what_was_damaged(call: Run, nlm: Server, folder: Path) -> None:
    [name] = nlm.add("baseline", 1)
    call()
    (folder / name).write_bytes(b"x" * 200_000)
    assert call().out == ""
    assert call("--check").out == f"{folder / name}\n"


def test_ctrl_c_says_that_the_same_command_goes_on(nlm: Server, faults: Faults, folder: Path) -> None:
    [name] = nlm.add("baseline", 1)
    nlm.misbehave(f"baseline/{name}", faults.stall(fetch._CHUNK))
    command = [*BIOQA, "corpus", "download", "--to", str(folder), "--base-url", nlm.address]
    part = fetch.part_path(folder / name)
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size == fetch._CHUNK) and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if line] == [
        f"{folder}: incomplete files end in .part, and the same command resumes them",
        "interrupted; finished work is kept",
    ]
    assert part.stat().st_size == fetch._CHUNK


def test_only_the_download_loads_what_speaks_to_a_network() -> None:
    report = (
        "import sys; from bioqa.qa.cli import main; import bioqa.index.corpus.files, bioqa.index.download.cli;"
        "import bioqa.index.download.client; main._run(args=['corpus', 'download', '--help']);"
        "print([name for name in ('http.client', 'urllib.request', 'ssl') if name in sys.modules], file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", report], capture_output=True, timeout=60, check=True)
    assert process.stderr == b"[]\n"


def test_the_real_server_is_the_default(run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    asked = []
    monkeypatch.setattr(client.HttpClient, "page", lambda _, url: asked.append(url) or "<title>Index of /</title>")
    assert run("corpus", "download", "--to", folder).status == 1
    assert asked == [f"https://ftp.ncbi.nlm.nih.gov/pubmed/{part}/" for part in ("baseline", "updatefiles")]
