from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bioqa.index.errors import ModelError
from bioqa.index.models import model, onnx_graph

onnx = pytest.importorskip("onnx")
node = onnx.helper.make_node


@pytest.mark.parametrize("task", model.TASKS)
def test_the_networks_that_ship_are_plain(task: str) -> None:
    onnx_graph.check((model.shipped(task) / model.NETWORK).read_bytes())


def test_a_small_network_is_plain(network_of: Callable[..., bytes]) -> None:
    onnx_graph.check(network_of())


def body() -> Any:
    return onnx.helper.make_graph([node("Identity", ["a"], ["b"])], "body", [], [])


@pytest.mark.parametrize(
    ("hostile", "said"),
    [
        (node("Loop", ["zero", "zero", "nought"], ["x"], body=body()), "operation 'Loop'"),
        (node("Scan", ["nought"], ["x"], body=body(), num_scan_inputs=1), "operation 'Scan'"),
        (node("If", ["zero"], ["x"], then_branch=body(), else_branch=body()), "operation 'If'"),
        (node("SequenceMap", ["nought"], ["x"], body=body()), "operation 'SequenceMap'"),
        (node("RandomNormal", [], ["x"], shape=[1]), "operation 'RandomNormal'"),
        (node("Evil", ["nought"], ["x"]), "operation 'Evil'"),
        (node("Identity", ["nought"], ["x"], domain="com.evil"), "operation of 'com.evil'"),
        (node("Identity", ["nought"], ["x"], body=body()), "a graph within its graph"),
        (node("Identity", ["nought"], ["x"], bodies=[body()]), "a graph within its graph"),
    ],
)
def test_what_can_run_without_end_or_is_not_known_is_refused(
    hostile: Any, said: str, network_of: Callable[..., bytes]
) -> None:
    with pytest.raises(ModelError, match=said):
        onnx_graph.check(network_of(hostile, use="x"))


def tensor(dimensions: list[int], raw: bytes = b"\0" * 4, **external: str) -> Any:
    made = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=dimensions, raw_data=raw)
    for key, value in external.items():
        made.data_location = onnx.TensorProto.EXTERNAL
        made.external_data.add(key=key, value=value)
    return made


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (tensor([10**9]), "a tensor of 1,000,000,000 numbers has 4 bytes"),
        (tensor([-1]), "a tensor of"),
        (tensor([2**62, 2**62]), "a tensor of"),
        (tensor([1], b""), "has 0 bytes"),
        (tensor([1], location="../../secret"), "weights in another file"),
        (tensor([1], b"", location="/etc/passwd"), "weights in another file"),
    ],
)
@pytest.mark.parametrize("inline", [False, True], ids=["initializer", "constant"])
def test_weights_are_in_the_file_in_full(
    weights: Any, said: str, inline: bool, network_of: Callable[..., bytes]
) -> None:
    network = onnx.load_from_string(network_of(*([node("Constant", [], ["w"], value=weights)] if inline else [])))
    if not inline:
        network.graph.initializer.append(weights)
    with pytest.raises(ModelError, match=said):
        onnx_graph.check(network.SerializeToString())


def test_functions_and_sparse_weights_are_refused(network_of: Callable[..., bytes]) -> None:
    network = onnx.load_from_string(network_of())
    network.functions.add(name="f", domain="d")
    with pytest.raises(ModelError, match="functions"):
        onnx_graph.check(network.SerializeToString())
    network = onnx.load_from_string(network_of())
    network.graph.sparse_initializer.add(dims=[10**11])
    with pytest.raises(ModelError, match="sparse"):
        onnx_graph.check(network.SerializeToString())


def test_a_graph_of_very_many_nodes_is_refused(network_of: Callable[..., bytes]) -> None:
    nodes = [node("Identity", ["nought"], [f"x{i}"]) for i in range(20_001)]
    with pytest.raises(ModelError, match="more than 20,000 nodes"):
        onnx_graph.check(network_of(*nodes))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no network",
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x0f",  # a graph of 2^63 bytes
        b"\x3a" + b"\xff" * 20,  # of a length without end
        b"\x3b" * 1000,  # groups, of which protobuf has long had none
        b"\x38\x05",  # a number where the graph should be
        b"\x3a\x05\x0a\x03\x20\x01\x00",  # an operation that is a number
        np.random.default_rng(0).bytes(1000),
    ],
)
def test_what_is_damaged_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="damaged"):
        onnx_graph.check(content)


def test_a_network_that_is_cut_off_or_doubled_is_refused(network_of: Callable[..., bytes]) -> None:
    whole = network_of()
    for content in (whole[:-1], whole[: len(whole) // 2], whole + whole):
        with pytest.raises(ModelError, match="damaged"):
            onnx_graph.check(content)
