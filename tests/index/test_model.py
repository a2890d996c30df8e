import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bioqa.index import model
from bioqa.index.errors import ModelError

CONTENT = b"some weights"
CARD: dict[str, Any] = {
    "name": "toy",
    "task": "encoder",
    "max_tokens": 8,
    "dimensions": 4,
    "digests": {"model.onnx": hashlib.sha256(CONTENT).hexdigest()},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder with a card and one file."""
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    (tmp_path / model.CARD).write_text(json.dumps(CARD))
    return tmp_path


def test_a_card_tells_what_the_model_is(folder: Path) -> None:
    toy = model.open_model(folder, "encoder")
    assert (toy.card.name, toy.card.task, toy.card.max_tokens, toy.card.dimensions) == ("toy", "encoder", 8, 4)
    assert toy.card.digest == hashlib.sha256(CONTENT).hexdigest()
    assert toy.read("model.onnx") == CONTENT


@pytest.mark.parametrize("task", ["encoder", "reader"])
def test_the_models_that_ship_have_the_files_their_cards_name(task: str) -> None:
    shipped = model.open_model(model.shipped(task), task)
    assert "model.onnx" in shipped.card.digests
    for name in shipped.card.digests:
        assert shipped.read(name)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: b"S" + b[1:]])
def test_a_file_that_is_not_the_one_the_card_names_is_refused(folder: Path, change: Any) -> None:
    (folder / "model.onnx").write_bytes(change(CONTENT))
    with pytest.raises(ModelError, match="damaged or replaced") as caught:
        model.open_model(folder, "encoder").read("model.onnx")
    assert str(folder / "model.onnx") in str(caught.value)
    assert "install the model again" in str(caught.value)


def test_a_file_the_card_does_not_name_is_not_trusted(folder: Path) -> None:
    (folder / "other.json").write_text("{}")
    with pytest.raises(ModelError, match="damaged or replaced"):
        model.open_model(folder, "encoder").read("other.json")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match="No such file") as caught:
        model.open_model(folder, "encoder").read("model.onnx")
    assert str(folder / "model.onnx") in str(caught.value)


def test_a_folder_without_card_is_no_model(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match="no model there") as caught:
            model.open_model(folder, "encoder")
        assert str(folder) in str(caught.value)


def test_a_model_for_another_task_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"toy is a model of type 'encoder', expected 'reader'"):
        model.open_model(folder, "reader")


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"name": "toy"}',
        *(json.dumps({**CARD, name: value}).encode() for name, value in (
            ("max_tokens", "many"), ("max_tokens", None), ("digests", "abc"), ("digests", 5), ("dimensions", [1]),
        )),
        *(json.dumps({k: v for k, v in CARD.items() if k != name}).encode() for name in ("task", "digests")),
    ],
)  # fmt: skip
def test_a_damaged_card_is_named(folder: Path, card: bytes) -> None:
    (folder / model.CARD).write_bytes(card)
    with pytest.raises(ModelError, match="not a model card") as caught:
        model.open_model(folder, "encoder")
    assert str(folder / model.CARD) in str(caught.value)


def test_two_copies_of_a_model_are_the_same_model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(folder, copy)
    assert model.open_model(copy, "encoder").card == model.open_model(folder, "encoder").card
