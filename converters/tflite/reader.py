"""Reading a TFLite file into a graph.

A file comes from outside, so nothing in it is believed: every index is looked up, every length compared, and whatever a
damaged file makes the flatbuffer accessors raise becomes one `BadInputError`.
"""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.consistency import check_graph
from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite.options import enum_name, read_options
from converters.tflite.types import numpy_dtype, stored_size, values_of
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_IDENTIFIER = b"TFL3"
_IDENTIFIER_OFFSET = 4
_DAMAGED = (struct.error, ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError)


def read_tflite(content: bytes) -> Graph:
    """The network of a TFLite file, given as the file's bytes.

    Shapes hold -1 where the file says that a dimension is open. Tensor names are made unique. What nothing uses,
    metadata and signatures are left behind.

    Raises:
        BadInputError: not a TFLite file, a damaged one, or one with custom operators, several subgraphs, or types
            outside numpy's.
    """
    if content[_IDENTIFIER_OFFSET : _IDENTIFIER_OFFSET + len(_IDENTIFIER)] != _IDENTIFIER:
        raise BadInputError(
            f"wanted a TFLite model (its bytes 4-7 read 'TFL3'), found {_impression(content)}; "
            "give the .tflite file itself"
        )
    try:
        graph = _read_model(content)
    except BadInputError:
        raise
    except _DAMAGED as error:
        raise BadInputError(
            f"the TFLite file is damaged or cut short ({len(content)} bytes): {error}; fetch it again"
        ) from error
    check_graph(graph)
    if not (graph.inputs and graph.outputs):
        raise BadInputError(
            f"wanted a model that takes and gives something, found {len(graph.inputs)} inputs and "
            f"{len(graph.outputs)} outputs; export it with both"
        )
    return graph


def _impression(content: bytes) -> str:
    if not content:
        return "an empty file"
    start = content[:16]
    is_text = start.isascii() and all(chr(byte).isprintable() or chr(byte).isspace() for byte in start)
    return f"text starting {start.decode()!r}" if is_text else f"bytes starting {start!r}"


def _read_model(content: bytes) -> Graph:
    model = schema.Model.GetRootAs(content, 0)
    if model.SubgraphsLength() != 1:
        raise BadInputError(
            f"wanted one subgraph, found {model.SubgraphsLength()}; models with branches or loops are not converted: "
            "export the body alone"
        )
    subgraph = model.Subgraphs(0)
    operators = [subgraph.Operators(index) for index in range(subgraph.OperatorsLength())]
    kinds = [_kind(model, operator) for operator in operators]
    inputs, outputs = _indices(subgraph.InputsAsNumpy()), _indices(subgraph.OutputsAsNumpy())
    used = {*inputs, *outputs, *(index for operator in operators for index in _tensors_of(operator))} - {-1}
    names = _unique_names(subgraph, used)
    return Graph(
        tensors={
            names[index]: _tensor(content, model, subgraph.Tensors(index), names[index]) for index in sorted(used)
        },
        operators=[_operator(kind, operator, names) for kind, operator in zip(kinds, operators, strict=True)],
        inputs=[names[index] for index in inputs],
        outputs=[names[index] for index in outputs],
        name=(subgraph.Name() or b"main").decode("utf-8"),
    )


def _kind(model: schema.Model, operator: schema.Operator) -> str:
    index = operator.OpcodeIndex()
    if index >= model.OperatorCodesLength():
        raise BadInputError(f"an operator asks for code {index} of {model.OperatorCodesLength()}; the file is damaged")
    code = model.OperatorCodes(index)
    # Files older than the 128th operator know only the first field, which holds 127 in newer ones.
    kind = enum_name(schema.BuiltinOperator, max(code.DeprecatedBuiltinCode(), code.BuiltinCode()), "operator code")
    if kind != "CUSTOM":
        return kind
    custom = (code.CustomCode() or b"").decode("utf-8", "replace")
    if "edgetpu" in custom:
        raise BadInputError(
            "this model is already compiled for the EdgeTPU; give the float model that it was made from"
        )
    raise BadInputError(
        f"wanted builtin operators only, found the custom operator {custom!r}; export the model without it"
    )


def _indices(vector: npt.NDArray[np.int32] | int) -> list[int]:
    """A flatbuffer vector as a list; the accessors give 0 for one that is absent."""
    return [] if isinstance(vector, int) else vector.tolist()


def _tensors_of(operator: schema.Operator) -> list[int]:
    vectors = (operator.InputsAsNumpy(), operator.OutputsAsNumpy(), operator.IntermediatesAsNumpy())
    return [index for vector in vectors for index in _indices(vector)]


def _unique_names(subgraph: schema.SubGraph, used: set[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    taken: set[str] = set()
    for index in sorted(used):
        if not 0 <= index < subgraph.TensorsLength():
            raise BadInputError(f"tensor {index} of {subgraph.TensorsLength()} is asked for; the file is damaged")
        # Runtimes hold names as C strings, which end at the first zero byte.
        stored = (subgraph.Tensors(index).Name() or b"").partition(b"\0")[0]
        stem = stored.decode("utf-8") or f"tensor_{index}"
        name, copy = stem, 1
        while name in taken:
            name, copy = f"{stem}_{copy}", copy + 1
        taken.add(name)
        names[index] = name
    return names


def _tensor(content: bytes, model: schema.Model, stored: schema.Tensor, name: str) -> Tensor:
    if stored.Sparsity() is not None:
        raise BadInputError(f"tensor {name!r}: wanted dense values, found a sparse encoding; export without sparsity")
    shape = tuple(_indices(stored.ShapeAsNumpy()))
    signature = tuple(_indices(stored.ShapeSignatureAsNumpy()))
    dtype = numpy_dtype(stored.Type(), name)
    return Tensor(
        name=name,
        shape=signature if len(signature) == len(shape) else shape,
        dtype=dtype,
        data=_constant(name, shape, dtype, _buffer(content, model, stored.Buffer())),
        quantization=_quantization(stored.Quantization(), name, len(shape)),
        is_variable=bool(stored.IsVariable()),
    )


def _buffer(content: bytes, model: schema.Model, index: int) -> memoryview | None:
    """A view of a buffer's bytes, or None for the empty buffer that marks an activation."""
    if index == 0:
        return None
    if index >= model.BuffersLength():
        raise BadInputError(f"buffer {index} of {model.BuffersLength()} is asked for; the file is damaged")
    buffer = model.Buffers(index)
    if buffer.Offset() > 1:  # files above 2 GB, and newer exporters, keep the bytes behind the flatbuffer
        return memoryview(content)[buffer.Offset() : buffer.Offset() + buffer.Size()]
    return None if buffer.DataIsNone() else memoryview(buffer.DataAsNumpy())


def _constant(
    name: str, shape: Sequence[int], dtype: np.dtype[Any], stored: memoryview | None
) -> npt.NDArray[Any] | None:
    if stored is None or (not stored and prod(shape) > 0):
        return None
    if len(stored) != stored_size(shape, dtype):
        raise BadInputError(
            f"constant {name!r}: wanted {stored_size(shape, dtype)} bytes for {tuple(shape)} {dtype}, "
            f"found {len(stored)}; the file is damaged"
        )
    return values_of(stored, shape, dtype)


def _quantization(stored: schema.QuantizationParameters | None, name: str, rank: int) -> Quantization | None:
    if stored is None:
        return None
    if stored.DetailsType() != schema.QuantizationDetails.NONE:
        raise BadInputError(
            f"tensor {name!r}: wanted quantisation per tensor or channel, found per block; export without"
        )
    if stored.ScaleIsNone() or stored.ScaleLength() == 0:
        return None
    scale = np.array(stored.ScaleAsNumpy(), np.float32)
    has_zero = not stored.ZeroPointIsNone() and stored.ZeroPointLength() > 0
    zero_point = np.array(stored.ZeroPointAsNumpy(), np.int64) if has_zero else np.zeros(1, np.int64)
    # Old exporters give a bias, which has one axis, the number of its weights' channel axis.
    axis = stored.QuantizedDimension() if scale.size > 1 and rank > 1 else 0
    return Quantization(scale=scale, zero_point=np.broadcast_to(zero_point, scale.shape).copy(), axis=axis)


def _operator(kind: str, stored: schema.Operator, names: dict[int, str]) -> Operator:
    if not (_indices(stored.InputsAsNumpy()) and _indices(stored.OutputsAsNumpy())):
        raise BadInputError(f"wanted inputs and outputs for each operator, found a {kind} without; the file is damaged")
    return Operator(
        kind=kind,
        inputs=[None if index == -1 else names[index] for index in _indices(stored.InputsAsNumpy())],
        outputs=[names[index] for index in _indices(stored.OutputsAsNumpy())],
        options=read_options(kind, stored),
        intermediates=[names[index] for index in _indices(stored.IntermediatesAsNumpy())],
    )
