import hashlib
import json
import os
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models import model

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


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../victim",
            "../../../.bashrc",
            "/etc/passwd",
            "question/model.onnx",
            "..\\x",
            "C:\\x",
            "~/x",
            "a\0b",
            "\ud800",
        ),
        *("", ".", "..", "bioqa.json", "question", "README.md", "evil.sh", "model.onnx ", "MODEL.ONNX", "x" * 300),
    ],
)
def test_a_card_names_files_of_a_model_alone(folder: Path, name: str) -> None:
    (folder / model.CARD).write_text(json.dumps({**CARD, "digests": {**CARD["digests"], name: "0" * 64}}))
    with pytest.raises(ModelError, match=r"not a model card .*which is no file of a model: model\.onnx"):
        model.read_card(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("max_tokens", value) for value in (0, -1, 1025, 10**12, True, "8", 8.0, 1e300, [8], {})),
        *(("dimensions", value) for value in (0, -1, 10**12, True, "4", 4.0, None)),
        *(("task", value) for value in ("tagger", "", "encoder\n", None, ["encoder"], {})),
        *(("name", value) for value in ("", "a\nb", "a\x1b[2J", "\ud800", "\u202ea", "x" * 301, None, 5, ["x"])),
        *((field, value) for field in ("precision", "source") for value in ("\x07", "x" * 301, None, 5)),
        *(("digests", value) for value in ({}, None, [], "x", {"tokenizer.json": "0" * 64})),
        *(("digests", {"model.onnx": value}) for value in ("0", "0" * 63, "0" * 65, "A" * 64, "x" * 64, 5, None, [])),
        ("max_tokens", json.loads("[" * 900 + "]" * 900)),
    ],
)
def test_a_field_of_another_type_or_out_of_range_is_refused(folder: Path, field: str, value: Any) -> None:
    (folder / model.CARD).write_text(json.dumps({**CARD, field: value}))
    with pytest.raises(ModelError, match="not a model card") as caught:
        model.read_card(folder)
    assert len(str(caught.value)) < 500 + len(str(folder))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "card",
    [
        *(
            json.dumps({**CARD, "max_tokens": "@"}).replace('"@"', number)
            for number in ("NaN", "Infinity", "1e999", "9" * 9000)
        ),
        json.dumps(CARD)[:-1] + ', "task": "reader"}',
        json.dumps(CARD).replace('"model.onnx":', '"model.onnx": "' + "0" * 64 + '", "model.onnx":'),
        "[" * 90_000,
        '{"a":' * 15_000,
        json.dumps(CARD) + "]",
    ],
)  # fmt: skip
def test_what_json_allows_but_no_card_has_is_refused(folder: Path, card: str) -> None:
    (folder / model.CARD).write_text(card)
    with pytest.raises(ModelError, match="not a model card"):
        model.read_card(folder)


def test_a_huge_card_is_not_read(folder: Path) -> None:
    with (folder / model.CARD).open("r+b") as file:
        file.truncate(40 << 30)
    with pytest.raises(ModelError, match="is larger than the 100,000 bytes"):
        model.read_card(folder)


def made_odd(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        target = {"link": path.with_name("other"), "loop": path, "device": Path("/dev/zero")}[kind]
        path.symlink_to(target)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "loop", "device"])
@pytest.mark.parametrize("name", [model.CARD, "model.onnx"])
def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(folder: Path, name: str, kind: str) -> None:
    shutil.copy(folder / name, folder / "other")
    made_odd(folder / name, kind)
    with pytest.raises(ModelError, match=r"symbolic link|not a plain file") as caught:
        model.open_model(folder, "encoder").read("model.onnx")
    assert str(folder / name) in str(caught.value)


def test_a_file_larger_than_it_can_be_is_not_read(folder: Path) -> None:
    (folder / model.CARD).write_text(json.dumps({**CARD, "digests": {**CARD["digests"], "tokenizer.json": "0" * 64}}))
    with (folder / "tokenizer.json").open("wb") as file:
        file.truncate(40 << 30)
    with pytest.raises(ModelError, match="is larger than the 25,000,000 bytes"):
        model.open_model(folder, "encoder").read("tokenizer.json")


def test_the_size_of_a_file_is_told_once_it_is_checked(folder: Path) -> None:
    opened = model.open_model(folder, "encoder")
    assert opened.size("model.onnx") == len(CONTENT)
    with (folder / "model.onnx").open("ab") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    with pytest.raises(ModelError, match="damaged or replaced"):
        opened.size("model.onnx")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    with (folder / "model.onnx").open("ab") as file:
        file.truncate(40 << 30)
    with pytest.raises(ModelError, match="is larger than the 1,500,000,000 bytes"):
        opened.size("model.onnx")


def test_of_a_pair_both_are_opened(folder: Path) -> None:
    assert len(model.open_sides(folder, "encoder")) == 1
    shutil.copytree(folder, folder.parent / "other")
    (folder.parent / "other").rename(folder / model.QUESTION)
    assert [side.folder for side in model.open_sides(folder, "encoder")] == [folder, folder / model.QUESTION]


@pytest.mark.parametrize("target", ["question", ".", "/", "/nowhere"])
def test_the_folder_of_questions_is_no_link(folder: Path, target: str) -> None:
    (folder / model.QUESTION).symlink_to(target)
    with pytest.raises(ModelError, match="question: is a symbolic link"):
        model.open_sides(folder, "encoder")


def test_an_encoder_of_questions_has_none_beside_it(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        inner = Path(shutil.copytree(folder, tmp_path.with_name(f"{tmp_path.name}-inner")))
        shutil.rmtree(folder / model.QUESTION, ignore_errors=True)
        inner.rename(folder / model.QUESTION)
    with pytest.raises(ModelError, match="has none beside it"):
        model.open_sides(folder, "encoder")
