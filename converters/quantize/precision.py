"""Which operators become int8, which stay float, and why."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.operator_rules import data_slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from converters.graph import Graph, Operator
    from converters.quantize.operator_rules import OperatorRule

_FLOAT = np.dtype("f4")

_POLES = {"DIV": 1, "LOG": 0}
"""Float kinds that have no answer at 0, and the slot that must not be 0."""


def computes_in_float(graph: Graph, operator: Operator) -> bool:
    """Whether the operator gives float values; the others (index arithmetic, integer parts) are left as they are."""
    return any(graph.tensors[name].dtype == _FLOAT for name in operator.outputs) and operator.kind != "DEQUANTIZE"


def becomes_integer(
    graph: Graph, operator: Operator, keep_float: Sequence[str], rules: Mapping[str, OperatorRule]
) -> bool:
    """Whether a float operator has a rule, fits it, and was not asked to stay float.

    What a division divides by or a logarithm reads stays float, since the smallest values would round to 0: a mel
    spectrogram's quietest bands, whose logarithm would be minus infinity.

    Args:
        graph: where the operator stands.
        operator: the operator.
        keep_float: patterns (`EXP`, `head/*`) for the kinds and output names that stay float.
        rules: of int8 or of int16 operators.
    """
    rule = rules.get(operator.kind)
    if rule is None or not computes_in_float(graph, operator) or matches(operator, keep_float):
        return False
    if _meets_a_pole(graph, operator):
        return False
    data = [operator.inputs[slot] for slot in data_slots(rule, len(operator.inputs))]
    if any(name is None or graph.tensors[name].dtype != _FLOAT for name in data):
        return False
    if rule.weights is None:
        return True
    constants = (operator.inputs[slot] for slot in (rule.weights.slot, *_bias(operator, rule.weights.bias_slot)))
    return all(name is not None and graph.tensors[name].data is not None for name in constants)


def _meets_a_pole(graph: Graph, operator: Operator) -> bool:
    """Whether the output is what another operator divides by, or takes the logarithm of."""
    return any(
        reader.inputs[_POLES[reader.kind]] in operator.outputs for reader in graph.operators if reader.kind in _POLES
    )


def matches(operator: Operator, patterns: Sequence[str]) -> bool:
    """Whether a pattern (`EXP`, `head/*`) names the operator's kind or one of its outputs; `fnmatch`, case matters."""
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in (operator.kind, *operator.outputs))


def _bias(operator: Operator, slot: int) -> tuple[int, ...]:
    return (slot,) if slot < len(operator.inputs) and operator.inputs[slot] is not None else ()
