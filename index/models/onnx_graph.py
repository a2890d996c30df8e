"""Validation of the graph in an ONNX file, from its protobuf, before ONNX Runtime loads it.

A network of the BERT family is a list of nodes that run once each. A graph with a loop may never end, and external
weights may refer to any file, so only the operations in `OPERATIONS` are accepted. The `onnx` package could parse the
file, but it is part of the extra `train` and loads the whole file into memory.
"""

from collections.abc import Iterator

from bioqa.index.errors import ModelError

OPERATIONS = frozenset(
    {
        # operations of BERT exports in fp32, bf16 and int8
        *("Abs", "Add", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "CumSum", "DequantizeLinear", "Div"),
        *("DynamicQuantizeLinear", "Equal", "Erf", "Expand", "Gather", "Gemm", "Identity", "LayerNormalization"),
        *("Less", "Log", "MatMul", "MatMulInteger", "Max", "Min", "Mul", "Neg", "Not", "Pow", "Range", "ReduceL2"),
        *("ReduceMax", "ReduceMean", "Reshape", "Shape", "Slice", "Softmax", "Split", "Squeeze", "Sub", "Tanh"),
        *("Transpose", "Unsqueeze", "Where"),
        # equivalents written by other versions of PyTorch
        *("And", "Ceil", "Cos", "Dropout", "Exp", "Flatten", "Floor", "Gelu", "Greater", "GreaterOrEqual", "IsNaN"),
        *("LessOrEqual", "LpNormalization", "Mod", "Or", "QuantizeLinear", "QLinearMatMul", "Reciprocal", "ReduceMin"),
        *("ReduceProd", "ReduceSum", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Sqrt", "Trilu"),
    }
)
_MOST_NODES = 20_000  # BERT-large has some 2,400
_MOST_TENSORS = 20_000  # that many weights; BERT-large has some 800
_LEAST_BITS = 4  # per number, in the narrowest type of ONNX

# Numbers of fields in onnx.proto
_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATION, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS = 5, 10
_ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = {6, 11}, {22, 23}
_TENSOR_DIMENSIONS, _TENSOR_NUMBERS, _TENSOR_EXTERNAL = 1, {4, 5, 7, 9, 10, 11}, {13, 14}

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # wire types of protobuf


def check(content: bytes | memoryview) -> None:
    """Raise ModelError, without the file name, if the content is not ONNX or not a plain network."""
    nodes = tensors = graphs = 0
    try:
        for field, value in _fields(memoryview(content)):
            if field in {_MODEL_FUNCTIONS, _MODEL_TRAINING}:
                raise ModelError("has functions or training steps of its own, which bioqa does not run")
            if field != _MODEL_GRAPH:
                continue
            graphs += 1
            for part, inner in _fields(_message(value)):
                nodes += part == _GRAPH_NODE
                tensors += part == _GRAPH_INITIALIZER
                if nodes > _MOST_NODES or tensors > _MOST_TENSORS:
                    raise ModelError(f"has more than {_MOST_NODES:,} nodes or weights; BERT-large has some 2,400")
                if part == _GRAPH_NODE:
                    _check_node(_message(inner))
                elif part == _GRAPH_INITIALIZER:
                    _check_tensor(_message(inner))
                elif part == _GRAPH_SPARSE:
                    raise ModelError("has sparse weights, which bioqa does not read")
    except (IndexError, ValueError) as error:
        raise ModelError(f"is damaged: not a network in ONNX ({error})") from None
    if graphs != 1 or not nodes:
        raise ModelError("is damaged: there is no network in it")


def _check_node(node: memoryview) -> None:
    for field, value in _fields(node):
        if field == _NODE_OPERATION and (name := bytes(_message(value)).decode()) not in OPERATIONS:
            raise ModelError(f"has the operation {name!r:.100}, which is in no network of BERT's family")
        if field == _NODE_DOMAIN and (name := bytes(_message(value)).decode()) not in {"", "ai.onnx"}:
            raise ModelError(f"has an operation of {name!r:.100}, not one of ONNX itself")
        if field != _NODE_ATTRIBUTE:
            continue
        for part, inner in _fields(_message(value)):
            if part in _ATTRIBUTE_GRAPHS or part in _ATTRIBUTE_SPARSE:
                raise ModelError("has a graph within its graph, or sparse weights, which bioqa does not run")
            if part in {_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS}:
                _check_tensor(_message(inner))


def _check_tensor(tensor: memoryview) -> None:
    """Check that a tensor has the data it declares, because ONNX Runtime allocates memory before reading them."""
    declared, there = 1, 0
    for field, value in _fields(tensor):
        if field in _TENSOR_EXTERNAL and value:
            raise ModelError("has weights in another file; export the model again, into one")
        if field == _TENSOR_DIMENSIONS:
            for size in [value] if isinstance(value, int) else _varints(value):
                declared = min(declared * size, 1 << 64)  # a negative size is parsed as a huge one
        if field in _TENSOR_NUMBERS:
            there += len(value) if isinstance(value, memoryview) else 8
    if declared * _LEAST_BITS > there * 8:
        raise ModelError(f"is damaged: a tensor of {declared:,} numbers has {there:,} bytes")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where there should be a message")
    return value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a protobuf message: field number and value, an integer or bytes."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        value: int | memoryview
        if kind == _VARINT:
            value, at = _varint(message, at)
        else:
            if kind == _BYTES:
                size, at = _varint(message, at)
            elif kind in {_FOUR_BYTES, _EIGHT_BYTES}:
                size = 4 if kind == _FOUR_BYTES else 8
            else:
                raise ValueError(f"a field of kind {kind}")
            if size > end - at:
                raise ValueError("cut off")
            value, at = message[at : at + size], at + size
        yield key >> 3, value


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number without end")
