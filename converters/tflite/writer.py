"""Writing a graph as a TFLite file.

No metadata is written, and a signature always is: tools that rework a file ask for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from converters.consistency import check_graph
from converters.tflite.flatbuffer import OFFSET, FlatBuffer, GeneratedCode
from converters.tflite.options import enum_value, stored_options
from converters.tflite.types import stored_bytes, tensor_type
from converters.tflite.versions import operator_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph import Graph, Operator, Quantization, Tensor

SIGNATURE = "serving_default"
"""The name of the one signature, which exporters and runtimes use by default."""

_SCHEMA_VERSION = 3
_IDENTIFIER = b"TFL3"
_LAST_CODE_OF_OLD_FIELD = 127  # schema.fbs: PLACEHOLDER_FOR_GREATER_OP_CODES


def write_tflite(graph: Graph) -> bytes:
    """The bytes of a TFLite file that holds `graph`; the same graph gives the same bytes.

    Raises:
        BadInputError: the graph is not well formed (see `check_graph`), or asks for an operator, option or element type
            that TFLite has not.
    """
    check_graph(graph)
    return _Writer(graph).file()


class _Writer:
    """One file while it is written. Numbers of fields are those of TFLite's schema.fbs, in whose order they come."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._names = _tensors_in_order(graph)
        self._indices = {name: index for index, name in enumerate(self._names)}
        self._contents: dict[bytes, int] = {b"": 0}
        """Distinct constants, in order, with their buffer's index."""
        self._buffer = FlatBuffer()

    def file(self) -> bytes:
        codes = [(operator.kind, operator_version(operator, self._graph)) for operator in self._graph.operators]
        distinct = {code: index for index, code in enumerate(sorted(set(codes)))}
        tables = self._buffer.references([self._code(*code) for code in distinct])
        graphs = self._buffer.references([self._subgraph([distinct[code] for code in codes])])
        buffers = self._buffer.references([self._content(content) for content in self._contents])
        signatures = self._buffer.references([self._signature()])
        fields = [(0, "I", _SCHEMA_VERSION), (1, OFFSET, tables), (2, OFFSET, graphs), (4, OFFSET, buffers)]
        return self._buffer.finished(self._buffer.table([*fields, (7, OFFSET, signatures)]), _IDENTIFIER)

    def _code(self, kind: str, version: int) -> int:
        code = enum_value(schema.BuiltinOperator, kind, "operator")
        old = min(code, _LAST_CODE_OF_OLD_FIELD)
        return self._table((0, "b", old), (2, "i", version if version != 1 else 0), (3, "i", code))

    def _subgraph(self, codes: Sequence[int]) -> int:
        graph, buffer = self._graph, self._buffer
        tensors = buffer.references([self._tensor(graph.tensors[name]) for name in self._names])
        inputs, outputs = self._places(graph.inputs), self._places(graph.outputs)
        operators = buffer.references(
            [self._operator(operator, code) for operator, code in zip(graph.operators, codes, strict=True)]
        )
        name = buffer.string(graph.name)
        places = enumerate((tensors, inputs, outputs, operators, name))
        return buffer.table([(slot, OFFSET, place) for slot, place in places])

    def _tensor(self, tensor: Tensor) -> int:
        index = 0
        if tensor.data is not None:
            index = self._contents.setdefault(stored_bytes(tensor.data), len(self._contents))
        shape = self._buffer.vector(np.array([max(size, 1) if size < 0 else size for size in tensor.shape], np.int32))
        name = self._buffer.string(tensor.name)
        quantization = 0 if tensor.quantization is None else self._quantization(tensor.quantization)
        signature = self._buffer.vector(np.array(tensor.shape, np.int32)) if -1 in tensor.shape else 0
        return self._table(
            (0, OFFSET, shape),
            (1, "b", tensor_type(tensor.dtype, tensor.name)),
            (2, "I", index),
            (3, OFFSET, name),
            (4, OFFSET, quantization),
            (5, "?", tensor.is_variable),
            (7, OFFSET, signature),
            (8, "?", True),
        )

    def _quantization(self, parameters: Quantization) -> int:
        scale = self._buffer.vector(parameters.scale.astype(np.float32))
        zero_point = self._buffer.vector(parameters.zero_point.astype(np.int64))
        return self._table((2, OFFSET, scale), (3, OFFSET, zero_point), (6, "i", parameters.axis))

    def _content(self, content: bytes) -> int:
        return self._table((0, OFFSET, self._buffer.octets(content) if content else 0))

    def _operator(self, operator: Operator, code: int) -> int:
        inputs = self._places(operator.inputs)
        outputs = self._places(operator.outputs)
        packed = stored_options(operator.kind, operator.options)
        options = []
        if packed:
            place = packed.table.Pack(GeneratedCode(self._buffer))
            options = [(packed.type_slot, "B", packed.type), (packed.slot, OFFSET, place)]
        intermediates = self._places(operator.intermediates) if operator.intermediates else 0
        fields = [(0, "I", code), (1, OFFSET, inputs), (2, OFFSET, outputs), (8, OFFSET, intermediates)]
        return self._table(*sorted(fields + options))

    def _signature(self) -> int:
        graph, buffer = self._graph, self._buffer
        inputs, outputs = (
            buffer.references([self._named(name) for name in dict.fromkeys(names)])
            for names in (graph.inputs, graph.outputs)
        )
        return self._table((0, OFFSET, inputs), (1, OFFSET, outputs), (2, OFFSET, buffer.string(SIGNATURE)))

    def _named(self, name: str) -> int:
        return self._table((0, OFFSET, self._buffer.string(name)), (1, "I", self._indices[name]))

    def _places(self, names: Sequence[str | None]) -> int:
        return self._buffer.vector(np.array([-1 if name is None else self._indices[name] for name in names], np.int32))

    def _table(self, *fields: tuple[int, str, Any]) -> int:
        """A table of what has not its default, which is nothing, zero or false."""
        return self._buffer.table([field for field in fields if field[2]])


def _tensors_in_order(graph: Graph) -> list[str]:
    """Each tensor that is used, in the order of first use; dictionaries keep it."""
    used = dict.fromkeys(graph.inputs)
    for operator in graph.operators:
        used.update(dict.fromkeys(name for name in operator.inputs if name is not None))
        used.update(dict.fromkeys((*operator.intermediates, *operator.outputs)))
    used.update(dict.fromkeys(graph.outputs))
    return list(used)
