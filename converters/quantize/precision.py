"""Which operators become int8, which stay float, and why."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.operator_rules import RULES, data_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph import Graph, Operator

_FLOAT = np.dtype("f4")


def computes_in_float(graph: Graph, operator: Operator) -> bool:
    """Whether the operator gives float values; the others (index arithmetic, integer parts) are left as they are."""
    return any(graph.tensors[name].dtype == _FLOAT for name in operator.outputs) and operator.kind != "DEQUANTIZE"


def becomes_int8(graph: Graph, operator: Operator, keep_float: Sequence[str]) -> bool:
    """Whether a float operator has an int8 rule, fits it, and was not asked to stay float.

    Args:
        graph: where the operator stands.
        operator: the operator.
        keep_float: patterns (`EXP`, `head/*`) for the kinds and output names that stay float.
    """
    rule = RULES.get(operator.kind)
    if rule is None or not computes_in_float(graph, operator) or _is_kept(operator, keep_float):
        return False
    data = [operator.inputs[slot] for slot in data_slots(rule, len(operator.inputs))]
    if any(name is None or graph.tensors[name].dtype != _FLOAT for name in data):
        return False
    if rule.weights is None:
        return True
    constants = (operator.inputs[slot] for slot in (rule.weights.slot, *_bias(operator, rule.weights.bias_slot)))
    return all(name is not None and graph.tensors[name].data is not None for name in constants)


def _is_kept(operator: Operator, keep_float: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in keep_float for name in (operator.kind, *operator.outputs))


def _bias(operator: Operator, slot: int) -> tuple[int, ...]:
    return (slot,) if slot < len(operator.inputs) and operator.inputs[slot] is not None else ()
