"""Reading a TFLite file into a graph.

A file comes from outside, so nothing in it is believed: every index is looked up, every length compared, and whatever a
damaged file makes the flatbuffer accessors raise becomes one `BadInputError`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.consistency import check_graph
from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite.flatbuffer import ReadTable
from converters.tflite.options import enum_name, read_options
from converters.tflite.types import numpy_dtype, stored_size, values_of
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_IDENTIFIER = b"TFL3"
_IDENTIFIER_OFFSET = 4
_INT32, _INT64, _UINT8, _FLOAT32 = (np.dtype(name) for name in ("<i4", "<i8", "u1", "<f4"))
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


@dataclass(frozen=True, slots=True)
class _Stored:
    """An operator as the file has it, its tensors by their indices."""

    table: ReadTable
    kind: str
    inputs: list[int]
    outputs: list[int]
    intermediates: list[int]


def _read_model(content: bytes) -> Graph:
    """Numbers of fields are those of TFLite's schema.fbs."""
    model = ReadTable(content)
    subgraphs = model.tables(2)
    if len(subgraphs) != 1:
        raise BadInputError(
            f"wanted one subgraph, found {len(subgraphs)}; models with branches or loops are not converted: "
            "export the body alone"
        )
    (subgraph,) = subgraphs
    codes = model.tables(1)
    stored = [_stored_operator(table, codes) for table in subgraph.tables(3)]
    inputs, outputs = _indices(subgraph, 1), _indices(subgraph, 2)
    tensors, buffers = subgraph.tables(0), model.tables(4)
    used = {*inputs, *outputs}
    for one in stored:
        used.update(one.inputs, one.outputs, one.intermediates)
    names = _unique_names(tensors, used - {-1})
    return Graph(
        tensors={name: _tensor(content, buffers, tensors[index], name) for index, name in names.items()},
        operators=[_operator(one, names) for one in stored],
        inputs=[names[index] for index in inputs],
        outputs=[names[index] for index in outputs],
        name=(subgraph.text(4) or b"main").decode("utf-8"),
    )


def _stored_operator(table: ReadTable, codes: Sequence[ReadTable]) -> _Stored:
    return _Stored(table, _kind(table, codes), _indices(table, 1), _indices(table, 2), _indices(table, 8))


def _kind(operator: ReadTable, codes: Sequence[ReadTable]) -> str:
    index = operator.number(0, "I")
    if index >= len(codes):
        raise BadInputError(f"an operator asks for code {index} of {len(codes)}; the file is damaged")
    code = codes[index]
    # Files older than the 128th operator know only the first field, which holds 127 in newer ones.
    kind = enum_name(schema.BuiltinOperator, max(code.number(0, "b"), code.number(3, "i")), "operator code")
    if kind != "CUSTOM":
        return kind
    custom = code.text(1).decode("utf-8", "replace")
    if "edgetpu" in custom:
        raise BadInputError(
            "this model is already compiled for the EdgeTPU; give the float model that it was made from"
        )
    raise BadInputError(
        f"wanted builtin operators only, found the custom operator {custom!r}; export the model without it"
    )


def _indices(table: ReadTable, slot: int) -> list[int]:
    indices: list[int] = table.vector(slot, _INT32).tolist()
    return indices


def _unique_names(tensors: Sequence[ReadTable], used: set[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    taken: set[str] = set()
    for index in sorted(used):
        if not 0 <= index < len(tensors):
            raise BadInputError(f"tensor {index} of {len(tensors)} is asked for; the file is damaged")
        # Runtimes hold names as C strings, which end at the first zero byte.
        stored = tensors[index].text(3).partition(b"\0")[0]
        stem = stored.decode("utf-8") or f"tensor_{index}"
        name, copy = stem, 1
        while name in taken:
            name, copy = f"{stem}_{copy}", copy + 1
        taken.add(name)
        names[index] = name
    return names


def _tensor(content: bytes, buffers: Sequence[ReadTable], stored: ReadTable, name: str) -> Tensor:
    if stored.has(6):
        raise BadInputError(f"tensor {name!r}: wanted dense values, found a sparse encoding; export without sparsity")
    shape, signature = tuple(_indices(stored, 0)), tuple(_indices(stored, 7))
    dtype = numpy_dtype(stored.number(1, "b"), name)
    return Tensor(
        name=name,
        shape=signature if len(signature) == len(shape) else shape,
        dtype=dtype,
        data=_constant(name, shape, dtype, _buffer(content, buffers, stored.number(2, "I"))),
        quantization=_quantization(stored.table(4), name, len(shape)),
        is_variable=bool(stored.number(5, "?")),
    )


def _buffer(content: bytes, buffers: Sequence[ReadTable], index: int) -> memoryview | None:
    """A view of a buffer's bytes, or None for the empty buffer that marks an activation."""
    if index == 0:
        return None
    if index >= len(buffers):
        raise BadInputError(f"buffer {index} of {len(buffers)} is asked for; the file is damaged")
    buffer = buffers[index]
    begin = buffer.number(1, "Q")
    if begin > 1:  # files above 2 GB, and newer exporters, keep the bytes behind the flatbuffer
        return memoryview(content)[begin : begin + buffer.number(2, "Q")]
    return buffer.vector(0, _UINT8).data if buffer.has(0) else None


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


def _quantization(stored: ReadTable | None, name: str, rank: int) -> Quantization | None:
    if stored is None:
        return None
    if stored.number(4, "B") != schema.QuantizationDetails.NONE:
        raise BadInputError(
            f"tensor {name!r}: wanted quantisation per tensor or channel, found per block; export without"
        )
    scale = np.array(stored.vector(2, _FLOAT32), np.float32)
    if not scale.size:
        return None
    zero_point = np.array(stored.vector(3, _INT64), np.int64)
    if not zero_point.size:
        zero_point = np.zeros(1, np.int64)
    # Old exporters give a bias, which has one axis, the number of its weights' channel axis.
    axis = stored.number(6, "i") if scale.size > 1 and rank > 1 else 0
    return Quantization(scale=scale, zero_point=np.broadcast_to(zero_point, scale.shape).copy(), axis=axis)


def _operator(stored: _Stored, names: dict[int, str]) -> Operator:
    if not (stored.inputs and stored.outputs):
        raise BadInputError(
            f"wanted inputs and outputs for each operator, found a {stored.kind} without; the file is damaged"
        )
    return Operator(
        kind=stored.kind,
        inputs=[None if index == -1 else names[index] for index in stored.inputs],
        outputs=[names[index] for index in stored.outputs],
        options=read_options(stored.kind, stored.table),
        intermediates=[names[index] for index in stored.intermediates],
    )
