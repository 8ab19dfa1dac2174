"""Float islands: operators of an integer graph given back to float, with nothing else changed.

The rest keeps its rounded weights, corrected biases and scales, so that what an operator costs is told by one run, and
what was measured is what ships. Between an island and its surroundings stand one DEQUANTIZE per tensor that it reads
and one QUANTIZE per tensor that it gives; neighbours in float need neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from converters.graph import Graph, Operator, Tensor
from converters.quantize.float16 import store_constants_as_float16
from converters.quantize.soundness import check_int8
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from converters.doctor.pair import Pair

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")


def with_islands(pair: Pair, names: Collection[str], *, float16_constants: bool = True) -> Graph:
    """The shipped graph with some operators in float.

    Args:
        pair: the float graph and the integer graph.
        names: first outputs of the operators to give back; those that are float already stay as they are.
        float16_constants: store their big constants as float16.

    Raises:
        BadInputError: a name that no operator has.
    """
    known = {operator.outputs[0]: operator for operator in pair.operators}
    if strangers := sorted(set(names) - set(known)):
        raise BadInputError(f"wanted names of operators to keep in float, found {', '.join(strangers)}")
    writing = _Writing(pair, {name: known[name] for name in names if not pair.is_float(name)})
    graph = writing.graph()
    if float16_constants:
        store_constants_as_float16(graph)
    check_int8(graph)
    return graph


@dataclass(slots=True)
class _Writing:
    """The new graph while it grows.

    given_back: float operators by first output.
    floats: each float activation of the new graph that is an integer one in the shipped graph, by name.
    converted: (name, wanted name) -> the tensor made by a QUANTIZE or DEQUANTIZE.
    """

    pair: Pair
    given_back: dict[str, Operator]
    result: Graph = field(init=False)
    renamed: dict[str, str] = field(default_factory=dict)
    floats: set[str] = field(default_factory=set)
    integer_copies: dict[str, str] = field(default_factory=dict)
    float_copies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shipped = self.pair.shipped
        self.result = Graph({}, [], list(shipped.inputs), [], shipped.name)

    def graph(self) -> Graph:
        for name in self.pair.shipped.inputs:
            self._keep(name)
        for operator in self.pair.shipped.operators:
            if operator.outputs[0] in self.given_back:
                self._add_float(self.given_back[operator.outputs[0]])
            elif operator.kind in _CONVERSIONS and operator.inputs[0] in self.floats:
                self._convert_from_float(operator)
            else:
                self._add_unchanged(operator)
        self.result.outputs = [self.renamed.get(name, name) for name in self.pair.shipped.outputs]
        _drop_unread_conversions(self.result)
        return self.result

    def _add_float(self, operator: Operator) -> None:
        original = self.pair.original
        inputs = [None if name is None else self._as_float(name) for name in operator.inputs]
        for name in operator.outputs:
            self.result.tensors[name] = original.tensors[name]
            self.floats.add(name)
        self.result.operators.append(replace(operator, inputs=inputs))

    def _convert_from_float(self, operator: Operator) -> None:
        """A QUANTIZE of what is float now starts from the float value; a DEQUANTIZE has nothing left to do."""
        source, made = str(operator.inputs[0]), operator.outputs[0]
        if operator.kind == "DEQUANTIZE":
            self.renamed[made] = source
        else:
            self._keep(made)
            self.result.operators.append(Operator("QUANTIZE", [source], [made]))

    def _add_unchanged(self, operator: Operator) -> None:
        inputs = [None if name is None else self._as_shipped(name) for name in operator.inputs]
        for name in (*operator.outputs, *operator.intermediates):
            self._keep(name)
        self.result.operators.append(replace(operator, inputs=inputs))

    def _as_shipped(self, name: str) -> str:
        """The tensor that holds what the shipped graph has under this name, in the same form."""
        if name in self.renamed:
            return self.renamed[name]
        if name not in self.floats:
            self._keep(name)
            return name
        if name not in self.integer_copies:
            made = self._free_name(f"{name}/int8")
            self.result.tensors[made] = replace(self.pair.shipped.tensors[name], name=made)
            self.result.operators.append(Operator("QUANTIZE", [name], [made]))
            self.integer_copies[name] = made
        return self.integer_copies[name]

    def _as_float(self, name: str) -> str:
        """The tensor that holds what the float graph has under this name."""
        tensor = self.pair.original.tensors[name]
        if tensor.data is not None:
            return self._constant(name, tensor)
        if name in self.floats:
            return name
        shipped = self.pair.shipped.tensors[name]
        if shipped.quantization is None or shipped.dtype == tensor.dtype:
            self._keep(name)
            return name
        if name not in self.float_copies:
            made = self._free_name(f"{name}/float")
            self.result.tensors[made] = replace(tensor, name=made)
            self.result.operators.append(Operator("DEQUANTIZE", [name], [made]))
            self.float_copies[name] = made
        return self.float_copies[name]

    def _constant(self, name: str, tensor: Tensor) -> str:
        if name not in self.float_copies:
            made = self._free_name(f"{name}/float")
            self.result.tensors[made] = replace(tensor, name=made)
            self.float_copies[name] = made
        return self.float_copies[name]

    def _keep(self, name: str) -> None:
        self.result.tensors.setdefault(name, self.pair.shipped.tensors[name])

    def _free_name(self, stem: str) -> str:
        name, copy = stem, 1
        while name in self.result.tensors or name in self.pair.shipped.tensors:
            name, copy = f"{stem}_{copy}", copy + 1
        return name


def _drop_unread_conversions(graph: Graph) -> None:
    """Take out conversions whose result nobody reads any more, and tensors that no operator has."""
    while True:
        read = {*graph.outputs, *(name for operator in graph.operators for name in operator.inputs)}
        kept = [op for op in graph.operators if op.kind not in _CONVERSIONS or read & set(op.outputs)]
        if len(kept) == len(graph.operators):
            break
        graph.operators = kept
    used = {*read, *graph.inputs}
    for operator in graph.operators:
        used.update((*operator.outputs, *operator.intermediates))
    graph.tensors = {name: tensor for name, tensor in graph.tensors.items() if name in used}
