import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Encoding

from bioqa.index.arrays import Array
from bioqa.index.errors import ModelError
from bioqa.index.models import model, runtime
from bioqa.index.models.runtime import Network

TEXTS = [
    "short",
    "a somewhat longer text about cystic fibrosis and its gene",
    "two words",
    "",
    "BRCA1 and BRCA2 in cancer",
]


@pytest.fixture(scope="module")
def network() -> Network:
    """The network of the encoder that ships."""
    return Network(model.open_model(model.shipped("encoder"), "encoder"))


@pytest.fixture(scope="module")
def sequences() -> list[Encoding]:
    """Token sequences of different lengths."""
    tokenizer = runtime.load_tokenizer(model.open_model(model.shipped("encoder"), "encoder"))
    encoded: list[Encoding] = tokenizer.encode_batch_fast(TEXTS)
    return encoded


@pytest.fixture
def folder_with(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes a model folder whose card agrees with its one file."""

    def write(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        digests = {"model.onnx": "0" * 64, name: hashlib.sha256(content).hexdigest()}
        card = {"name": "toy", "task": "encoder", "max_tokens": 8, "dimensions": 4, "digests": digests}
        (tmp_path / model.CARD).write_text(json.dumps(card))
        return tmp_path

    return write


def test_many_sequences_give_what_each_gives_alone_in_the_order_given(
    network: Network, sequences: list[Encoding]
) -> None:
    together = network.run_all(sequences)
    for outputs, sequence in zip(together, sequences, strict=True):
        alone = network.run(sequence)
        assert len(outputs) == len(alone)
        assert all(np.array_equal(one, other) for one, other in zip(outputs, alone, strict=True))


def test_no_sequence_gives_no_result(network: Network) -> None:
    assert network.run_all([]) == []


def test_progress_counts_up_to_all(network: Network, sequences: list[Encoding]) -> None:
    seen: list[int] = []
    network.run_all(sequences, seen.append)
    assert seen == [1, 2, 3, 4, 5]


def test_an_interruption_is_passed_on_and_ends_the_work(
    network: Network, sequences: list[Encoding], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    original = network.run

    def counted(sequence: Encoding) -> list[Array]:
        ran.append(threading.current_thread().name)
        return original(sequence)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(network, "run", counted)
    with pytest.raises(KeyboardInterrupt):
        network.run_all(sequences * 1000, stop)
    count = len(ran)
    assert count < 4500
    assert not any(thread.name in ran for thread in threading.enumerate())


def test_a_network_that_is_none_is_refused_with_its_folder(folder_with: Callable[[str, bytes], Path]) -> None:
    folder = folder_with("model.onnx", b"no network")
    with pytest.raises(ModelError, match=r"ONNX Runtime cannot load model\.onnx") as caught:
        Network(model.open_model(folder, "encoder"))
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(("task", "other", "count"), [("encoder", "reader", 1), ("reader", "encoder", 5)])
def test_a_network_of_another_task_than_its_card_says_is_refused(
    task: str, other: str, count: int, folder_with: Callable[[str, bytes], Path]
) -> None:
    folder = folder_with("model.onnx", (model.shipped(task) / "model.onnx").read_bytes())
    card = folder / model.CARD
    card.write_text(card.read_text().replace('"encoder"', json.dumps(other)))
    with pytest.raises(ModelError, match=rf"of type '{other}', and model.onnx has {count} outputs"):
        Network(model.open_model(folder, other))


def test_a_network_that_does_not_know_a_token_names_its_folder(network: Network, sequences: list[Encoding]) -> None:
    class Unknown:
        ids = type_ids = (1_000_000,)

    with pytest.raises(ModelError, match=r"model\.onnx cannot be run on what tokenizer\.json makes") as caught:
        network.run_all([*sequences, Unknown()])  # type: ignore[list-item]
    assert str(model.shipped("encoder")) in str(caught.value)


def test_a_network_other_than_the_cards_is_not_loaded(folder_with: Callable[[str, bytes], Path]) -> None:
    folder = folder_with("model.onnx", b"no network")
    (folder / "model.onnx").write_bytes(b"another")
    with pytest.raises(ModelError, match="damaged or replaced"):
        Network(model.open_model(folder, "encoder"))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[]", b'{"model": 1}'])
def test_a_tokenizer_that_is_none_is_refused_with_its_file(
    content: bytes, folder_with: Callable[[str, bytes], Path]
) -> None:
    folder = folder_with("tokenizer.json", content)
    with pytest.raises(ModelError, match="not a tokenizer") as caught:
        runtime.load_tokenizer(model.open_model(folder, "encoder"))
    assert str(folder / "tokenizer.json") in str(caught.value)


def test_models_with_the_same_tokenizer_share_it() -> None:
    encoder, reader = (model.open_model(model.shipped(task), task) for task in ("encoder", "reader"))
    assert encoder.read("tokenizer.json") == reader.read("tokenizer.json")
    assert runtime.load_tokenizer(encoder) is runtime.load_tokenizer(reader)


def test_the_tokenizer_neither_cuts_nor_pads() -> None:
    tokenizer = runtime.load_tokenizer(model.open_model(model.shipped("encoder"), "encoder"))
    short, long = tokenizer.encode_batch_fast(["gene", "gene " * 2000])
    assert len(short.ids) == 3
    assert len(long.ids) == 2002


def test_json_of_a_model_is_checked_before_it_is_read(folder_with: Callable[[str, bytes], Path]) -> None:
    folder = folder_with("calibration.json", b'{"temperature": 2}')
    assert model.open_model(folder, "encoder").read_json("calibration.json") == {"temperature": 2}
    (folder / "calibration.json").write_bytes(b'{"temperature": 3}')
    with pytest.raises(ModelError, match="damaged or replaced"):
        model.open_model(folder, "encoder").read_json("calibration.json")


@pytest.mark.parametrize("name", ["onnxruntime", "onnxruntime.quantization"])
def test_onnx_runtime_reports_nothing_to_its_maker(name: str, tmp_path: Path) -> None:
    program = f"from bioqa.index.models import runtime; runtime.load({name!r}).__name__"
    told = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    kept = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith(("ORT_", "GITHUB_"))}
    subprocess.run([sys.executable, "-c", program], env=kept | told, check=True)
    assert not list(tmp_path.iterdir())  # it keeps the machine's id and what is still to be sent in the cache


Make = Callable[..., bytes]


@pytest.mark.parametrize("names", [["other"], ["input_ids", "position_ids"], ["input_ids", "x" * 1000]])
def test_inputs_that_bioqa_does_not_give_are_refused(
    names: list[str], network_of: Make, folder_with: Callable[[str, bytes], Path]
) -> None:
    onnx = pytest.importorskip("onnx")
    made = onnx.load_from_string(network_of())
    del made.graph.input[:]
    for name in names:
        made.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["b", "n"]))
    made.graph.node[0].input[0] = names[0]
    with pytest.raises(ModelError, match=r"has the inputs .* expected input_ids and perhaps") as caught:
        Network(model.open_model(folder_with("model.onnx", made.SerializeToString()), "encoder"))
    assert "\n" not in str(caught.value)


def test_a_network_that_grows_with_what_it_is_given_is_an_error(
    network_of: Make, model_folder: Callable[..., Path], sequences: list[Encoding]
) -> None:
    node = pytest.importorskip("onnx").helper.make_node
    nodes = [
        node("ReduceMax", ["input_ids"], ["most"], keepdims=0),
        node("Reshape", ["most", "one"], ["ids0"]),
        node("Mul", ["ids0", "often"], ["shape"]),
        node("ConstantOfShape", ["shape"], ["long"]),
        node("ReduceMean", ["long"], ["x"], keepdims=0),
    ]
    content = network_of(*nodes, use="x", one=np.array([1]), often=np.array([10**8]))
    network = Network(model.open_model(model_folder(files={"model.onnx": content}), "encoder"))
    with pytest.raises(ModelError, match="cannot be run on what") as caught:
        network.run_all(sequences)
    assert "\n" not in str(caught.value)


def test_a_network_that_takes_too_long_with_a_text_is_an_error(
    network_of: Make, model_folder: Callable[..., Path], sequences: list[Encoding], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = pytest.importorskip("onnx").helper.make_node
    products = [node("MatMul", [f"x{i}", "x0"], [f"x{i + 1}"]) for i in range(5000)]
    content = network_of(
        node("Expand", ["nought", "shape"], ["x0"]),
        *products,
        node("ReduceMean", ["x5000"], ["x"], keepdims=0),
        use="x",
        shape=np.array([1000, 1000]),
    )
    network = Network(model.open_model(model_folder(files={"model.onnx": content}), "encoder"))
    monkeypatch.setattr(runtime, "_LONGEST_RUN", 0.5)
    with pytest.raises(ModelError, match="not done with a text after"):
        network.run_all(sequences[:1])


def test_a_run_that_waits_for_the_processor_is_not_given_up(
    network_of: Make, model_folder: Callable[..., Path], sequences: list[Encoding], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(model.open_model(model_folder(files={"model.onnx": network_of()}), "encoder"))
    plain = network.run

    def stopped(sequence: Encoding) -> list[Array]:
        time.sleep(0.3)  # as where the process is stopped for a while
        return plain(sequence)

    monkeypatch.setattr(network, "run", stopped)
    monkeypatch.setattr(runtime, "_LONGEST_RUN", 0.05)
    assert len(network.run_all(sequences[:1])) == 1


def test_the_panic_of_a_library_is_an_error() -> None:
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(RuntimeError, match="Onig: retry limit"), runtime.panics_as_errors():
        raise panic("Onig:\nretry limit")
    with pytest.raises(KeyboardInterrupt), runtime.panics_as_errors():
        raise KeyboardInterrupt
