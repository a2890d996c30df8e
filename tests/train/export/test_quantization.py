from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
precision = pytest.importorskip("bioqa.train.export.quantization")

Array = Any


@pytest.fixture
def narrowing() -> Callable[[Array], Any]:
    """The network of one product with a matrix, which narrows 64 numbers a token to 16."""

    def network(matrix: Array) -> Any:
        helper = onnx.helper
        shapes = {name: helper.make_tensor_value_info(name, 1, [1, None, None]) for name in ("states", "product")}
        node = helper.make_node("MatMul", ["states", "matrix"], ["product"], name="dense")
        weights = [onnx.numpy_helper.from_array(matrix, "matrix")]
        graph = helper.make_graph([node], "g", [shapes["states"]], [shapes["product"]], weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    return network


def product(network: Any, states: Array) -> Array:
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"states": states[np.newaxis]})[0][0]


def random(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_fp32_is_the_product(narrowing: Callable[[Array], Any]) -> None:
    matrix, states = random(64, 16), random(5, 64)
    assert product(precision.fp32(narrowing(matrix)), states) == pytest.approx(states @ matrix, abs=1e-4)


def test_bf16_weights_are_those_of_pytorch(narrowing: Callable[[Array], Any]) -> None:
    matrix = random(64, 16)
    matrix[0, :4] = (0.0, -0.0, 1 + 2**-8, 1 + 3 * 2**-8)  # the last two lie halfway: to the even neighbour
    expected = torch.tensor(matrix).bfloat16().float().numpy()
    identity = np.eye(64, dtype=np.float32)
    assert np.array_equal(product(precision.bf16(narrowing(matrix)), identity), expected)


def test_bf16_takes_half_the_room(narrowing: Callable[[Array], Any]) -> None:
    whole = narrowing(random(640, 160)).ByteSize()
    assert precision.bf16(narrowing(random(640, 160))).ByteSize() < 0.51 * whole


def test_int8_is_near_the_product_and_takes_a_quarter_of_the_room(narrowing: Callable[[Array], Any]) -> None:
    matrix, states = random(640, 160), random(5, 640)
    quantised = precision.int8(narrowing(matrix))
    expected = states @ matrix
    assert np.abs(product(quantised, states) - expected).max() < 0.03 * np.abs(expected).max()
    assert quantised.ByteSize() < 0.28 * narrowing(matrix).ByteSize()


def test_int8_weights_leave_room_for_processors_without_vnni(narrowing: Callable[[Array], Any]) -> None:
    quantised = precision.int8(narrowing(random(64, 16)))
    stored = [onnx.numpy_helper.to_array(weights) for weights in quantised.graph.initializer]
    (weights,) = (matrix for matrix in stored if matrix.dtype == np.int8 and matrix.shape == (64, 16))
    # there two products of an 8-bit activation and a weight are added in 16 bits, and cut off at 32,767
    assert 2 * 255 * np.abs(weights.astype(int)).max() <= 32_767


def test_a_token_with_large_values_does_not_blur_the_others(narrowing: Callable[[Array], Any]) -> None:
    matrix, states = random(64, 16), random(5, 64)
    alone = product(precision.int8(narrowing(matrix)), states)
    beside = product(precision.int8(narrowing(matrix)), np.concatenate([states, 1000 * random(1, 64)]))
    assert np.abs(beside[:5] - alone).max() < 0.2
    assert beside[5] == pytest.approx(1000 * random(1, 64)[0] @ matrix, rel=0.2, abs=500)


def test_a_token_of_zeros_stays_one(narrowing: Callable[[Array], Any]) -> None:
    states = random(3, 64)
    states[1] = 0
    found = product(precision.int8(narrowing(random(64, 16))), states)
    assert np.isfinite(found).all()
    assert np.abs(found[1]).max() < 1e-5


@pytest.mark.parametrize("shape", [(16, 64), (32, 32), (64, 2)], ids=["widens", "square", "head"])
def test_rows_are_scaled_only_before_matrices_that_narrow_the_states(
    narrowing: Callable[[Array], Any], shape: tuple[int, int]
) -> None:
    assert not any(node.op_type == "ReduceMax" for node in precision.int8(narrowing(random(*shape))).graph.node)
    assert any(node.op_type == "ReduceMax" for node in precision.int8(narrowing(random(64, 16))).graph.node)
