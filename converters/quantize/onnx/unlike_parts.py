"""Outputs of an ONNX model that join unlike values are joined in float: see `converters.quantize.unlike_parts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.quantize.unlike_parts import MOST_UNLIKE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.quantize.activation import Observation

_JOINING = frozenset({"Concat"})
_COPYING = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})


def name_nodes(model: Any) -> None:
    """Give each node of an onnx.ModelProto a name of its own: it is by their names that nodes are left in float."""
    taken: set[str] = set()
    for place, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}/{place}"
        taken.add(node.name)


def nodes_before_outputs(model: Any) -> tuple[Any, ...]:
    """In run order: the nodes that do nothing but join and copy values on their way to an output of the model."""
    outputs, found = {value.name for value in model.graph.output}, []
    for node in reversed(model.graph.node):
        if node.op_type in _JOINING | _COPYING and outputs & set(node.output):
            found.append(node)
            outputs |= set(node.input)
    found.reverse()
    return tuple(found)


def unlike_joins(model: Any, activations: Mapping[str, Observation]) -> tuple[str, ...]:
    """Names of the nodes that join unlike values before an output, and of those behind them that copy.

    Args:
        model: an onnx.ModelProto whose nodes have names of their own.
        activations: what was seen of its float values.
    """
    before = nodes_before_outputs(model)
    apart: set[str] = set()
    for node in before:
        if apart & set(node.input) or (node.op_type in _JOINING and _is_unlike(node, activations)):
            apart |= set(node.output)
    return tuple(node.name for node in before if apart & set(node.output))


def _is_unlike(node: Any, activations: Mapping[str, Observation]) -> bool:
    seen = [activations[name] for name in node.input if name in activations]
    spans = [max(one.highest, 0.0) - min(one.lowest, 0.0) for one in seen]
    spans = [span for span in spans if span > 0]
    return bool(spans) and max(spans) > MOST_UNLIKE * min(spans)
