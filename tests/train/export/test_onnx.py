import errno
import json
import os
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index.errors import ModelError, StorageError
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Document, Passage
from bioqa.qa.reader import Reader
from bioqa.train.export import onnx
from bioqa.train.export.onnx import add_file, digest, write_card

TEXTS = ["CFTR", "Which gene causes cystic fibrosis?", "Interleukin-6 (IL-6) induces acute-phase proteins. " * 5]


@pytest.fixture(scope="module")
def exported_encoder(tiny_bert: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    source, folder = tiny_bert("encoder"), tmp_path_factory.mktemp("export") / "deep" / "encoder"
    original = onnx.export(str(source), {"int8": folder}, "encoder", name="tiny", max_tokens=128)
    assert original.outputs == ("embedding",)
    return source, folder


def test_an_exported_encoder_has_a_card_with_the_digests_of_its_files(exported_encoder: tuple[Path, Path]) -> None:
    _, folder = exported_encoder
    card = model.open_model(folder, "encoder").card
    assert (card.name, card.task, card.max_tokens, card.dimensions) == ("tiny", "encoder", 128, 32)
    assert (card.precision, card.source) == ("int8", exported_encoder[0].name)
    files = {"model.onnx", "tokenizer.json", "config.json"}
    assert card.digests == {name: sha256((folder / name).read_bytes()).hexdigest() for name in files}
    assert {file.name for file in folder.iterdir()} == {"bioqa.json", *files}


def test_an_exported_encoder_gives_the_mean_over_tokens_of_the_original(exported_encoder: tuple[Path, Path]) -> None:
    import torch
    import transformers

    source, folder = exported_encoder
    original = transformers.AutoModel.from_pretrained(source).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    expected = []
    for text in TEXTS:
        with torch.no_grad():
            states = original(**tokenizer(text, return_tensors="pt", truncation=True, max_length=128)).last_hidden_state
        mean = states[0].mean(0).numpy()
        expected.append(mean / np.linalg.norm(mean))
    vectors = Encoder(folder).encode(TEXTS)
    assert vectors.shape == (3, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    assert ((vectors * np.array(expected)).sum(axis=1) > 0.98).all()


def test_an_exported_reader_reads(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    onnx.export(str(tiny_bert("reader")), {"int8": tmp_path / "reader"}, "reader", name="tiny", max_tokens=96)
    reader = Reader(tmp_path / "reader")
    text = "Cystic fibrosis is caused by mutations in the CFTR gene. " * 20
    passage = Passage(0, Document(id="1", abstract=text), 0, len(text))
    (reading,) = reader.read("Which gene?", [passage], max_tokens=5, count=3)
    assert len(reading.spans) == 3


def test_a_tokenizer_is_exported_without_the_cuts_of_its_training(exported_encoder: tuple[Path, Path]) -> None:
    exported = json.loads((exported_encoder[1] / "tokenizer.json").read_text(encoding="utf-8"))
    assert exported["truncation"] is None
    assert exported["padding"] is None


def test_the_command_exports_one_folder_and_shows_it_beside_the_original(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    outcome = run("export", tiny_bert("encoder"), "--to", tmp_path / "out", "--task", "encoder", "--name", "mine")
    assert outcome.status == 0, outcome.err
    assert outcome.err == ""
    assert "mine: embedding; passages of 256 tokens" in outcome.out
    assert re.search(r"^PyTorch fp32 +[\d.]+ +0\.000 +1\.000 +[\d.]+ +1\.000$", outcome.out, re.MULTILINE)
    assert re.search(r"^int8 +[\d.]+ +0\.0\d+ +(0\.99\d|1\.000) ", outcome.out, re.MULTILINE)
    assert outcome.out.endswith(f"int8: {tmp_path / 'out'}\n")
    assert model.open_model(tmp_path / "out", "encoder").card.name == "mine"


def test_the_folder_where_one_is_has_its_name_too(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tiny_bert("encoder")
    monkeypatch.chdir(source)
    assert run("export", ".", "--to", tmp_path / "out", "--task", "encoder", "--precision", "fp32").status == 0
    assert model.open_model(tmp_path / "out", "encoder").card.name == source.name


def test_all_precisions_are_folders_that_ask_takes(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path, small_index: Path
) -> None:
    source = tiny_bert("reader")
    outcome = run("export", source, "--to", tmp_path, "--task", "reader", "--precision", "all", "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert found["name"] == source.name
    assert found["machine"]["threads"] > 0
    variants = {row["weights"]: row for row in found["variants"]}
    assert list(variants) == ["PyTorch fp32", "int8", "bf16", "fp32"]
    for precision in ("int8", "bf16", "fp32"):
        row, folder = variants[precision], tmp_path / precision
        assert row["megabytes"] == (folder / "model.onnx").stat().st_size / 1e6
        assert row["passages_per_s"] > 0
        assert row["scores"] == {}
        assert model.open_model(folder, "reader").card.precision == precision
        assert run("ask", "what gene?", "--index", small_index, "--reader", folder, "--json").status == 0
    assert variants["int8"]["megabytes"] < 0.35 * variants["fp32"]["megabytes"]
    assert variants["bf16"]["megabytes"] < 0.55 * variants["fp32"]["megabytes"]
    assert variants["fp32"]["parity"]["largest_difference"] < 1e-5
    assert 1e-5 < variants["bf16"]["parity"]["largest_difference"] < 0.01


def test_an_index_is_built_and_searched_with_an_encoder_of_any_precision(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path, corpus_file: Path
) -> None:
    call = ["--to", tmp_path / "models", "--task", "encoder", "--precision", "bf16", "--precision", "fp32"]
    assert run("export", tiny_bert("encoder"), *call).status == 0
    for precision in ("bf16", "fp32"):
        index = tmp_path / precision
        built = run("index", "build", corpus_file, "--to", index, "--encoder", tmp_path / "models" / precision)
        assert built.status == 0, built.err
        found = run("search", "cystic fibrosis", "--index", index, "--mode", "dense", "--json")
        assert found.status == 0, found.err
        assert json.loads(found.out)


def test_only_a_reader_is_scored(run: Callable[..., Any], tmp_path: Path) -> None:
    outcome = run("export", "some-model", "--to", tmp_path / "out", "--task", "encoder", "--score", "gold.json")
    assert outcome.status == 2
    assert "--score goes with --task reader" in outcome.err


def test_gold_that_is_not_there_is_told_before_anything_is_written(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    gold = tmp_path / "gold.json"
    outcome = run("export", tiny_bert("reader"), "--to", tmp_path / "out", "--task", "reader", "--score", gold)
    assert outcome.status == 2
    assert str(gold) in outcome.err
    assert not (tmp_path / "out").exists()


def test_an_encoder_is_no_reader(run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    source = tiny_bert("encoder")
    outcome = run("export", source, "--to", tmp_path / "out", "--task", "reader")
    assert (outcome.status, outcome.out) == (2, "")
    assert f"'bioqa train reader RECIPE --to DIR --set base={source}'" in outcome.err
    assert not (tmp_path / "out").exists()


def test_weights_of_another_model_are_no_match_for_its_configuration(
    tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    source = tiny_bert("encoder")
    config = json.loads((source / "config.json").read_text())
    for changed in (
        {"num_hidden_layers": 3},
        {"model_type": "distilbert"},
        {"hidden_size": 64},
        {"hidden_size": "wide"},
    ):
        (source / "config.json").write_text(json.dumps(config | changed))
        with pytest.raises(ModelError, match="cannot be loaded"):
            onnx.export(str(source), {"int8": tmp_path / "out"}, "encoder", name="x", max_tokens=128)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", [0, 7, 500, 0.5, -1])
def test_weights_that_are_cut_off_are_refused(tiny_bert: Callable[[str], Path], tmp_path: Path, kept: float) -> None:
    source = tiny_bert("reader")
    content = (source / "model.safetensors").read_bytes()
    (source / "model.safetensors").write_bytes(content[: int(len(content) * kept) if 0 < kept < 1 else int(kept)])
    with pytest.raises(ModelError, match="cannot be loaded"):
        onnx.export(str(source), {"int8": tmp_path / "out"}, "reader", name="x", max_tokens=128)


def test_a_full_disk_is_told(tiny_bert: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source = tiny_bert("encoder")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="No space left"):
        onnx.export(str(source), {"fp32": tmp_path / "out"}, "encoder", name="x", max_tokens=128)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_precision_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown precision 'int4': choose one of int8, bf16, fp32"):
        onnx.export("some-model", {"int4": tmp_path / "out"}, "reader", name="x", max_tokens=128)


def test_a_source_that_is_not_there_is_a_message(run: Callable[..., Any], tmp_path: Path) -> None:
    outcome = run("export", tmp_path / "none", "--to", tmp_path / "out", "--task", "reader")
    assert outcome.status == 2
    assert f"{tmp_path / 'none'}: no folder there" in outcome.err
    assert "Traceback" not in outcome.err


def test_an_unknown_task_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown task 'tagger': choose one of encoder, reader"):
        onnx.export("some-model", {"int8": tmp_path / "out"}, "tagger", name="x", max_tokens=128)
    assert not (tmp_path / "out").exists()


def test_a_file_is_added_to_a_model_with_its_digest(tmp_path: Path) -> None:
    shutil.copytree(model.shipped("encoder"), tmp_path / "encoder")
    before = model.open_model(tmp_path / "encoder", "encoder").card
    add_file(tmp_path / "encoder", "encoder", "calibration.json", b"{}")
    after = model.open_model(tmp_path / "encoder", "encoder")
    assert after.read("calibration.json") == b"{}"
    assert after.card.digests == {**before.digests, "calibration.json": digest(b"{}")}
    assert after.card.digest == before.digest


def test_a_file_is_not_added_to_a_model_of_another_task(tmp_path: Path) -> None:
    shutil.copytree(model.shipped("encoder"), tmp_path / "encoder")
    with pytest.raises(ModelError, match="expected 'reader'"):
        add_file(tmp_path / "encoder", "reader", "calibration.json", b"{}")
    assert not (tmp_path / "encoder" / "calibration.json").exists()


def test_a_disk_that_is_full_as_a_file_is_added_leaves_the_model_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shutil.copytree(model.shipped("reader"), tmp_path / "reader")
    reader = model.open_model(tmp_path / "reader", "reader")
    before = reader.read("calibration.json")
    monkeypatch.setattr(Path, "write_bytes", half)
    monkeypatch.setattr(os, "fsync", lambda _: half(tmp_path / "full", b""))
    with pytest.raises(StorageError, match="No space left"):
        add_file(tmp_path / "reader", "reader", "calibration.json", b"{}")
    assert reader.read("calibration.json") == before


def test_a_card_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    card = model.ModelCard("näme", "reader", 384, {"model.onnx": "0" * 64}, 7, precision="bf16", source="some/model")
    write_card(tmp_path, card)
    assert model.open_model(tmp_path, "reader").card == card


def test_a_digest_is_a_sha_256_in_hex() -> None:
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["calibration.json", "../x", "evil.sh", "bioqa.json"])
def test_a_model_that_was_received_is_not_written_through(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a" / "reader"
    shutil.copytree(model.shipped("reader"), folder)
    (tmp_path / "precious").write_text("kept")
    (folder / "calibration.json").unlink()
    (folder / "calibration.json").symlink_to(tmp_path / "precious")
    with pytest.raises(ModelError, match=r"symbolic link|no file of a model"):
        add_file(folder, "reader", name, b"{}")
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "a" / "x").exists()


def test_an_export_does_not_write_through_links(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.onnx").symlink_to(tmp_path / "precious")
    with pytest.raises(ModelError, match="is not written through"):
        onnx.export(str(tiny_bert("encoder")), {"int8": tmp_path / "out"}, "encoder", name="x", max_tokens=128)
    assert (tmp_path / "precious").read_text() == "kept"


@pytest.mark.parametrize(("name", "tokens"), [("a\nb", 128), ("x" * 400, 128), ("x", 5000)])
def test_what_no_card_can_say_is_refused_before_work(tmp_path: Path, name: str, tokens: int) -> None:
    with pytest.raises(ModelError, match=r"name is|max_tokens is"):
        onnx.export("nowhere", {"int8": tmp_path / "out"}, "encoder", name=name, max_tokens=tokens)
    assert not (tmp_path / "out").exists()


def test_weights_that_are_no_numbers_are_refused(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    source = tiny_bert("encoder")
    weights = load_file(source / "model.safetensors")
    save_file({name: np.full_like(array, np.nan) for name, array in weights.items()}, source / "model.safetensors")
    with pytest.raises(ModelError, match="not finite"):
        onnx.export(str(source), {"int8": tmp_path / "out"}, "encoder", name="x", max_tokens=128)
    assert not (tmp_path / "out").exists()


def test_a_model_that_bioqa_cannot_run_is_told_as_it_is_exported(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    source = tiny_bert("reader")
    content = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    content["post_processor"]["pair"] = content["post_processor"]["pair"][1:]
    (source / "tokenizer.json").write_text(json.dumps(content))
    for call in (("export", source, "--to", tmp_path / "out"), ("models", "add", source)):
        outcome = run(*call, "--task", "reader")
        assert outcome.status == 2
        assert "does not put a text between its tokens" in outcome.err
