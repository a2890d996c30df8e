import errno
import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from bioqa.index.errors import InputError, ModelError, StorageError
from bioqa.index.models import model, registry
from bioqa.index.models.encoder import Encoder


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def added(name: str, task: str = "encoder") -> Path:
    with registry.new_model_folder(name) as folder:
        registry.copy_model(model.open_model(model.shipped(task), task), folder)
    return registry.models_folder() / name


def test_of_a_pair_both_are_added(tmp_path: Path) -> None:
    shutil.copytree(model.shipped("encoder"), tmp_path / "pair")
    shutil.copytree(model.shipped("encoder"), tmp_path / "pair" / model.QUESTION)
    with registry.new_model_folder("pair") as folder:
        registry.copy_model(model.open_model(tmp_path / "pair", "encoder"), folder)
    assert Encoder(registry.models_folder() / "pair").identity.questions


def test_what_ships_is_listed_first_and_is_the_default() -> None:
    assert [(entry.folder, entry.ships) for entry in registry.registered_models()] == [
        (model.shipped("encoder"), True),
        (model.shipped("reader"), True),
    ]


def test_a_model_that_was_added_is_listed_and_found_by_its_name(tmp_path: Path) -> None:
    folder = added("mine")
    entry = registry.registered_models()[-1]
    assert (entry.name, entry.folder, entry.ships, entry.problem) == ("mine", folder, False, "")
    assert entry.card == model.read_card(model.shipped("encoder"))
    assert entry.bytes > 20e6
    assert registry.find_model("mine") == folder
    assert Encoder(registry.find_model("mine")).card.dimensions == 384
    assert [path.name for path in registry.models_folder().iterdir()] == ["mine"]


def test_a_folder_that_is_there_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added("mine")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert registry.find_model("mine") == Path("mine")


def test_the_models_that_ship_have_names_too() -> None:
    assert registry.find_model(model.read_card(model.shipped("reader")).name) == model.shipped("reader")


def test_what_is_neither_is_left_for_opening_to_refuse() -> None:
    with pytest.raises(ModelError, match="no model there"):
        model.open_model(registry.find_model("nothing-of-that-name"), "reader")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "-x", ".x", "a b", "x" * 101, "ü", "default", "none"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a model"), registry.new_model_folder(name):
        pass
    assert not registry.models_folder().exists()


def test_a_name_is_given_once() -> None:
    added("mine")
    with pytest.raises(InputError, match="'bioqa models remove mine'"), registry.new_model_folder("mine"):
        pass
    with (
        pytest.raises(InputError, match="choose another name") as refused,
        registry.new_model_folder("minilm-l6-pubmed"),
    ):
        pass
    assert "remove" not in str(refused.value)


def test_a_model_that_was_not_finished_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError), registry.new_model_folder("mine") as folder:
        (folder / "half").write_text(str(1 // 0))
    assert list(registry.models_folder().iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing() -> None:
    with pytest.raises(StorageError, match="No space left") as refused, registry.new_model_folder("mine"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "was not added" in str(refused.value)
    assert list(registry.models_folder().iterdir()) == []


def test_a_place_that_cannot_be_written_names_the_cure(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError, match="XDG_DATA_HOME"), registry.new_model_folder("mine"):
        pass


def test_a_copy_is_checked_file_by_file(tmp_path: Path) -> None:
    source = Path(shutil.copytree(model.shipped("encoder"), tmp_path / "source"))
    (source / "tokenizer.json").write_text("{}")
    made = model.open_model(source, "encoder")
    with pytest.raises(ModelError, match="damaged or replaced"), registry.new_model_folder("mine") as folder:
        registry.copy_model(made, folder)
    assert list(registry.models_folder().iterdir()) == []


def test_a_removed_model_is_gone() -> None:
    folder = added("mine")
    assert registry.remove_model("mine") == folder
    assert list(registry.models_folder().iterdir()) == []
    added("mine")


@pytest.mark.parametrize("name", ["nothing", "", "..", "minilm-l6-pubmed"])
def test_only_what_was_added_is_removed(name: str) -> None:
    added("mine")
    with pytest.raises(InputError):
        registry.remove_model(name)
    assert len(registry.registered_models()) == 3
    assert model.shipped("encoder").is_dir()


@pytest.mark.parametrize("card", [None, "", "[]", json.dumps({"name": "mine"})])
def test_a_damaged_model_is_listed_with_its_problem_and_can_be_removed(card: str | None) -> None:
    folder = added("mine")
    if card is None:
        (folder / model.CARD).unlink()
    else:
        (folder / model.CARD).write_text(card)
    entry = registry.registered_models()[-1]
    assert (entry.name, entry.card) == ("mine", None)
    assert str(folder) in entry.problem
    registry.remove_model("mine")
    assert len(registry.registered_models()) == 2


def linked(target: Path) -> Path:
    registry.models_folder().mkdir(parents=True, exist_ok=True)
    (registry.models_folder() / "linked").symlink_to(target)
    return registry.models_folder() / "linked"


@pytest.mark.parametrize("target", ["precious", "precious/file", "nowhere", "data/bioqa/models/linked"])
def test_a_link_is_removed_and_what_it_leads_to_stays(target: str, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    link = linked(tmp_path / target)
    (link.parent / ".removing-linked").symlink_to(tmp_path / "precious")
    entry = registry.registered_models()[-1]
    assert (entry.name, entry.card, entry.bytes) == ("linked", None, 0)
    assert "is a symbolic link, which is not followed" in entry.problem
    registry.remove_model("linked")
    assert list(link.parent.iterdir()) == []
    assert (tmp_path / "precious" / "file").read_text() == "kept"


@pytest.mark.parametrize("kind", ["card is a pipe", "a pipe", "a file", "a loop", "endless"])
def test_one_broken_model_breaks_no_other(kind: str, tmp_path: Path) -> None:
    folder = added("mine").with_name("broken")
    if kind == "card is a pipe":
        folder.mkdir()
        os.mkfifo(folder / model.CARD)
    elif kind == "a pipe":
        os.mkfifo(folder)
    elif kind == "a file":
        folder.write_text("x")
    elif kind == "a loop":
        folder.symlink_to(folder)
    else:
        folder.mkdir()
        (folder / "again").symlink_to(folder)
    entries = {entry.name: entry for entry in registry.registered_models()}
    assert entries["broken"].card is None
    assert entries["broken"].bytes == 0
    assert registry.find_model("mine") == folder.with_name("mine")
    assert registry.find_model("minilm-l6-bioasq") == model.shipped("reader")
    with pytest.raises(ModelError, match="'bioqa models remove broken'"):
        registry.find_model("broken")
    registry.remove_model("broken")
    assert len(registry.registered_models()) == 3


def test_only_the_files_of_a_model_count(tmp_path: Path) -> None:
    folder = added("mine")
    before = registry.registered_models()[-1].bytes
    (folder / "deep").mkdir()
    (folder / "deep" / "large").write_bytes(b"x" * 1000)
    (folder / "link").symlink_to("/")
    assert registry.registered_models()[-1].bytes == before


def test_what_is_no_name_on_any_system_is_no_model() -> None:
    for given in ("x" * 5000, "a\0b"):
        assert registry.find_model(given) == Path(given)


@pytest.mark.parametrize("name", ["../stolen", "../../victim", "/victim"])
def test_no_file_is_copied_out_of_its_folder(name: str, tmp_path: Path) -> None:
    source = Path(shutil.copytree(model.shipped("reader"), tmp_path / "source"))
    content = b"replaced"
    (tmp_path / "stolen").write_bytes(content)
    card = json.loads((source / model.CARD).read_text())
    card["digests"][name] = sha256(content).hexdigest()
    (source / model.CARD).write_text(json.dumps(card))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match="which is no file of a model"), registry.new_model_folder("mine") as folder:
        registry.copy_model(model.open_model(source, "reader"), folder)
    assert [path for path in sorted(tmp_path.rglob("*")) if "data" not in path.parts] == before
    assert list(registry.models_folder().iterdir()) == []
