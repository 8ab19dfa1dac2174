"""Writing a graph as a TFLite file.

Python's flatbuffer object API ignores the alignment that TFLite's schema asks of buffers and stores equal vectors again
and again; the small builder here minds both (5-20 % smaller). No metadata is written, and a signature always is: tools
that rework a file ask for one.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.consistency import check_graph
from converters.tflite.options import enum_value, fill_options
from converters.tflite.types import stored_bytes, tensor_type
from converters.tflite.versions import operator_version

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator, Quantization, Tensor

SIGNATURE = "serving_default"
"""The name of the one signature, which exporters and runtimes use by default."""

_ROOM_BESIDE_CONSTANTS_BYTES = 1 << 20  # the builder doubles itself where this is not enough
_SCHEMA_VERSION = 3
_IDENTIFIER = b"TFL3"
_BUFFER_ALIGNMENT_BYTES = 16  # schema.fbs: `data:[ubyte] (force_align: 16)`
_LAST_CODE_OF_OLD_FIELD = 127  # schema.fbs: PLACEHOLDER_FOR_GREATER_OP_CODES


def write_tflite(graph: Graph) -> bytes:
    """The bytes of a TFLite file that holds `graph`; the same graph gives the same bytes.

    Raises:
        BadInputError: the graph is not well formed (see `check_graph`), or asks for an operator, option or element type
            that TFLite has not.
    """
    check_graph(graph)
    constants = sum(tensor.data.nbytes for tensor in graph.tensors.values() if tensor.data is not None)
    builder = _Builder(constants + _ROOM_BESIDE_CONSTANTS_BYTES)
    builder.Finish(_model(graph).Pack(builder), _IDENTIFIER)
    # Output() would copy all of it once more: half a gigabyte for the largest networks in use.
    return bytes(memoryview(builder.Bytes)[builder.Head() :])


class _Builder(flatbuffers.Builder):  # type: ignore[misc]  # flatbuffers has no types
    """A builder that aligns buffers as the schema asks and stores equal vectors and strings once."""

    def __init__(self, initial_size: int) -> None:
        super().__init__(initial_size)
        self._vectors: dict[tuple[str, int, bytes], int] = {}
        self._strings: dict[str, int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:  # noqa: N802  # flatbuffers' name
        """The offset of a vector equal to `x`, written now or before."""
        # The digest stands for the content, of which no second copy is kept.
        key = (x.dtype.str, x.size, hashlib.sha256(np.ascontiguousarray(x).data).digest())
        if key not in self._vectors:
            if x.dtype == np.uint8:
                self.Prep(_BUFFER_ALIGNMENT_BYTES, x.nbytes)
            self._vectors[key] = super().CreateNumpyVector(x)
        return self._vectors[key]

    def CreateString(self, s: str, encoding: str = "utf-8", errors: str = "strict") -> int:  # noqa: N802
        """The offset of a string equal to `s`, written now or before."""
        if s not in self._strings:
            self._strings[s] = super().CreateString(s, encoding, errors)
        return self._strings[s]


def _model(graph: Graph) -> schema.ModelT:
    names = _tensors_in_order(graph)
    place = {name: index for index, name in enumerate(names)}
    codes = [(operator.kind, operator_version(operator, graph)) for operator in graph.operators]
    distinct_codes = sorted(set(codes))
    contents: dict[bytes, int] = {b"": 0}
    return schema.ModelT(
        version=_SCHEMA_VERSION,
        operatorCodes=[_operator_code(kind, version) for kind, version in distinct_codes],
        subgraphs=[
            schema.SubGraphT(
                tensors=[_tensor(graph.tensors[name], contents) for name in names],
                inputs=_indices(graph.inputs, place),
                outputs=_indices(graph.outputs, place),
                operators=[
                    _operator(operator, distinct_codes.index(code), place)
                    for operator, code in zip(graph.operators, codes, strict=True)
                ],
                name=graph.name,
            )
        ],
        buffers=[_buffer(content) for content in contents],
        signatureDefs=[_signature(graph, place)],
    )


def _tensors_in_order(graph: Graph) -> list[str]:
    """Each tensor that is used, in the order of first use; dictionaries keep it."""
    used = dict.fromkeys(graph.inputs)
    for operator in graph.operators:
        used.update(dict.fromkeys(name for name in operator.inputs if name is not None))
        used.update(dict.fromkeys((*operator.intermediates, *operator.outputs)))
    used.update(dict.fromkeys(graph.outputs))
    return list(used)


def _operator_code(kind: str, version: int) -> schema.OperatorCodeT:
    code = enum_value(schema.BuiltinOperator, kind, "operator")
    return schema.OperatorCodeT(
        deprecatedBuiltinCode=min(code, _LAST_CODE_OF_OLD_FIELD), builtinCode=code, version=version
    )


def _tensor(tensor: Tensor, contents: dict[bytes, int]) -> schema.TensorT:
    """The tensor as the schema has it; `contents` collects distinct constants, in order, with their buffer's index."""
    index = 0
    if tensor.data is not None:
        content = stored_bytes(tensor.data)
        index = contents.setdefault(content, len(contents))
    is_open = -1 in tensor.shape
    return schema.TensorT(
        shape=np.array([max(size, 1) if size < 0 else size for size in tensor.shape], np.int32),
        shapeSignature=np.array(tensor.shape, np.int32) if is_open else None,
        type=tensor_type(tensor.dtype, tensor.name),
        buffer=index,
        name=tensor.name,
        quantization=None if tensor.quantization is None else _quantization(tensor.quantization),
        isVariable=tensor.is_variable,
        hasRank=True,
    )


def _quantization(parameters: Quantization) -> schema.QuantizationParametersT:
    return schema.QuantizationParametersT(
        scale=parameters.scale.astype(np.float32),
        zeroPoint=parameters.zero_point.astype(np.int64),
        quantizedDimension=parameters.axis,
    )


def _buffer(content: bytes) -> schema.BufferT:
    return schema.BufferT(data=np.frombuffer(content, np.uint8) if content else None)


def _indices(names: list[str], place: dict[str, int]) -> npt.NDArray[np.int32]:
    return np.array([place[name] for name in names], np.int32)


def _operator(operator: Operator, code_index: int, place: dict[str, int]) -> schema.OperatorT:
    stored = schema.OperatorT(
        opcodeIndex=code_index,
        inputs=np.array([-1 if name is None else place[name] for name in operator.inputs], np.int32),
        outputs=_indices(operator.outputs, place),
        intermediates=_indices(operator.intermediates, place) if operator.intermediates else None,
    )
    fill_options(stored, operator.kind, operator.options)
    return stored


def _signature(graph: Graph, place: dict[str, int]) -> schema.SignatureDefT:
    return schema.SignatureDefT(
        inputs=[schema.TensorMapT(name=name, tensorIndex=place[name]) for name in dict.fromkeys(graph.inputs)],
        outputs=[schema.TensorMapT(name=name, tensorIndex=place[name]) for name in dict.fromkeys(graph.outputs)],
        signatureKey=SIGNATURE,
        subgraphIndex=0,
    )
