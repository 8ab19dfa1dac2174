"""Graphs that part a loss into its causes.

`with_twins` computes each operator once more in float from the shipped graph's own values: what it differs by is what
that operator loses by itself. `with_rounded_weights` is the float graph with the shipped weights and biases: what it
differs by from the float graph is what rounding weights costs, and activations have the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Graph, Operator
from converters.quantize.affine import dequantize_constant
from converters.quantize.operator_rules import RULES
from converters.quantize.precision import computes_in_float

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.doctor.pair import Pair
    from converters.graph import Tensor


def real_name(name: str) -> str:
    """What `with_twins` calls an activation of the shipped graph in float."""
    return f"{name}/real"


def twin_name(name: str) -> str:
    """What `with_twins` calls the float value of an operator's output."""
    return f"{name}/twin"


def with_twins(pair: Pair) -> Graph:
    """The shipped graph, every activation also in float, and a float twin of each integer operator that reads those."""
    shipped, original = pair.shipped, pair.original
    graph = Graph(dict(shipped.tensors), list(shipped.operators), list(shipped.inputs), list(shipped.outputs))
    for name, tensor in original.tensors.items():
        kept = shipped.tensors.get(name)
        if tensor.data is None and kept is not None and kept.data is None and kept.quantization is not None:
            graph.tensors[real_name(name)] = replace(tensor, name=real_name(name))
            graph.operators.append(Operator("DEQUANTIZE", [name], [real_name(name)]))
    for operator in pair.operators:
        if not pair.is_float(operator.outputs[0]) and not _has_state(original, operator):
            _add_twin(graph, original, operator)
    return graph


def _has_state(graph: Graph, operator: Operator) -> bool:
    return bool(operator.intermediates) or any(graph.tensors[name].is_variable for name in operator.inputs if name)


def _add_twin(graph: Graph, original: Graph, operator: Operator) -> None:
    inputs = [None if name is None else _read(graph, original.tensors[name]) for name in operator.inputs]
    outputs = [twin_name(name) for name in operator.outputs]
    for name, twin in zip(operator.outputs, outputs, strict=True):
        graph.tensors[twin] = replace(original.tensors[name], name=twin)
    graph.operators.append(replace(operator, inputs=inputs, outputs=outputs))


def _read(graph: Graph, tensor: Tensor) -> str:
    """The name under which a twin finds what the float operator reads."""
    if tensor.data is None:
        return real_name(tensor.name) if real_name(tensor.name) in graph.tensors else tensor.name
    name = real_name(tensor.name)
    graph.tensors[name] = replace(tensor, name=name)
    return name


def with_rounded_weights(pair: Pair) -> Graph:
    """The float graph with the weights and biases that the shipped graph holds, in float."""
    original = pair.original
    graph = replace(original, tensors=dict(original.tensors), operators=list(original.operators))
    for place, operator in enumerate(graph.operators):
        stored = rounded_constants(pair, operator)
        inputs = list(operator.inputs)
        for slot, values in stored.items():
            name = f"{operator.outputs[0]}/rounded{slot}"
            graph.tensors[name] = replace(_any_tensor(graph, operator), name=name, shape=values.shape, data=values)
            inputs += [None] * (slot + 1 - len(inputs))
            inputs[slot] = name
        graph.operators[place] = replace(operator, inputs=inputs)
    return graph


def rounded_constants(pair: Pair, operator: Operator) -> dict[int, npt.NDArray[np.float32]]:
    """Slot -> the real values of a multiply-accumulate operator's shipped weights and bias.

    None where it is float, and none where it was integer from the start: then nothing was rounded.
    """
    rule = RULES.get(operator.kind)
    name = operator.outputs[0]
    if rule is None or rule.weights is None or name not in pair.shipped.tensors or pair.is_float(name):
        return {}
    if not computes_in_float(pair.original, operator):
        return {}
    shipped = pair.shipped_operator(name)
    slots = (rule.weights.slot, rule.weights.bias_slot)
    held = {slot: shipped.inputs[slot] for slot in slots if slot < len(shipped.inputs)}
    return {slot: _real(pair.shipped.tensors[tensor]) for slot, tensor in held.items() if tensor is not None}


def _real(tensor: Tensor) -> npt.NDArray[np.float32]:
    values: npt.NDArray[Any] = np.zeros(0) if tensor.data is None else tensor.data
    return (
        values.astype(np.float32) if tensor.quantization is None else dequantize_constant(values, tensor.quantization)
    )


def _any_tensor(graph: Graph, operator: Operator) -> Tensor:
    """A float tensor to make a constant from."""
    return replace(graph.tensors[operator.outputs[0]], quantization=None)
