"""Outputs that join unlike values, such as boxes in pixels and scores from 0 to 1: they are joined in float.

Integers of one tensor have one scale. A part whose values span a sixteenth of all would get fewer than 16 of 255 steps;
scores beside boxes of 640 pixels get one, and are zero, while the output as a whole has 40 dB of signal over noise.
Joined in float, each part keeps the scale that it was computed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.quantize.operator_rules import data_slots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from converters.graph import Graph, Operator
    from converters.quantize.activation import Observation
    from converters.quantize.operator_rules import OperatorRule

MOST_UNLIKE = 16.0
"""The largest ratio of spans whose values may share a scale: the smallest part keeps 4 of 8 bits."""

_JOINING = frozenset({"CONCATENATION", "PACK"})
_COPYING = frozenset({"EXPAND_DIMS", "RESHAPE", "SQUEEZE", "TRANSPOSE"})


def operators_before_outputs(graph: Graph) -> tuple[Operator, ...]:
    """In run order: the operators that do nothing but join and copy values on their way to an output of the graph."""
    outputs, found = set(graph.outputs), []
    for operator in reversed(graph.operators):
        if operator.kind in _JOINING | _COPYING and outputs & set(operator.outputs):
            found.append(operator)
            outputs |= {name for name in operator.inputs if name is not None}
    found.reverse()
    return tuple(found)


def joins_anything(graph: Graph) -> bool:
    """Whether `unlike_joins` has anything to look at."""
    return any(operator.kind in _JOINING for operator in operators_before_outputs(graph))


def unlike_joins(
    graph: Graph, rules: Mapping[str, OperatorRule], activations: Mapping[str, Observation]
) -> frozenset[str]:
    """The first outputs of the operators that join unlike values before an output, and of those behind them.

    Args:
        graph: a float graph, as `prepare` gives it.
        rules: of the integer operators.
        activations: what was seen of each of its float tensors.
    """
    apart: set[str] = set()
    for operator in operators_before_outputs(graph):
        reads_float = bool(apart & set(operator.inputs))
        if reads_float or (operator.kind in _JOINING and _is_unlike(graph, operator, rules, activations)):
            apart |= set(operator.outputs)
    return frozenset(op.outputs[0] for op in operators_before_outputs(graph) if op.outputs[0] in apart)


def _is_unlike(
    graph: Graph, operator: Operator, rules: Mapping[str, OperatorRule], activations: Mapping[str, Observation]
) -> bool:
    if operator.kind not in rules:
        return False
    names = [str(operator.inputs[slot]) for slot in data_slots(rules[operator.kind], len(operator.inputs))]
    spans = [span for name in names for span in _span(graph, name, activations) if span > 0]
    return bool(spans) and max(spans) > MOST_UNLIKE * min(spans)


def _span(graph: Graph, name: str, activations: Mapping[str, Observation]) -> Iterator[float]:
    """From its lowest to its highest value and 0, which every scale holds."""
    data = graph.tensors[name].data
    if data is not None and data.size:
        yield float(max(data.max(), 0)) - float(min(data.min(), 0))
    elif name in activations:
        yield max(activations[name].highest, 0.0) - min(activations[name].lowest, 0.0)
