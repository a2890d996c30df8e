import errno
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bioqa.eval.report import writer
from bioqa.eval.runs import evaluation
from bioqa.eval.runs.evaluation import Evaluation
from bioqa.index.errors import StorageError

FILES = ["ledger.jsonl", "report.html", "report.json", "report.md"]


def contents(folder: Path) -> dict[str, str]:
    return {entry.name: entry.read_text(encoding="utf-8") for entry in sorted(folder.iterdir())}


def test_a_run_makes_four_files(by_hand: Evaluation, tmp_path: Path) -> None:
    writer.write(tmp_path / "made", by_hand)
    found = contents(tmp_path / "made")
    assert list(found) == FILES
    assert json.loads(found["report.json"]) == json.loads(json.dumps(evaluation.as_object(by_hand)))
    rows = [json.loads(line) for line in found["ledger.jsonl"].splitlines()]
    assert rows == [json.loads(json.dumps(asdict(row))) for row in by_hand.ledger]


def test_a_submission_makes_three_and_an_old_ledger_goes(by_hand: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    writer.write(tmp_path, by_hand)
    writer.write(tmp_path, replace(by_hand, outcomes=()))
    assert list(contents(tmp_path)) == ["notes.txt", *FILES[1:]]


def test_markdown_has_the_tables_and_short_examples(by_hand: Evaluation) -> None:
    lines = writer.markdown(by_hand).splitlines()
    assert lines[0] == "# bioqa on 8 questions"
    assert r"| gold | one\_\<b\>, two |" in lines
    assert "| factoid strict accuracy | 0.400 |" in "\n".join(lines)
    for heading in ("### By batch", "### The run", "## Examples from the ledger", "### near miss: 2 of 2"):
        assert heading in lines
    (line,) = [line for line in lines if line.startswith("| which 2?")]
    assert r"which 2? \<script\>alert('x')\</script\> \& " in line
    assert r"| CFTR = a synonym | the CFTR (80%); another (1%) | “the CFTR” to “CFTR”, distance 0.250 |" in line


@pytest.mark.parametrize("written", range(4))
def test_a_full_disk_leaves_whole_files(
    by_hand: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    writer.write(tmp_path / "new", by_hand)
    writer.write(tmp_path / "report", replace(by_hand, facts={"index": "an older one"}))
    older, newer = contents(tmp_path / "report"), contents(tmp_path / "new")
    left, sync = [written], os.fsync

    def full(descriptor: int) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= 1
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=f"{tmp_path / 'report'}.*No space left on device"):
        writer.write(tmp_path / "report", by_hand)
    found = contents(tmp_path / "report")
    assert list(found) == FILES
    assert all(content in (older[name], newer[name]) for name, content in found.items())


@pytest.mark.parametrize("place", ["file", "none/report"])
def test_a_folder_that_cannot_be_made_is_named(by_hand: Evaluation, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match=f"{tmp_path / place}: .*; the report was not written"):
        writer.write(tmp_path / place, by_hand)
    assert list(contents(tmp_path)) == ["file"]


def test_what_is_no_character_is_no_reason_to_fail(by_hand: Evaluation, tmp_path: Path) -> None:
    first = by_hand.outcomes[0]
    assert first.ledger_entry
    broken = replace(first, ledger_entry=replace(first.ledger_entry, question="half \ud800 a pair"))
    writer.write(tmp_path, replace(by_hand, outcomes=[broken, *by_hand.outcomes[1:]]))
    assert all("half ? a pair" in contents(tmp_path)[name] for name in ("ledger.jsonl", "report.html", "report.md"))
