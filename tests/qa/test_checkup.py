import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index import model
from bioqa.index.errors import ModelError
from bioqa.qa import checkup, starter
from bioqa.qa.checkup import Finding


def found(what: str) -> Finding:
    (finding,) = (finding for finding in checkup.checkup() if finding.what == what)
    return finding


@pytest.fixture
def small_starter(corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A starter index over the small corpus, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(starter, "passages_file", lambda: corpus_file)
    return starter.index_folder()


def test_everything_that_answering_needs_is_looked_at() -> None:
    findings = checkup.checkup()
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
    monkeypatch.setattr(checkup, "_PACKAGES", ("numpy", "no-such-package-at-all"))
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
    checkup.check_model(model.open_model(model.shipped(task), task))


def test_a_reader_is_opened_with_its_calibration(model_folder: Callable[..., Path]) -> None:
    folder = model_folder("reader", files={"calibration.json": b"{}"})
    with pytest.raises(ModelError, match="not a calibration"):
        checkup.check_model(model.open_model(folder, "reader"))
