import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index.errors import BioqaError, ModelError
from bioqa.index.models import model, sandbox
from bioqa.index.models.encoder import Encoder

onnx = pytest.importorskip("onnx")
node = onnx.helper.make_node
Folder = Callable[..., Path]
Network = Callable[..., bytes]
TOKENIZER = json.loads((model.shipped("reader") / model.TOKENIZER).read_text(encoding="utf-8"))
BEYOND = {word: place + 9**6 for word, place in TOKENIZER["model"]["vocab"].items()}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "bioqa" / "tried"


def tried(folder: Path, task: str = "encoder") -> None:
    sandbox.require(model.open_model(folder, task))


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The processes that were started."""
    started: list[list[str]] = []
    run = subprocess.run

    def counted(call: list[str], **options: Any) -> Any:
        started.append(call)
        return run(call, **options)

    monkeypatch.setattr(sandbox.subprocess, "run", counted)
    return started


@pytest.mark.parametrize("task", model.TASKS)
def test_a_model_that_ships_is_not_tried(task: str, processes: list[list[str]]) -> None:
    tried(model.shipped(task), task)
    assert processes == []


@pytest.mark.parametrize("task", model.TASKS)
def test_a_model_that_passes_is_tried_once(
    task: str, model_folder: Folder, processes: list[list[str]], cache: Path, tmp_path: Path
) -> None:
    folder = model_folder(task)
    tried(folder, task)
    folder.rename(tmp_path / "elsewhere")
    tried(tmp_path / "elsewhere", task)
    assert len(processes) == len(list(cache.iterdir())) == 1


def test_a_model_that_changes_is_tried_again(model_folder: Folder, network_of: Network, processes: list[Any]) -> None:
    folder = model_folder()
    tried(folder)
    card = json.loads((folder / model.CARD).read_text())
    (folder / model.CARD).write_text(json.dumps(card | {"max_tokens": 99}))
    tried(folder)
    assert len(processes) == 2


def test_a_file_of_another_size_than_was_tried_is_not_read(model_folder: Folder, processes: list[Any]) -> None:
    folder = model_folder()
    tried(folder)
    with (folder / model.NETWORK).open("ab") as file:
        file.truncate(1_400_000_000)
    with pytest.raises(ModelError, match=r"model\.onnx: damaged or replaced"):
        tried(folder)
    assert len(processes) == 2


def test_a_cache_that_cannot_be_written_is_no_harm(model_folder: Folder, processes: list[Any], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    folder = model_folder()
    tried(folder)
    tried(folder)
    assert len(processes) == 2


def test_no_code_beside_the_user_is_run(model_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(0)")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="is damaged: not a network"):
        tried(model_folder(files={model.NETWORK: b"no network"}))


def test_a_process_that_cannot_be_started_is_told(model_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "executable", "/nowhere/python")
    with pytest.raises(BioqaError, match="no process could be started"):
        tried(model_folder())


def test_an_encoder_is_tried_as_it_is_opened_and_so_is_that_of_questions(
    model_folder: Folder, network_of: Network, tmp_path: Path
) -> None:
    folder = model_folder()
    zeros = network_of(node("Mul", ["unit", "nought"], ["embedding"]), use="")
    model_folder_of_questions = folder.rename(tmp_path / "pair") / model.QUESTION
    model_folder(files={model.NETWORK: zeros}).rename(model_folder_of_questions)
    with pytest.raises(ModelError, match="not of length 1"):
        Encoder(tmp_path / "pair")


def test_what_does_not_end_is_stopped(
    model_folder: Folder, network_of: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = [node("MatMul", [f"x{i}", "square"], [f"x{i + 1}"]) for i in range(5000)]
    slow = network_of(
        node("ConstantOfShape", ["shape"], ["square"]),
        node("Add", ["square", "nought"], ["x0"]),
        *products,
        node("ReduceMean", ["x5000"], ["x"], keepdims=0),
        use="x",
        shape=np.array([2000, 2000]),
    )
    folder = model_folder(files={model.NETWORK: slow})
    monkeypatch.setattr(sandbox, "_SECONDS", 3.0)
    began = time.monotonic()
    with pytest.raises(ModelError, match=r"received: does not end: .* not done in (3 s of processor time|9 s)"):
        tried(folder)
    assert time.monotonic() - began < 30


def test_the_time_on_the_clock_is_three_times_the_processor_time(
    model_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder()
    clock: list[float] = []

    def noted(call: list[str], **options: Any) -> Any:
        clock.append(options["timeout"])
        return subprocess.CompletedProcess(call, -signal.SIGXCPU)

    monkeypatch.setattr(sandbox.subprocess, "run", noted)
    with pytest.raises(ModelError, match=r"received: does not end: .* not done in 2\d s of processor time"):
        tried(folder)
    assert 60 <= clock[0] < 70


@pytest.mark.parametrize("by", ["loading", "running"])
def test_what_grows_is_stopped(by: str, model_folder: Folder, network_of: Network) -> None:
    size = [node("Add", ["size", "ids0"], ["shape"])] if by == "running" else [node("Identity", ["size"], ["shape"])]
    nodes = [
        node("ReduceMin", ["input_ids"], ["least"], keepdims=0),
        node("Reshape", ["least", "one"], ["ids0"]),
        *size,
        node("ConstantOfShape", ["shape"], ["long"]),
        node("ReduceMean", ["long"], ["x"], keepdims=0),
    ]
    grown = network_of(*nodes, use="x", size=np.array([2_000_000_000]), one=np.array([1]))
    with pytest.raises(ModelError, match=r"received: .*cannot"):
        tried(model_folder(files={model.NETWORK: grown}))


def test_a_file_that_ends_the_process_is_an_error(model_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder()
    run = subprocess.run

    def killed(call: list[str], **options: Any) -> Any:
        return run([call[0], "-c", "import os; os.abort()"], **options)

    monkeypatch.setattr(sandbox.subprocess, "run", killed)
    with pytest.raises(ModelError, match=r"received: cannot be run: .*Abort"):
        tried(folder)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([node("Identity", ["nought"], ["embedding"])], r"gives arrays of \(\)"),
        ([node("Concat", ["unit", "unit"], ["u"], axis=0), node("Add", ["u", "nought"], ["embedding"])], r"\(2, 384\)"),
        ([node("Div", ["nought", "zero"], ["x"]), node("Add", ["unit", "x"], ["embedding"])], "not finite"),
        ([node("Mul", ["unit", "nought"], ["embedding"])], "not of length 1"),
        ([node("Gather", ["unit", "input_ids"], ["embedding"], axis=1)], "cannot be run on what tokenizer.json"),
    ],
)
def test_what_an_encoder_gives_is_looked_at(
    made: list[Any], said: str, model_folder: Folder, network_of: Network
) -> None:
    with pytest.raises(ModelError, match=said):
        tried(model_folder(files={model.NETWORK: network_of(*made, use="")}))


def test_a_network_of_the_wrong_size_is_not_read(model_folder: Folder) -> None:
    folder = model_folder()
    with (folder / model.NETWORK).open("r+b") as file:
        file.truncate(40 << 30)
    with pytest.raises(ModelError, match=r"model\.onnx: is larger than"):
        tried(folder)
    with (folder / model.NETWORK).open("r+b") as file:
        file.truncate(1_400_000_000)
    with pytest.raises(ModelError, match=r"model\.onnx: damaged or replaced"):
        tried(folder)


CLS, SEP = ({"SpecialToken": {"id": f"[{name}]", "type_id": 0}} for name in ("CLS", "SEP"))
A, B = ({"Sequence": {"id": side, "type_id": 0}} for side in "AB")


def template(single: list[Any], pair: list[Any]) -> dict[str, Any]:
    return TOKENIZER["post_processor"] | {"single": single, "pair": pair}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"normalizer": {"type": "Replace", "pattern": {"String": "e"}, "content": "ee"}}, "not a tokenizer that"),
        ({"post_processor": template([CLS, A, SEP], [CLS, B, SEP, A, SEP])}, "does not put a text between"),
        ({"post_processor": template([CLS, A, SEP], [CLS, A, SEP, B])}, "does not put a text between"),
        ({"post_processor": template([CLS, A, SEP], [A, SEP, B, SEP])}, "does not put a text between"),
        ({"post_processor": template([CLS, A, SEP], [CLS, A, SEP, B, B, SEP])}, "does not put a text between"),
        ({"post_processor": None}, "does not put a text between"),
        ({"model": TOKENIZER["model"] | {"unk_token": "[NOPE]"}}, "cannot be run on a text"),
        ({"model": TOKENIZER["model"] | {"vocab": BEYOND}}, "cannot be run on what"),
    ],
)  # fmt: skip
def test_what_a_tokenizer_makes_is_looked_at(changes: dict[str, Any], said: str, model_folder: Folder) -> None:
    with pytest.raises(ModelError, match=said):
        tried(model_folder("reader", files={model.TOKENIZER: json.dumps(TOKENIZER | changes).encode()}), "reader")


@pytest.mark.parametrize(("task", "tokens"), [("encoder", 2), ("reader", 3), ("reader", 18)])
def test_there_is_room_for_a_text(task: str, tokens: int, model_folder: Folder) -> None:
    with pytest.raises(ModelError, match=f"sees {tokens} tokens, of which [23] are the tokenizer's own"):
        tried(model_folder(task, max_tokens=tokens), task)
