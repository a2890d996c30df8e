import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index import model
from bioqa.index.encoder import Encoder
from bioqa.index.errors import ModelError
from bioqa.index.records import Document, Passage
from bioqa.qa.reader import Reader
from bioqa.train import export
from bioqa.train.export import add_file, digest, write_card

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy TorchScript:DeprecationWarning")

TEXTS = ["CFTR", "Which gene causes cystic fibrosis?", "Interleukin-6 (IL-6) induces acute-phase proteins. " * 5]


@pytest.fixture(scope="module")
def exported_encoder(tiny_bert: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    source, folder = tiny_bert("encoder"), tmp_path_factory.mktemp("export") / "deep" / "encoder"
    parity = export.export(str(source), folder, "encoder", name="tiny", max_tokens=128)
    assert parity.outputs == "embedding"
    assert parity.cosine > 0.98
    assert parity.largest_difference < 0.1
    return source, folder


def test_an_exported_encoder_has_a_card_with_the_digests_of_its_files(exported_encoder: tuple[Path, Path]) -> None:
    _, folder = exported_encoder
    card = model.open_model(folder, "encoder").card
    assert (card.name, card.task, card.max_tokens, card.dimensions) == ("tiny", "encoder", 128, 32)
    assert card.digests == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")
    }
    assert {file.name for file in folder.iterdir()} == {"bioqa.json", "model.onnx", "tokenizer.json"}


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
    parity = export.export(str(tiny_bert("reader")), tmp_path / "reader", "reader", name="tiny", max_tokens=96)
    assert parity.outputs == "start_logits, end_logits"
    assert parity.cosine > 0.9
    reader = Reader(tmp_path / "reader")
    text = "Cystic fibrosis is caused by mutations in the CFTR gene. " * 20
    passage = Passage(0, Document(id="1", abstract=text), 0, len(text))
    (reading,) = reader.read("Which gene?", [passage], max_tokens=5, count=3)
    assert len(reading.spans) == 3


def test_a_tokenizer_is_exported_without_the_cuts_of_its_training(exported_encoder: tuple[Path, Path]) -> None:
    exported = json.loads((exported_encoder[1] / "tokenizer.json").read_text(encoding="utf-8"))
    assert exported["truncation"] is None
    assert exported["padding"] is None


def test_the_command_exports_and_tells_how_near_it_comes(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    outcome = run("export", tiny_bert("encoder"), "--to", tmp_path / "out", "--task", "encoder", "--name", "mine")
    assert outcome.status == 0
    assert re.search(r"embedding: largest difference 0\.0\d+, cosine at least (0\.99|1\.00)", outcome.out)
    assert model.open_model(tmp_path / "out", "encoder").card.name == "mine"


def test_a_source_that_is_not_there_is_a_message(
    run: Callable[..., Any], tiny_bert: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    outcome = run("export", tmp_path / "none", "--to", tmp_path / "out", "--task", "reader")
    assert outcome.status in (1, 2)
    assert "none" in outcome.err
    assert "Traceback" not in outcome.err


def test_an_unknown_task_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="unknown task 'tagger': choose one of encoder, reader"):
        export.export("some-model", tmp_path / "out", "tagger", name="x", max_tokens=128)
    assert not (tmp_path / "out").exists()


def test_a_file_is_added_to_a_model_with_its_digest(tmp_path: Path) -> None:
    shutil.copytree(model.shipped("encoder"), tmp_path / "encoder")
    before = model.open_model(tmp_path / "encoder", "encoder").card
    add_file(tmp_path / "encoder", "encoder", "notes.json", b"{}")
    after = model.open_model(tmp_path / "encoder", "encoder")
    assert after.read("notes.json") == b"{}"
    assert after.card.digests == {**before.digests, "notes.json": digest(b"{}")}
    assert after.card.digest == before.digest


def test_a_file_is_not_added_to_a_model_of_another_task(tmp_path: Path) -> None:
    shutil.copytree(model.shipped("encoder"), tmp_path / "encoder")
    with pytest.raises(ModelError, match="expected 'reader'"):
        add_file(tmp_path / "encoder", "reader", "calibration.json", b"{}")
    assert not (tmp_path / "encoder" / "calibration.json").exists()


def test_a_card_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    card = model.ModelCard("näme", "reader", 384, {"model.onnx": "0" * 64}, dimensions=7)
    write_card(tmp_path, card)
    assert model.open_model(tmp_path, "reader").card == card


def test_a_digest_is_a_sha_256_in_hex() -> None:
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
