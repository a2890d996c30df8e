import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models import model
from bioqa.qa import starter
from bioqa.qa.cli import doctor
from bioqa.qa.cli.doctor import InstallationCheck

Run = Callable[..., Any]


def found(what: str) -> InstallationCheck:
    (finding,) = (finding for finding in doctor.check_installation() if finding.what == what)
    return finding


@pytest.fixture
def small_starter(corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A starter index over the small corpus, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(starter, "passages_file", lambda: corpus_file)
    return starter.index_folder()


def test_everything_that_answering_needs_is_looked_at() -> None:
    findings = doctor.check_installation()
    assert all(finding.ok for finding in findings)
    needed = {
        "bioqa",
        "python",
        "onnxruntime",
        "tantivy",
        "faiss-cpu",
        "tokenizers",
        "encoder",
        "reader",
        "starter index",
    }
    assert needed <= {finding.what for finding in findings}
    assert all(finding.detail for finding in findings)


def test_a_missing_package_is_found(monkeypatch: pytest.MonkeyPatch, small_starter: Path) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", ("numpy", "no-such-package-at-all"))
    assert found("numpy").ok
    finding = found("no-such-package-at-all")
    assert not finding.ok
    assert "no-such-package-at-all" in finding.detail


@pytest.mark.parametrize("task", ["encoder", "reader"])
@pytest.mark.parametrize("name", ["bioqa.json", "tokenizer.json"])
def test_a_model_that_lacks_a_file_is_found_and_the_others_are_still_looked_at(
    monkeypatch: pytest.MonkeyPatch, small_starter: Path, tmp_path: Path, task: str, name: str
) -> None:
    for each in ("encoder", "reader"):
        shutil.copytree(model.shipped(each), tmp_path / each)
    (tmp_path / task / name).unlink()
    monkeypatch.setattr(model, "shipped", lambda task: tmp_path / task)
    other = {"encoder": "reader", "reader": "encoder"}[task]
    assert not found(task).ok
    assert str(tmp_path / task) in found(task).detail
    assert found(other).ok


def test_a_cache_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    finding = found("starter index")
    assert not finding.ok
    assert "XDG_CACHE_HOME" in finding.detail


def test_a_damaged_starter_index_is_made_anew(small_starter: Path) -> None:
    (small_starter / "segments" / "000001" / "documents.jsonl").unlink()
    assert found("starter index").ok
    assert (small_starter / "segments" / "000001" / "documents.jsonl").exists()


@pytest.mark.parametrize("task", model.TASKS)
def test_a_model_that_can_be_used_passes(task: str) -> None:
    doctor.check_model(model.open_model(model.shipped(task), task))


def test_a_reader_is_opened_with_its_calibration(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("reader", files={"calibration.json": b"{}"})
    with pytest.raises(ModelError, match="not a calibration"):
        doctor.check_model(model.open_model(folder, "reader"))


def test_a_sound_installation_is_found_sound(run: Run) -> None:
    outcome = run("doctor")
    assert (outcome.status, outcome.err) == (0, "")
    assert all(line.startswith("ok ") for line in outcome.out.splitlines())
    findings = json.loads(run("doctor", "--json").out)
    assert [list(finding) for finding in findings] == [["what", "ok", "detail"]] * len(findings)
    assert {"bioqa", "python", "encoder", "reader", "starter index"} <= {finding["what"] for finding in findings}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_damaged_model_is_found_and_is_an_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    for task in ("encoder", "reader"):
        shutil.copytree(model.shipped(task), tmp_path / task)
    with (tmp_path / "reader" / "model.onnx").open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.setattr(model, "shipped", lambda task: tmp_path / task)
    outcome = run("doctor", *options)
    assert outcome.status == 1
    assert outcome.err == "error: something is wrong with this installation; see the lines marked BAD\n"
    if options:
        bad = [finding for finding in json.loads(outcome.out) if not finding["ok"]]
        assert [finding["what"] for finding in bad] == ["reader"]
    else:
        (line,) = (line for line in outcome.out.splitlines() if not line.startswith("ok "))
        assert line.startswith("BAD  reader ")
        assert f"{tmp_path / 'reader' / 'model.onnx'}: damaged or replaced" in line
