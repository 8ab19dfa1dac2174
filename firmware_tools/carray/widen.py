"""Constants that are stored as float16 become float32, because TensorFlow Lite Micro's DEQUANTIZE knows none.

`lepton convert` halves the constants of operators that stay float; other runtimes widen them once, at load time. Here
the file is changed where it lies: the values are appended, the tensors point to them, and the operators that widened
them are gone. Every value stays what it was, for a float32 holds each float16 exactly.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.arena_plan import aligned
from firmware_tools.carray.flatbuffer import Table

if TYPE_CHECKING:
    from firmware_tools.carray.network import Network, Operator

_OFFSET = struct.Struct("<I")
_FLOAT32 = 0
_MODEL_BUFFERS, _GRAPH_TENSORS, _GRAPH_OPERATORS = 4, 0, 3
_TENSOR_TYPE, _TENSOR_BUFFER, _BUFFER_DATA = 1, 2, 0


def widening(network: Network) -> tuple[int, ...]:
    """The places of the operators that do nothing but widen a stored float16 constant."""
    return tuple(place for place, operator in enumerate(network.operators) if _widens(network, operator))


def widened(content: bytes, network: Network) -> bytes:
    """The model file with its float16 constants as float32; the file itself where it has none."""
    places = widening(network)
    if not places:
        return content
    file = bytearray(content)
    graph = Table.root(content).tables(2)[0]
    tensors, buffers = graph.tables(_GRAPH_TENSORS), Table.root(content).tables(_MODEL_BUFFERS)
    slots = graph.vector_place(_GRAPH_TENSORS)
    done: set[int] = set()
    for operator in (network.operators[place] for place in places):
        half, whole = operator.inputs[0], operator.outputs[0]
        slot = slots + _OFFSET.size * whole
        _OFFSET.pack_into(file, slot, tensors[half].place - slot)
        file[tensors[half].field_place(_TENSOR_TYPE)] = _FLOAT32
        buffer = tensors[half].number(_TENSOR_BUFFER, "I")
        if buffer not in done:
            _store_wider(file, buffers[buffer])
            done.add(buffer)
    _leave_out(file, graph.vector_place(_GRAPH_OPERATORS), len(network.operators), set(places))
    return bytes(file)


def _widens(network: Network, operator: Operator) -> bool:
    if operator.kind != "DEQUANTIZE":
        return False
    source = network.tensors[operator.inputs[0]]
    return source.type_name == "float16" and source.is_constant and operator.outputs[0] not in network.outputs


def _store_wider(file: bytearray, buffer: Table) -> None:
    """Append a buffer's values as float32, behind their length and on a multiple of 16 bytes, and point to them."""
    values = np.frombuffer(buffer.data(_BUFFER_DATA), "<f2").astype("<f4").tobytes()
    begin = aligned(len(file) + _OFFSET.size)
    file.extend(bytes(begin - _OFFSET.size - len(file)))
    file.extend(_OFFSET.pack(len(values)) + values)
    pointer = buffer.field_place(_BUFFER_DATA)
    _OFFSET.pack_into(file, pointer, begin - _OFFSET.size - pointer)


def _leave_out(file: bytearray, first: int, count: int, places: set[int]) -> None:
    """Take some of a vector's tables out; what an entry points to is counted from the entry itself."""
    kept = [first + _OFFSET.size * place for place in range(count) if place not in places]
    targets = [slot + _OFFSET.unpack_from(file, slot)[0] for slot in kept]
    _OFFSET.pack_into(file, first - _OFFSET.size, len(kept))
    for place, target in enumerate(targets):
        slot = first + _OFFSET.size * place
        _OFFSET.pack_into(file, slot, target - slot)
