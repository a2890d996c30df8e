import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.download.client import RetryPolicy
from bioqa.index.models import model, registry
from bioqa.train.pretrained import hub

pytest.importorskip("transformers")

Run = Callable[..., Any]
Model = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody is there
    monkeypatch.setattr(hub, "PATIENCE", RetryPolicy(silence=0.4, pauses=(0.01,), longest=1.0))


def names(run: Run) -> list[str]:
    return [entry["name"] for entry in json.loads(run("models", "--json").out)]


def nothing_was_added() -> bool:
    return not registry.models_folder().exists() or not list(registry.models_folder().iterdir())


def test_the_models_that_ship_are_listed_as_the_defaults(run: Run) -> None:
    outcome = run("models")
    assert (outcome.status, outcome.err) == (0, "")
    assert re.search(r"^minilm-l6-pubmed +encoder +default +24 +int8 ", outcome.out, re.MULTILINE)
    digest = model.read_card(model.shipped("reader")).digest
    assert re.search(rf" reader +default .* {digest[:12]} +{model.shipped('reader')}$", outcome.out, re.MULTILINE)


def test_a_reader_is_added_listed_asked_and_removed(run: Run, tiny_biobert: Model, small_index: Path) -> None:
    source = tiny_biobert("reader")
    outcome = run("models", "add", source, "--task", "reader", "--name", "mine")
    assert outcome.status == 0, outcome.err
    assert re.match(r"mine: added; .* start_logits, end_logits: largest difference 0\.\d+, cosine at", outcome.out)
    (entry,) = (entry for entry in json.loads(run("models", "--json").out) if entry["name"] == "mine")
    card = model.read_card(Path(entry["folder"]))
    expected = {"task": "reader", "default": False, "precision": "int8", "source": source.name, "problem": ""}
    assert entry.items() >= {**expected, "digest": card.digest}.items()
    assert entry["bytes"] > 10_000

    asked = run("ask", "what gene causes cystic fibrosis?", "--reader", "mine", "--index", small_index, "--json")
    assert asked.status == 0, asked.err
    assert json.loads(asked.out)["models"]["reader"] == "mine"

    removed = run("models", "remove", "mine")
    assert (removed.status, removed.out) == (0, f"mine: removed ({entry['folder']})\n")
    assert "mine" not in names(run)
    assert "no model there" in run("ask", "what gene?", "--reader", "mine", "--index", small_index).err


def test_an_index_is_built_with_an_encoder_by_its_name(
    run: Run, tiny_biobert: Model, pickled: Callable[[Path], Path], tmp_path: Path, corpus_file: Path
) -> None:
    source = tiny_biobert("encoder")
    pickled(source)
    assert run("models", "add", source, "--task", "encoder", "--name", "mine", "--precision", "bf16").status == 0
    built = run("index", "build", corpus_file, "--to", tmp_path / "index", "--encoder", "mine")
    assert built.status == 0, built.err
    assert run("search", "Gene", "--index", tmp_path / "index", "--mode", "dense").status == 0
    assert run("models", "remove", "mine").status == 0
    gone = run("search", "Gene", "--index", tmp_path / "index", "--mode", "dense")
    assert gone.status == 2
    assert "the encoder it was built with cannot be opened" in gone.err


def test_what_was_exported_is_added_as_it_is(run: Run, tmp_path: Path) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "exported"))
    outcome = run("models", "add", exported, "--task", "reader")
    assert (outcome.status, outcome.out) == (0, "exported: added, as it was exported\n")
    added = model.open_model(registry.find_model("exported"), "reader")
    assert all(added.read(file) for file in added.card.digests)
    wrong = run("models", "add", exported, "--task", "encoder", "--name", "other")
    assert wrong.status == 2
    assert "expected 'encoder'" in wrong.err
    assert "other" not in names(run)


def test_doctor_looks_at_added_models(run: Run, tmp_path: Path) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "exported"))
    assert run("models", "add", exported, "--task", "reader").status == 0
    assert re.search(r"^ok +model exported .*digests right", run("doctor").out, re.MULTILINE)
    (registry.find_model("exported") / "tokenizer.json").write_text("{}")
    found = run("doctor")
    assert found.status == 1
    assert re.search(r"^BAD +model exported .*damaged or replaced", found.out, re.MULTILINE)


def test_a_damaged_model_does_not_hide_the_others(run: Run) -> None:
    (registry.models_folder() / "broken").mkdir(parents=True)
    outcome = run("models")
    assert outcome.status == 0
    assert "minilm-l6-pubmed" in outcome.out
    assert outcome.err.startswith("broken: ")
    assert "'bioqa models remove broken'" in outcome.err
    assert run("models", "remove", "broken").status == 0


def test_without_a_hub_there_is_one_line_with_the_cure(run: Run) -> None:
    outcome = run("models", "add", "dmis-lab/biobert-base-cased-v1.2", "--task", "encoder")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("error: dmis-lab/biobert-base-cased-v1.2: not available from the hub: ")
    assert "download the model's files elsewhere into a folder" in outcome.err
    assert outcome.err.count("\n") == 1
    assert nothing_was_added()


def test_an_encoder_is_no_reader(run: Run, tiny_biobert: Model) -> None:
    source = tiny_biobert("encoder")
    outcome = run("models", "add", source, "--task", "reader")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"--set base={source}'" in outcome.err
    assert nothing_was_added()


def test_a_name_that_is_taken_is_refused_before_any_work(run: Run, tmp_path: Path) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "exported"))
    assert run("models", "add", exported, "--task", "reader").status == 0
    for arguments in ([exported], ["some/hub-model", "--name", "exported"], ["x/minilm-l6-pubmed"]):
        outcome = run("models", "add", *arguments, "--task", "reader")
        assert outcome.status == 2
        assert "is there already" in outcome.err
    assert names(run)[2:] == ["exported"]


def broken(kind: str, source: Path) -> None:
    import torch

    config = json.loads((source / "config.json").read_text())
    weights = source / "model.safetensors"
    if kind == "vocabulary":
        (source / "vocab.txt").write_text((source / "vocab.txt").read_text() + "one\ntwo\n")
    elif kind == "architecture":
        (source / "config.json").write_text(json.dumps(config | {"model_type": "gpt2"}))
    elif kind == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif kind == "pickle":
        weights.unlink()
        torch.save({"x": subprocess.Popen}, source / "pytorch_model.bin")
    elif kind == "empty":
        shutil.rmtree(source)
        source.mkdir()


@pytest.mark.parametrize("kind", ["vocabulary", "architecture", "truncated", "pickle", "empty"])
def test_a_bad_source_is_one_line_and_adds_nothing(run: Run, tiny_biobert: Model, kind: str) -> None:
    source = tiny_biobert("reader")
    broken(kind, source)
    outcome = run("models", "add", source, "--task", "reader")
    assert (outcome.status, outcome.out) == (2, "")
    assert re.fullmatch(rf"error: {source}.*\n", outcome.err)
    assert nothing_was_added()


def test_a_full_disk_is_told_and_adds_nothing(run: Run, tiny_biobert: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source = tiny_biobert("reader")
    monkeypatch.setattr(os, "fsync", refuse)
    outcome = run("models", "add", source, "--task", "reader")
    assert (outcome.status, outcome.out) == (1, "")
    assert "No space left" in outcome.err
    assert nothing_was_added()


def test_a_model_is_removed_after_the_removal_of_one_of_its_name_was_killed(run: Run, tmp_path: Path) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "exported"))
    shutil.copytree(exported, registry.models_folder() / ".removing-exported")
    assert run("models", "add", exported, "--task", "reader").status == 0
    removed = run("models", "remove", "exported")
    assert (removed.status, removed.err) == (0, "")
    assert nothing_was_added()


@pytest.mark.parametrize("name", ["nothing", "minilm-l6-bioasq"])
def test_only_what_was_added_is_removed(run: Run, name: str) -> None:
    outcome = run("models", "remove", name)
    assert (outcome.status, outcome.out) == (2, "")
    assert name in outcome.err


def test_listing_and_asking_import_neither_torch_nor_transformers(small_index: Path) -> None:
    report = (
        "import sys; from bioqa.qa.cli import main;"
        "status = main._run(args=['models']) or main._run(args=['models', 'add', '--help'])"
        " or main._run(args=['ask', 'what gene causes cystic fibrosis?', '--reader', 'minilm-l6-bioasq',"
        f" '--index', {str(small_index)!r}]);"
        "heavy = [name for name in ('torch', 'transformers', 'onnx', 'safetensors') if name in sys.modules];"
        "print(status, heavy, file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", report], capture_output=True, timeout=60, check=True)
    assert process.stderr.splitlines()[-1] == b"0 []"


@pytest.mark.parametrize("name", ["../../../victim", "victim", "bioqa.json"])
def test_no_file_is_written_out_of_the_folder_of_a_model(run: Run, tmp_path: Path, name: str) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "a" / "b" / "exported"))
    card = json.loads((exported / model.CARD).read_text())
    card["digests"][name] = sha256(b"replaced").hexdigest()
    (exported / model.CARD).write_text(json.dumps(card))
    (tmp_path / "victim").write_bytes(b"precious")
    outcome = run("models", "add", exported, "--task", "reader")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert "which is no file of a model" in outcome.err
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert nothing_was_added()


@pytest.mark.parametrize("name", ["", "../x", "/x", ".."])
def test_a_name_is_no_path(run: Run, name: str) -> None:
    outcome = run("models", "add", model.shipped("reader"), "--task", "reader", "--name", name)
    assert outcome.status == 2
    assert "cannot be the name of a model" in outcome.err
    assert nothing_was_added()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("model.onnx", b"no network", "bioqa cannot load model.onnx"),
        ("tokenizer.json", b"{}", "not a tokenizer"),
        ("calibration.json", b"{}", "not a calibration"),
    ],
)
def test_what_cannot_be_used_gets_no_name(
    run: Run, model_folder: Callable[..., Path], file: str, content: bytes, said: str
) -> None:
    outcome = run("models", "add", model_folder("reader", files={file: content}), "--task", "reader")
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert nothing_was_added()


@pytest.mark.parametrize("card", ["pipe", "link", "loop"])
def test_a_card_that_is_no_plain_file_is_refused(run: Run, tmp_path: Path, card: str) -> None:
    exported = Path(shutil.copytree(model.shipped("reader"), tmp_path / "exported"))
    (exported / model.CARD).unlink()
    if card == "pipe":
        os.mkfifo(exported / model.CARD)
    else:
        (exported / model.CARD).symlink_to(model.shipped("reader") / model.CARD if card == "link" else model.CARD)
    outcome = run("models", "add", exported, "--task", "reader")
    assert outcome.status == 2
    assert re.search(r"bioqa\.json: is (a symbolic link|not a plain file)", outcome.err)
    assert nothing_was_added()


def test_a_source_that_is_a_loop_of_links_is_a_message(run: Run, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert run("models", "add", tmp_path / "loop", "--task", "reader").status == 2
    assert run("export", tmp_path / "loop", "--task", "reader", "--to", tmp_path / "out").status == 2


def test_broken_models_hide_no_others_from_the_list_and_the_doctor(run: Run, tmp_path: Path) -> None:
    registry.models_folder().mkdir(parents=True)
    os.mkfifo(registry.models_folder() / "pipe")
    (registry.models_folder() / "linked").symlink_to(tmp_path)
    (registry.models_folder() / "card").mkdir()
    os.mkfifo(registry.models_folder() / "card" / model.CARD)
    outcome = run("models")
    assert outcome.status == 0
    assert "minilm-l6-pubmed" in outcome.out
    assert outcome.err.count("\n") == 3
    found = run("doctor")
    assert len(re.findall(r"^BAD +model (pipe|linked|card) ", found.out, re.MULTILINE)) == 3
    assert re.search(r"^ok +reader ", found.out, re.MULTILINE)
