"""Whether an int8 graph keeps the rules that some kernels rely on without checking.

A kernel that copies bytes does not notice that two scales differ: the file loads, runs and is wrong. So the graph is
checked before it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.affine import Affine
from converters.quantize.operator_rules import RULES, Scales, data_slots
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from converters.graph import Graph, Operator
    from converters.quantize.operator_rules import Weights

_INT8 = np.dtype("i1")


class UnsoundGraphError(LeptonError, AssertionError):
    """The quantizer made a graph that breaks an operator's rule: a fault of this program, to be reported."""


def check_int8(graph: Graph) -> None:
    """Say nothing if every int8 operator of `graph` keeps its rule.

    Raises:
        UnsoundGraphError: the first operator that does not, and how.
    """
    for operator in graph.operators:
        if operator.kind in RULES and graph.tensors[operator.outputs[0]].dtype == _INT8:
            _check(graph, operator)


def _check(graph: Graph, operator: Operator) -> None:
    rule = RULES[operator.kind]
    inputs = [str(operator.inputs[slot]) for slot in data_slots(rule, len(operator.inputs))]
    scales = [_scale(graph, operator, name) for name in (*inputs, *operator.outputs)]
    if rule.scales is Scales.SAME and len(set(scales)) > 1:
        raise UnsoundGraphError(
            f"{operator.kind} {operator.outputs[0]!r}: wanted one scale, found {sorted(map(str, scales))}"
        )
    if rule.output is not None and scales[-1] != rule.output:
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: wanted {rule.output}, found {scales[-1]}")
    if rule.weights is not None:
        _check_weights(graph, operator, rule.weights, scales[0])


def _scale(graph: Graph, operator: Operator, name: str) -> Affine:
    tensor = graph.tensors[name]
    if tensor.dtype != _INT8 or tensor.quantization is None or tensor.quantization.scale.size != 1:
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: {name!r} is not int8 with one scale")
    return Affine.of(tensor.quantization)


def _check_weights(graph: Graph, operator: Operator, places: Weights, source: Affine) -> None:
    weights, bias = (graph.tensors[str(operator.inputs[slot])] for slot in (places.slot, places.bias_slot))
    if weights.quantization is None or bias.quantization is None or weights.quantization.zero_point.any():
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: wanted symmetric weights and a scaled bias")
    wanted = np.float32(source.scale) * weights.quantization.scale
    if not np.allclose(bias.quantization.scale, wanted, rtol=1e-6, atol=0):
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: the bias's scale is not input x weights")
