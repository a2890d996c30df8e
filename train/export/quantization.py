"""Precisions of exported weights: fp32, bf16 (half the size) and int8 (a quarter)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from bioqa.index.errors import ModelError
from bioqa.index.models import runtime

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

_ENCODER_COLUMNS = 16  # at least, in a matrix of the encoder; heads have fewer
_SMALLEST_SCALE = 0.2  # of a row: GELU goes no lower than -0.17


def fp32(network: "ModelProto") -> "ModelProto":
    """The weights unchanged."""
    return network


def bf16(network: "ModelProto") -> "ModelProto":
    """Matrices rounded to bf16, and cast to fp32 when the model is loaded.

    ONNX Runtime has no half-precision kernels for a CPU, and folds the casts into constants.
    """
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
    """Weights quantised per output channel, embeddings per tensor, activations dynamically.

    7 of the 8 bits are used: with 8, processors without VNNI instructions overflow in sums of products.

    Raises ModelError if a weight is not finite, which leaves no scale.
    """
    import onnx

    arrays = map(onnx.numpy_helper.to_array, network.graph.initializer)
    if not all(np.isfinite(array).all() for array in arrays if array.dtype.kind == "f"):
        raise ModelError("its weights hold values that are not finite; get the model again")

    quantization = runtime.load("onnxruntime.quantization")
    _scale_rows(network.graph)
    onnx.helper.set_model_props(network, {"onnx.quant.pre_process": "onnxruntime.quant"})  # otherwise it warns
    with TemporaryDirectory() as scratch:
        target = Path(scratch) / "int8.onnx"
        quantization.quantize_dynamic(
            network, target, weight_type=quantization.QuantType.QInt8, per_channel=True, reduce_range=True
        )
        return onnx.load(target)


PRECISIONS: Mapping[str, Callable[["ModelProto"], "ModelProto"]] = {"int8": int8, "bf16": bf16, "fp32": fp32}
"""Conversions of an fp32 network, which they may modify, to the stored one."""


def _scale_rows(graph: "GraphProto") -> None:
    """Scale every token's row to a maximum of 1 before the down-projections of the feed-forward layers, and rescale
    after.

    ONNX Runtime quantises activations with one scale for all tokens. A few tokens, such as [SEP], have values many
    times larger than the others, which are then left with a few quantisation steps. With this scaling int8 cost a
    6-layer MiniLM 0.000 of MRR and 0.003 of list F, without it 0.005 and 0.012 (622 questions of BioASQ years 10 and
    11, from snippets); the largest error of a logit fell from 2.7 to 1.6. It takes a twentieth of the time. Scaling
    before the up-projections as well brings logits closer but not scores, for a seventh of the time; in attention it
    changes nothing.
    """
    from onnx import numpy_helper

    shapes = {weights.name: tuple(weights.dims) for weights in graph.initializer if len(weights.dims) == 2}
    graph.initializer.append(numpy_helper.from_array(np.array(_SMALLEST_SCALE, dtype=np.float32), "lowest_row"))
    nodes = [made for node in graph.node for made in (_row_scaled(node) if _narrows(node, shapes) else [node])]
    del graph.node[:]
    graph.node.extend(nodes)


def _narrows(node: "NodeProto", shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a node multiplies by a down-projection: attention matrices are square, and heads have few columns."""
    rows, columns = shapes.get(node.input[1], (0, 0)) if node.op_type == "MatMul" else (0, 0)
    return rows > columns >= _ENCODER_COLUMNS


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
