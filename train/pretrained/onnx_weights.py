"""Weights out of an exported network, so that training goes on from a model in use, such as one that ships.

In ONNX many weights have lost their names, and in int8 some precision too; but the nodes that use them are still called
by the layer that they came from.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bioqa.index.arrays import Array
from bioqa.index.errors import ModelError
from bioqa.index.models import sandbox
from bioqa.index.models.model import NETWORK, Model, read_card

if TYPE_CHECKING:
    from onnx import GraphProto

_ROLES = {  # of weights in PyTorch's layers, by where a node takes them in
    "MatMul": {1: "weight"},
    "MatMulInteger": {1: "weight"},
    "Gemm": {1: "weight", 2: "bias"},
    "Add": {0: "bias", 1: "bias"},
    "LayerNormalization": {1: "weight", 2: "bias"},
    "Gather": {0: "weight"},
}
_OPERATION = re.compile(rf"/({'|'.join(_ROLES)})[^/]*(/scaled[^/]*)?$")  # what comes after the layer in a node's name
_WRAPPING = re.compile(r"^(reader\.encoder\.|reader\.|encoder\.)")  # what `traced` puts around a network
_QUANTISED, _SCALE, _ZERO, _HALF = "_quantized", "_scale", "_zero_point", "_bf16"


def read(folder: Path) -> dict[str, Array]:
    """The weights of the exported model in `folder`, in fp32, by the names that they have in transformers.

    Raises ModelError for a folder whose files are not those that its card names, or are no network.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]

    model = Model(folder, read_card(folder))
    sandbox.check_network(model)
    content = {name: model.read(name) for name in model.card.digests}[NETWORK]
    try:
        return dict(_named(onnx.load_from_string(content).graph))
    except (DecodeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder / NETWORK}: not a network in ONNX that 'bioqa export' made ({error})") from None


def _named(found: "GraphProto") -> Iterator[tuple[str, Array]]:
    stored = dict(_stored(found))
    for node in found.node:
        for place, role in _ROLES.get(node.op_type, {}).items():
            used = stored.get(node.input[place].removesuffix(_QUANTISED)) if place < len(node.input) else None
            if used is None or used.ndim == 0:
                continue
            layer = _OPERATION.sub("", node.name).strip("/").replace("/", ".")
            rows_are_outputs = node.op_type in {"Gather", "Gemm"}  # torch.onnx.export makes Gemm with transB
            yield f"{_WRAPPING.sub('', layer)}.{role}", used if rows_are_outputs else np.ascontiguousarray(used.T)


def _stored(found: "GraphProto") -> Iterator[tuple[str, Array]]:
    """The weights in a graph, in fp32 whatever they are stored in, by the names that they had in fp32."""
    from onnx import TensorProto, numpy_helper

    kinds = {TensorProto.FLOAT, TensorProto.BFLOAT16, TensorProto.INT8, TensorProto.UINT8}
    arrays = {each.name: numpy_helper.to_array(each) for each in found.initializer if each.data_type in kinds}
    for node in found.node:
        if node.op_type == "Identity" and node.input[0] in arrays:  # of equal weights one is stored
            arrays[node.output[0]] = arrays[node.input[0]]
    for name, values in arrays.items():
        plain = name.removesuffix(_QUANTISED)
        if plain != name:
            zero, scale = (np.broadcast_to(arrays[plain + end], values.shape) for end in (_ZERO, _SCALE))
            yield plain, (values.astype(np.float32) - zero.astype(np.float32)) * scale
        elif not name.endswith((_SCALE, _ZERO)):
            yield name.removesuffix(_HALF), values.astype(np.float32)
