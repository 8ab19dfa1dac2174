"""Whether an int8 graph keeps the rules that some kernels rely on without checking.

A kernel that copies bytes does not notice that two scales differ: the file loads, runs and is wrong. So the graph is
checked before it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.affine import Affine
from converters.quantize.operator_rules import INT16_RULES, RULES, Scales, data_slots
from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    from converters.graph import Graph, Operator
    from converters.quantize.operator_rules import OperatorRule, Weights

_RULES = {np.dtype("i1"): RULES, np.dtype("i2"): INT16_RULES}


class UnsoundGraphError(LeptonError, AssertionError):
    """The quantizer made a graph that breaks an operator's rule: a fault of this program, to be reported."""


def check_int8(graph: Graph) -> None:
    """Say nothing if every int8 or int16 operator of `graph` keeps its rule.

    Raises:
        UnsoundGraphError: the first operator that does not, and how.
    """
    for operator in graph.operators:
        rule = _RULES.get(graph.tensors[operator.outputs[0]].dtype, {}).get(operator.kind)
        if rule is not None:
            _check(graph, operator, rule)


def _check(graph: Graph, operator: Operator, rule: OperatorRule) -> None:
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
    tensor, result = graph.tensors[name], graph.tensors[operator.outputs[0]]
    affine = Affine.of_tensor(tensor)
    if (
        tensor.dtype != result.dtype
        or affine is None
        or tensor.quantization is None
        or tensor.quantization.scale.size > 1
    ):
        raise UnsoundGraphError(
            f"{operator.kind} {operator.outputs[0]!r}: {name!r} is not {result.dtype} with one scale"
        )
    return affine


def _check_weights(graph: Graph, operator: Operator, places: Weights, source: Affine) -> None:
    weights, bias = (graph.tensors[str(operator.inputs[slot])] for slot in (places.slot, places.bias_slot))
    if weights.quantization is None or bias.quantization is None or weights.quantization.zero_point.any():
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: wanted symmetric weights and a scaled bias")
    wanted = np.float32(source.scale) * weights.quantization.scale
    if not np.allclose(bias.quantization.scale, wanted, rtol=1e-6, atol=0):
        raise UnsoundGraphError(f"{operator.kind} {operator.outputs[0]!r}: the bias's scale is not input x weights")
