"""Passes over a lowered graph: what the walk wrote twice, in vain, or in the way of a fusion."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Operator, Tensor
from converters.passes import Pass

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph

ELEMENTWISE = frozenset(
    {"ABS", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1"}
    | {"RSQRT", "SQRT", "TANH"}
)
"""One input, one output, each element alone."""


def drop_dead(graph: Graph) -> bool:
    """Remove operators whose outputs nobody reads, in place."""
    needed, kept = set(graph.outputs), []
    for operator in reversed(graph.operators):
        if needed.intersection(operator.outputs):
            needed.update(name for name in operator.inputs if name)
            kept.append(operator)
    changed = len(kept) < len(graph.operators)
    graph.operators = kept[::-1]
    return changed


def sink_reshapes(graph: Graph) -> bool:
    """Let an operator on each element work before a reshape instead of after it, so that it can be fused."""
    readers = _readers(graph)
    reshapes: dict[str, Operator] = {}
    operators: list[Operator] = []
    for operator in graph.operators:
        before = reshapes.get(str(operator.inputs[0])) if operator.kind in ELEMENTWISE else None
        written = [operator] if before is None or readers[before.outputs[0]] > 1 else _swapped(graph, before, operator)
        reshapes.update((made.outputs[0], made) for made in written if made.kind == "RESHAPE")
        operators.extend(written)
    changed = len(operators) > len(graph.operators)
    graph.operators = operators
    return changed


def _swapped(graph: Graph, reshape: Operator, operator: Operator) -> list[Operator]:
    """The operator on the tensor that is to be reshaped, and then the reshape; the old reshape is read no more."""
    inner = f"{operator.outputs[0]}/before"
    source = graph.tensors[str(reshape.inputs[0])]
    graph.tensors[inner] = replace(source, name=inner, data=None)
    worked = replace(operator, inputs=[source.name], outputs=[inner])
    return [worked, replace(reshape, inputs=[inner, reshape.inputs[1]], outputs=operator.outputs)]


def merge_reshapes(graph: Graph) -> bool:
    """Make one reshape of two in a row, and none of those that change nothing."""
    producers = {operator.outputs[0]: operator for operator in graph.operators}
    same: dict[str, str] = {}
    changed = False
    for place, operator in enumerate(graph.operators):
        inputs = [same.get(str(name), name) for name in operator.inputs]
        before = producers.get(str(inputs[0])) if operator.kind == "RESHAPE" else None
        if before is not None and before.kind == "RESHAPE":
            inputs[0] = before.inputs[0]
        changed |= inputs != operator.inputs
        graph.operators[place] = replace(operator, inputs=inputs)
        producers[operator.outputs[0]] = graph.operators[place]
        result = operator.outputs[0]
        unchanged = operator.kind == "RESHAPE" and graph.tensors[str(inputs[0])].shape == graph.tensors[result].shape
        if unchanged and result not in graph.outputs:
            same[result] = str(inputs[0])
    return changed


def merge_affine(graph: Graph) -> bool:
    """Make (x·a + b)·c + d into x·(ac) + (bc + d), for constants; one link of the chain at a time."""
    changed = False
    while _merge_one_affine(graph):
        changed = True
    return changed


def _merge_one_affine(graph: Graph) -> bool:
    readers = _readers(graph)
    producers = {operator.outputs[0]: place for place, operator in enumerate(graph.operators)}
    for place, operator in enumerate(graph.operators):
        before = _link(graph, readers, producers, operator)
        if before is None:
            continue
        first = graph.operators[before]
        if first.kind == operator.kind:
            _combine(graph, before, place)
            return True
        if (first.kind, operator.kind) == ("ADD", "MUL") and _link(graph, readers, producers, first) is not None:
            _exchange(graph, before, place)
            return True
    return False


def _link(graph: Graph, readers: Counter[str], producers: dict[str, int], operator: Operator) -> int | None:
    """The place of the operator before, if both are a sum or product with a constant and nobody else reads between."""
    value = _affine_value(graph, operator)
    place = producers.get(value) if value is not None and readers[value] == 1 else None
    if place is None or _affine_value(graph, graph.operators[place]) is None:
        return None
    first = graph.operators[place]
    is_plain = first.options.get("fused_activation_function", "NONE") == "NONE"
    return place if is_plain else None


def _affine_value(graph: Graph, operator: Operator) -> str | None:
    """The computed input of a sum or product with a number or one per channel; bigger constants are better shared."""
    if operator.kind not in {"ADD", "MUL"}:
        return None
    left, right = (graph.tensors[str(name)] for name in operator.inputs)
    if (left.data is None) == (right.data is None):
        return None
    computed, constant = (left, right) if left.data is None else (right, left)
    if prod(constant.shape) > max(computed.shape[-1:], default=1):
        return None
    is_float = computed.dtype == np.dtype("f4")
    return computed.name if is_float and computed.shape == graph.tensors[operator.outputs[0]].shape else None


def _constant(graph: Graph, operator: Operator) -> npt.NDArray[Any]:
    return next(data for name in operator.inputs if (data := graph.tensors[str(name)].data) is not None)


def _combine(graph: Graph, before: int, place: int) -> None:
    first, second = graph.operators[before], graph.operators[place]
    one, other = _constant(graph, first), _constant(graph, second)
    both = one + other if second.kind == "ADD" else one * other
    source = str(_affine_value(graph, first))
    graph.operators[place] = replace(second, inputs=[source, _add(graph, second, both)])
    del graph.operators[before]


def _exchange(graph: Graph, before: int, place: int) -> None:
    """Make (x + b)·c into x·c + bc."""
    first, second = graph.operators[before], graph.operators[place]
    factor, addend = _constant(graph, second), _constant(graph, first)
    inner = first.outputs[0]
    source = str(_affine_value(graph, first))
    graph.operators[before] = replace(second, inputs=[source, _add(graph, first, factor)], outputs=[inner])
    graph.operators[before].options = {**first.options}
    graph.operators[place] = Operator(
        "ADD", [inner, _add(graph, second, addend * factor)], second.outputs, {**second.options}
    )


def _add(graph: Graph, operator: Operator, values: npt.NDArray[Any]) -> str:
    name = f"{operator.outputs[0]}/const.{len(graph.tensors)}"
    stored = np.ascontiguousarray(values, np.float32)
    graph.tensors[name] = Tensor(name, stored.shape, stored.dtype, stored)
    return name


def _readers(graph: Graph) -> Counter[str]:
    read = (name for operator in graph.operators for name in operator.inputs if name)
    return Counter(chain(graph.outputs, read))


TIDYING = (
    Pass("drop what is dead", "-", "somebody reads every operator", drop_dead),
    Pass("merge affine steps", "-", "no constant sum or product follows its like", merge_affine),
    Pass("sink reshapes", "-", "operators on each element come before a reshape", sink_reshapes),
    Pass("merge reshapes", "-", "no reshape reads a reshape or changes nothing", merge_reshapes),
    Pass("drop what is dead again", "-", "somebody reads every operator", drop_dead),
)
"""The sequence, in order."""
