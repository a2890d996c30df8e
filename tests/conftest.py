"""What many tests share: a small corpus, an index over it with the shipped models, the command line in-process."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.qa.cli import main
from bioqa.qa.engine import Engine

CORPUS = Path(__file__).parent / "corpus.jsonl"


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs `bioqa` with arguments in this process, errors turned into messages as for a user."""

    def call(*arguments: str | Path) -> Outcome:
        status = main._run(args=[str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes records as JSON lines into a file of that name in the test's folder."""

    def write(name: str, records: Sequence[object]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder that ships."""
    return Encoder(model.shipped("encoder"))


@pytest.fixture(scope="session")
def corpus_file() -> Path:
    """The small corpus as JSON lines: eight records, of which one has no PMID, year and journal."""
    return CORPUS


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path, encoder: Encoder) -> Path:
    """An index with vectors over the small corpus. Not to be written to."""
    folder = tmp_path_factory.mktemp("index") / "small"
    builder.build([corpus_file], folder, encoder)
    return folder


@pytest.fixture(scope="session")
def engine(small_index: Path) -> Engine:
    """The engine over the small index."""
    return Engine.open(small_index)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests neither read nor write the user's cache and models; they share a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data"))
    monkeypatch.delenv("BIOQA_INDEX", raising=False)


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model folder: the shipped one of a task, with other files, entered in its card, and another card."""

    def write(
        task: str = "encoder", card: object = None, files: Mapping[str, bytes] | None = None, **fields: Any
    ) -> Path:
        folder = tmp_path / "received"
        shutil.copytree(model.shipped(task), folder)
        known = json.loads((folder / model.CARD).read_text(encoding="utf-8"))
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
            known["digests"][name] = sha256(content).hexdigest()
        content = json.dumps(known | fields if card is None else card)
        (folder / model.CARD).write_bytes(card if isinstance(card, bytes) else content.encode())
        return folder

    return write


@pytest.fixture
def network_of() -> Callable[..., bytes]:
    """Makes an encoder in ONNX: a constant vector, to which the last of some nodes adds `use`, a number."""
    onnx = pytest.importorskip("onnx")

    def made(*nodes: Any, use: str = "nought", outputs: Sequence[str] = ("embedding",), **arrays: Any) -> bytes:
        one, of = onnx.helper, onnx.numpy_helper.from_array
        unit = np.eye(1, 384, dtype=np.float32)
        weights = [
            of(np.asarray(array), name) for name, array in {"unit": unit, "zero": np.float32(0), **arrays}.items()
        ]
        touched = [
            one.make_node("Cast", ["input_ids"], ["ids"], to=onnx.TensorProto.FLOAT),
            one.make_node("ReduceMean", ["ids"], ["mean"], keepdims=0),
            one.make_node("Mul", ["mean", "zero"], ["nought"]),
        ]
        last = [one.make_node("Add", ["unit", use], ["embedding"])] if use else []
        ids = one.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["batch", "tokens"])
        given = [one.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs]
        graph = one.make_graph([*touched, *nodes, *last], "g", [ids], given, weights)
        network = one.make_model(graph, opset_imports=[one.make_opsetid("", 17)], ir_version=8)
        return bytes(network.SerializeToString())

    return made
