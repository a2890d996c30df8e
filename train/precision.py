"""The forms in which the weights of an exported network are stored: fp32, bf16 in half the room, int8 in a quarter."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from bioqa.index import runtime
from bioqa.index.errors import ModelError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_NARROWEST = 16  # columns of a matrix that belongs to the encoder; heads have fewer
_LOWEST_ROW = 0.2  # what rows are divided by at least: GELU goes no lower than -0.17


def fp32(network: "ModelProto") -> "ModelProto":
    """The weights as they are."""
    return network


def bf16(network: "ModelProto") -> "ModelProto":
    """Matrices rounded to the nearest bf16 number, and widened when the model is loaded: ONNX Runtime has no kernels
    for half precision on a processor, and folds the casts into constants."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weights in network.graph.initializer:
        if weights.data_type != TensorProto.FLOAT or len(weights.dims) < 2:
            continue
        name, bits = weights.name, numpy_helper.to_array(weights).view(np.uint32)
        to_even = (bits >> 16 & 1) + np.uint32(0x7FFF)
        half = (bits + to_even >> 16).astype(np.uint16)
        stored = helper.make_tensor(f"{name}_bf16", TensorProto.BFLOAT16, weights.dims, half.tobytes(), raw=True)
        weights.CopyFrom(stored)
        casts.append(helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *network.graph.node]
    del network.graph.node[:]
    network.graph.node.extend(nodes)
    return network


def int8(network: "ModelProto") -> "ModelProto":
    """Weights quantised by output channel and embeddings as a whole; activations are quantised when it runs.

    7 of the 8 bits are used: with 8, processors without VNNI instructions overflow in the sums of products.

    Raises ModelError where a weight is no number, which has no scale.
    """
    import onnx

    arrays = map(onnx.numpy_helper.to_array, network.graph.initializer)
    if not all(np.isfinite(array).all() for array in arrays if array.dtype.kind == "f"):
        raise ModelError("its weights hold what is no number; get the model again")

    quantization = runtime.load("onnxruntime.quantization")
    _scale_rows(network.graph)
    onnx.helper.set_model_props(network, {"onnx.quant.pre_process": "onnxruntime.quant"})  # else it asks for that
    with TemporaryDirectory() as scratch:
        target = Path(scratch) / "int8.onnx"
        quantization.quantize_dynamic(
            network, target, weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True
        )
        return onnx.load(target)


PRECISIONS: Mapping[str, Callable[["ModelProto"], "ModelProto"]] = {"int8": int8, "bf16": bf16, "fp32": fp32}
"""From the network in fp32, which may be changed, to the one that is stored."""


def _scale_rows(graph: "GraphProto") -> None:
    """Let every token's row be divided by its largest value before the matrices that narrow the feed-forward states,
    and the product be multiplied by it again.

    ONNX Runtime quantises activations with one scale for all tokens. Here a few tokens, such as [SEP], have values many
    times those of the others, which are then left with a few steps. With it int8 cost a 6-layer MiniLM 0.000 of its MRR
    and 0.003 of its list F, without 0.005 and 0.012 (622 questions of BioASQ's years 10 and 11, from snippets); the
    largest error of a logit went from 2.7 to 1.6. It takes a twentieth of the time. Before the matrices that widen
    logits come nearer still, but scores do not, for a seventh of the time; in attention it changes nothing.
    """
    from onnx import numpy_helper

    shapes = {weights.name: tuple(weights.dims) for weights in graph.initializer if len(weights.dims) == 2}
    graph.initializer.append(numpy_helper.from_array(np.array(_LOWEST_ROW, dtype=np.float32), "lowest_row"))
    nodes = [made for node in graph.node for made in (_row_scaled(node) if _narrows(node, shapes) else [node])]
    del graph.node[:]
    graph.node.extend(nodes)


def _narrows(node: "NodeProto", shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a node is the product with a matrix that narrows the states: in attention they are square, and a head's
    has few columns."""
    rows, columns = shapes.get(node.input[1], (0, 0)) if node.op_type == "MatMul" else (0, 0)
    return rows > columns >= _NARROWEST


def _row_scaled(node: "NodeProto") -> list["NodeProto"]:
    from onnx import helper

    name, (states, weights), (product,) = node.name, node.input, node.output

    def made(kind: str, inputs: list[str], output: str, **attributes: Any) -> "NodeProto":
        return helper.make_node(kind, inputs, [output], name=f"{name}/{output.rpartition('/')[2]}", **attributes)

    top, height, unit, scaled = (f"{name}/{part}" for part in ("top", "height", "unit", "scaled"))
    return [
        made("ReduceMax", [states], top, axes=[-1], keepdims=1),
        made("Max", [top, "lowest_row"], height),
        made("Div", [states, height], unit),
        made("MatMul", [unit, weights], scaled),
        helper.make_node("Mul", [scaled, height], [product], name=f"{name}/restored"),
    ]
