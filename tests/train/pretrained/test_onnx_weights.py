from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models.model import read_card, shipped
from bioqa.train.export.onnx import digest, export, write_card
from bioqa.train.pretrained import onnx_weights, source, weights

torch = pytest.importorskip("torch")


def made(origin: Path, target: Path, task: str, precision: str = "fp32") -> Path:
    export(str(origin), {precision: target}, task, name="tiny", max_tokens=64)
    return target


@pytest.mark.parametrize("task", ["encoder", "reader"])
def test_the_weights_of_an_exported_network_are_those_it_was_exported_from(
    tiny_bert: Callable[[str], Path], tmp_path: Path, task: str
) -> None:
    from safetensors.numpy import load_file

    origin = tiny_bert(task)
    before = {name: tensor for name, tensor in load_file(origin / weights.SAFE).items() if "pooler" not in name}
    after = onnx_weights.read(made(origin, tmp_path / "out", task))
    assert set(after) == set(before)
    for name, tensor in before.items():
        np.testing.assert_array_equal(after[name], tensor, err_msg=name)


@pytest.mark.parametrize(("precision", "error"), [("bf16", 0.0005), ("int8", 0.002)])
def test_what_less_precise_weights_have_lost_is_all_that_is_lost(
    tiny_bert: Callable[[str], Path], tmp_path: Path, precision: str, error: float
) -> None:
    origin = tiny_bert("encoder")
    exact = onnx_weights.read(made(origin, tmp_path / "fp32", "encoder"))
    found = onnx_weights.read(made(origin, tmp_path / precision, "encoder", precision))
    assert set(found) == set(exact)
    for name, tensor in exact.items():
        np.testing.assert_allclose(found[name], tensor, atol=error, err_msg=name)


def test_all_heads_come_back(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    from bioqa.train.networks import reader as network

    trained = network.load_reader(source.resolve(str(tiny_bert("encoder"))))
    folder = tmp_path / "trained"
    trained.save(folder)
    source.tokenizer(source.resolve(str(tiny_bert("encoder")))).save_pretrained(folder)
    again = network.load_reader(source.resolve(str(made(folder, tmp_path / "out", "reader"))))
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in trained.state_dict().items())


def test_the_reader_that_is_exported_again_from_its_export_is_the_same(
    tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    first = made(tiny_bert("reader"), tmp_path / "first", "reader")
    second = made(first, tmp_path / "second", "reader")
    before, after = onnx_weights.read(first), onnx_weights.read(second)
    assert after.keys() == before.keys()
    assert all(np.array_equal(after[name], weights) for name, weights in before.items())
    assert (second / "tokenizer.json").read_bytes() == (first / "tokenizer.json").read_bytes()
    assert (second / source.CONFIG).read_bytes() == (first / source.CONFIG).read_bytes()


def test_a_network_that_is_cut_off_is_refused(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    folder = made(tiny_bert("encoder"), tmp_path / "out", "encoder")
    path = folder / onnx_weights.NETWORK
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"model\.onnx: damaged or replaced"):
        onnx_weights.read(folder)


def test_what_is_no_network_is_refused(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    folder = made(tiny_bert("encoder"), tmp_path / "out", "encoder")
    (folder / onnx_weights.NETWORK).write_bytes(b"\xff\xffno network")
    card = read_card(folder)
    write_card(folder, replace(card, digests={**card.digests, onnx_weights.NETWORK: digest(b"\xff\xffno network")}))
    with pytest.raises(ModelError, match="not a network in ONNX"):
        onnx_weights.read(folder)


@pytest.mark.parametrize("task", ["encoder", "reader"])
def test_what_ships_can_be_trained_further(task: str) -> None:
    from bioqa.train.networks import reader as network

    folder = str(shipped(task))
    assert source.resolve(read_card(Path(folder)).name).folder == source.resolve(folder).folder
    assert network.load_reader(source.resolve(folder)).encoder.config.num_hidden_layers == 6
    assert source.tokenizer(source.resolve(folder)).sep_token == "[SEP]"
    assert network.has_all_heads(source.resolve(folder)) == (task == "reader")


def changed(folder: Path, change: Callable[[Any], None]) -> Path:
    """Change the network in a folder, and enter it in its card."""
    onnx = pytest.importorskip("onnx")
    network = onnx.load(folder / onnx_weights.NETWORK)
    change(network.graph)
    content = network.SerializeToString()
    (folder / onnx_weights.NETWORK).write_bytes(content)
    card = read_card(folder)
    write_card(folder, replace(card, digests={**card.digests, onnx_weights.NETWORK: digest(content)}))
    return folder


def without_zero_points(graph: Any) -> None:
    for array in graph.initializer:
        array.name = array.name.replace("_zero_point", "_gone")


def with_a_wide_scale(graph: Any) -> None:
    for array in graph.initializer:
        if array.name.endswith("_scale"):
            array.dims[:] = [1, 1, 1, *array.dims]


def with_weights_elsewhere(graph: Any) -> None:
    graph.initializer[0].data_location = 1
    graph.initializer[0].external_data.add(key="location", value="/etc/passwd")


def with_a_loop(graph: Any) -> None:
    graph.node.add(op_type="Loop")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_zero_points, "not a network in ONNX that 'bioqa export' made"),
        (with_a_wide_scale, "not a network in ONNX that 'bioqa export' made"),
        (with_weights_elsewhere, "weights in another file"),
        (with_a_loop, "operation 'Loop'"),
    ],
)
def test_a_network_that_is_not_as_it_was_exported_is_refused(
    change: Callable[[Any], None], said: str, tiny_bert: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = changed(made(tiny_bert("encoder"), tmp_path / "out", "encoder", "int8"), change)
    with pytest.raises(ModelError, match=said):
        onnx_weights.read(folder)


def test_what_belongs_to_the_weights_is_checked_too(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    folder = made(tiny_bert("encoder"), tmp_path / "out", "encoder")
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config\.json: damaged or replaced"):
        onnx_weights.read(folder)
