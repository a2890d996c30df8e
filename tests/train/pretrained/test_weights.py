import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import ModelError, StorageError
from bioqa.train.pretrained import weights

torch = pytest.importorskip("torch")


class Malicious:
    """What makes unpickling run a command."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.mark}'",)


def test_safetensors_are_taken_as_they_are(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    (folder / weights.PICKLED).write_bytes(b"not looked at")
    assert weights.as_safetensors(folder) == folder


def test_a_pickled_model_is_turned_into_the_same_safetensors(
    tiny_biobert: Callable[[str], Path], pickled: Callable[[Path], Path]
) -> None:
    from safetensors.torch import load_file

    folder = tiny_biobert("reader")
    before = load_file(folder / weights.SAFE)
    pickled(folder)
    turned = weights.as_safetensors(folder)
    after = load_file(turned / weights.SAFE)
    assert set(after) == {*before, "cls.predictions.decoder.weight"}
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert {file.name for file in turned.iterdir()} == {"config.json", "vocab.txt", weights.SAFE}
    assert weights.as_safetensors(folder) == turned


def test_a_pickled_model_that_changes_is_turned_again(
    tiny_biobert: Callable[[str], Path], pickled: Callable[[Path], Path]
) -> None:
    folder = tiny_biobert("encoder")
    path = pickled(folder)
    first = weights.as_safetensors(folder)
    torch.save({"embeddings.x": torch.ones(3)}, path)
    assert weights.as_safetensors(folder) != first


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside weights"])
@pytest.mark.parametrize("old", [False, True], ids=["zip", "before PyTorch 1.6"])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path, beside: bool, old: bool) -> None:
    content = {"w": torch.ones(2), "x": Malicious(tmp_path / "mark")} if beside else Malicious(tmp_path / "mark")
    torch.save(content, tmp_path / weights.PICKLED, _use_new_zipfile_serialization=not old)
    with pytest.raises(ModelError, match="holds code beside weights") as refused:
        weights.as_safetensors(tmp_path)
    assert str(tmp_path / weights.PICKLED) in str(refused.value)
    assert "get model.safetensors of the same model" in str(refused.value)
    assert not (tmp_path / "mark").exists()


def test_a_bare_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / weights.PICKLED).write_bytes(pickle.dumps(Malicious(tmp_path / "mark")))
    with pytest.raises(ModelError, match="refused"):
        weights.as_safetensors(tmp_path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_a_pickled_model_that_is_cut_off_is_refused(
    tiny_biobert: Callable[[str], Path], pickled: Callable[[Path], Path], kept: float
) -> None:
    path = pickled(tiny_biobert("encoder"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if 0 < kept < 1 else int(kept)])
    with pytest.raises(ModelError, match="damaged"):
        weights.as_safetensors(path.parent)


@pytest.mark.parametrize("content", [[torch.ones(2)], {"state_dict": {"w": torch.ones(2)}}, {1: torch.ones(2)}, 5])
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / weights.PICKLED)
    with pytest.raises(ModelError, match="expected tensors by name"):
        weights.as_safetensors(tmp_path)


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "tf_model.h5").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"none of model\.safetensors, pytorch_model\.bin, model\.onnx"):
        weights.as_safetensors(tmp_path)


def test_a_cache_that_cannot_be_written_is_told(
    tiny_biobert: Callable[[str], Path],
    pickled: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tiny_biobert("encoder")
    pickled(folder)
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(StorageError, match="could not be converted"):
        weights.as_safetensors(folder)


@pytest.mark.parametrize(
    "parts",
    [
        *(
            {"a": name}
            for name in ("../other.safetensors", "/etc/passwd", "a/b", "..", "", "gone.safetensors", 5, None)
        ),
        *({}, [], None, "x"),
    ],
)
def test_parts_of_weights_lie_in_the_folder(tmp_path: Path, parts: Any) -> None:
    (tmp_path / "other.safetensors").write_bytes(b"x")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(ModelError, match=r"index\.json: cannot be loaded: .*get model\.safetensors"):
        weights.as_safetensors(folder)


@pytest.mark.parametrize("linked", [False, True])
def test_parts_of_weights_in_the_folder_are_taken_as_they_are(tmp_path: Path, linked: bool) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "blob").write_bytes(b"x")
    part = folder / "model-00001-of-00001.safetensors"
    if linked:
        part.symlink_to(tmp_path / "blob")
    else:
        part.write_bytes(b"x")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": part.name}}))
    assert weights.as_safetensors(folder) == folder
    assert weights.size(folder) == 1
