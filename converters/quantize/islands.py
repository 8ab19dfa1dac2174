"""Operators that have an int8 form and are quicker and truer in float: islands in an int8 network.

XNNPACK has no int8 kernel for some kinds. Such an operator breaks the network in two partitions and runs in a portable
kernel, often a slow one; its float kernel, between a DEQUANTIZE and a QUANTIZE, is XNNPACK's own. Between a convolution
1 x 28 x 28 x 64 and the next (x86, one thread, LiteRT 2.3; the whole network in microseconds, int8 against float):
HARD_SWISH 195 to 21, SOFTMAX 118 to 44, SQUARED_DIFFERENCE 398 to 37, AVERAGE_POOL_2D 3 x 3 225 to 35, ABS 295 to 21,
PRELU 278 to 25, L2_NORMALIZATION 217 to 54. HARD_SWISH spelled as ADD, MUL and MUL in int8 is as quick as in float and
less true (mobilenet-v3: 22.1 and 22.6 dB), and slower than HARD_SWISH where XNNPACK takes no int8.

Left in int8, though XNNPACK has no kernel: GELU, whose table is quick (31 to 21 here, but 79 to 1193 in tflite-runtime
2.14), and what only moves or compares bytes (GATHER 14 to 19, RESIZE_NEAREST_NEIGHBOR 39 to 81, MAXIMUM 28 to 37).

What stands beside such an operator is float, too, where that costs less time than it saves, conversions included. A
vision transformer becomes float between its matrices: .63 to .17 ms, 24.5 to 31.5 dB (measured on 400 pictures).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.minimum_cut import minimum_cut
from converters.quantize.operator_rules import RULES
from converters.quantize.precision import becomes_integer, computes_in_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph import Graph, Operator
    from converters.quantize.minimum_cut import Edge

QUICKER_IN_FLOAT = frozenset(
    {"ABS", "AVERAGE_POOL_2D", "BATCH_MATMUL", "HARD_SWISH", "L2_NORMALIZATION", "PRELU", "RSQRT", "SOFTMAX"}
    | {"SQUARED_DIFFERENCE"}
)
"""Kinds whose float kernel with both conversions is quicker than the int8 one."""

CONVERSION_COST = 5
"""Of a value that is turned into the other type, in hundredths of a nanosecond (measured as above)."""

COPY_COST = 4
"""Of a value in float beyond its cost in int8, where four bytes are moved instead of one."""

ARITHMETIC = frozenset({"ADD", "MUL", "SUB"})
ARITHMETIC_GAIN = 5
"""Of a value in float where scales need not be fitted to one another: an int8 ADD takes .14 ns, a float one .09."""

_FLOAT_SIDE, _INT8_SIDE = "float", "int8"
_FLOAT = np.dtype("f4")


def float_islands(graph: Graph) -> frozenset[str]:
    """The first outputs of the operators that have an int8 form and are better left in float.

    Operators with weights stay int8, and so does what reads an input of the graph or makes an output: what goes in and
    comes out keeps its type. What has no int8 form is float anyway, and counts as such.

    Args:
        graph: a float graph, as `prepare` gives it.
    """
    floating = [operator for operator in graph.operators if computes_in_float(graph, operator)]
    able = [becomes_integer(graph, operator, (), RULES) for operator in floating]
    bound = [fits and _is_bound(graph, operator) for fits, operator in zip(able, floating, strict=True)]
    is_seed = [
        not fits or (operator.kind in QUICKER_IN_FLOAT and not tied)
        for fits, tied, operator in zip(able, bound, floating, strict=True)
    ]
    if not any(is_seed):
        return frozenset()
    costs = _Costs(graph, floating)
    for place, operator in enumerate(floating):
        if is_seed[place]:
            costs.fix(place, _FLOAT_SIDE)
        elif bound[place]:
            costs.fix(place, _INT8_SIDE)
        else:
            costs.weigh(place, operator)
    kept = minimum_cut(costs.edges(), _FLOAT_SIDE, _INT8_SIDE)
    return frozenset(op.outputs[0] for place, op in enumerate(floating) if place in kept and able[place])


def _is_bound(graph: Graph, operator: Operator) -> bool:
    has_weights = RULES[operator.kind].weights is not None
    return has_weights or bool(set(graph.inputs) & set(operator.inputs) or set(graph.outputs) & set(operator.outputs))


class _Costs:
    """Time, as edges between operators (by place) and the two sides."""

    def __init__(self, graph: Graph, operators: Sequence[Operator]) -> None:
        self._graph = graph
        self._fixed: list[Edge] = []
        self._costs: dict[Edge, int] = {}
        producers = {name: place for place, operator in enumerate(operators) for name in operator.outputs}
        readers: dict[str, set[int]] = {}
        for place, operator in enumerate(operators):
            for name in operator.inputs:
                if name in producers:
                    readers.setdefault(str(name), set()).add(place)
        for name, places in readers.items():
            self._convert(name, producers[name], places)

    def fix(self, place: int, side: str) -> None:
        """Let an operator be on a side, whatever that costs."""
        self._fixed.append((_FLOAT_SIDE, place) if side == _FLOAT_SIDE else (place, _INT8_SIDE))

    def weigh(self, place: int, operator: Operator) -> None:
        """Let an operator gain or lose in float, by what it writes."""
        values = sum(self._values(name) for name in operator.outputs)
        if operator.kind in ARITHMETIC:
            self._costs[_FLOAT_SIDE, place] = ARITHMETIC_GAIN * values
        else:
            self._costs[place, _INT8_SIDE] = COPY_COST * values

    def edges(self) -> dict[Edge, int]:
        """All of them; what is fixed costs more than everything else together."""
        return self._costs | dict.fromkeys(self._fixed, sum(self._costs.values()) + 1)

    def _convert(self, name: str, producer: int, readers: set[int]) -> None:
        """One conversion serves all readers: it is paid by a node between them and whoever makes the value."""
        cost, to_int8, to_float = CONVERSION_COST * self._values(name), (name, "to int8"), (name, "to float")
        self._costs[producer, to_int8] = self._costs[to_float, producer] = cost
        self._fixed += [edge for reader in readers for edge in ((to_int8, reader), (reader, to_float))]

    def _values(self, name: str) -> int:
        tensor = self._graph.tensors[name]
        return prod(tensor.shape) if tensor.dtype == _FLOAT and tensor.data is None else 0
