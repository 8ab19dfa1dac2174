"""A product with a constant, taken back into the weights that the value comes from.

Attention multiplies its scores, one for every pair of tokens, by 1 / √depth: the projection of the queries can be
smaller by that factor instead, and costs nothing more. The way back leads through what moves values (RESHAPE,
TRANSPOSE, one part of a SPLIT) and through one side of a product of two values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.surgery import add_constant, bypass, exchange

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator

    Array = npt.NDArray[np.float64]

_FLOAT = np.dtype("f4")
_MOVES = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE"})
_WEIGHTED = frozenset({"FULLY_CONNECTED", "CONV_2D"})
_BIAS_SLOT = 2


def fold_into_previous(graph: Graph) -> bool:
    """Fold, in place, every MUL by a constant behind a layer with weights; whether there was one.

    Nothing on the way may be read by anyone else, and the layer may have no activation.
    """
    changed = False
    for name in [operator.outputs[0] for operator in graph.operators]:
        operator = next(one for one in graph.operators if name in one.outputs)
        source = _multiplied(graph, operator)
        if source is None:
            continue
        constant = next(name for name in operator.inputs if name != source)
        shape = graph.tensors[source].shape
        factors = np.broadcast_to(np.asarray(graph.tensors[str(constant)].data, np.float64), shape)
        found = _origin(graph, source, factors)
        if found is None:
            continue
        _scale(graph, *found)
        bypass(graph, operator, source)
        changed = True
    return changed


def _multiplied(graph: Graph, operator: Operator) -> str | None:
    """What the operator multiplies by a constant; None if it does not do that alone."""
    if operator.kind != "MUL" or operator.options.get("fused_activation_function", "NONE") != "NONE":
        return None
    values = [graph.tensors[str(name)] for name in operator.inputs]
    computed = [tensor for tensor in values if tensor.data is None]
    if len(computed) != 1 or any(tensor.dtype != _FLOAT for tensor in values):
        return None
    result = operator.outputs[0]
    is_kept = result in graph.outputs or computed[0].shape != graph.tensors[result].shape
    return None if is_kept else computed[0].name


def _origin(graph: Graph, name: str, factors: Array) -> tuple[Operator, Array] | None:
    """The layer that makes a value, and the factor of each of its channels that multiplies the value by `factors`."""
    maker = next((operator for operator in graph.operators if name in operator.outputs), None)
    readers = sum(operator.inputs.count(name) for operator in graph.operators) + graph.outputs.count(name)
    if maker is None or readers != 1:
        return None
    if maker.kind in _WEIGHTED:
        return _of_layer(graph, maker, factors)
    if maker.kind in _MOVES:
        return _of_moved(graph, maker, factors)
    if maker.kind == "SPLIT":
        return _of_part(graph, maker, name, factors)
    return _of_product(graph, maker, factors) if maker.kind == "BATCH_MATMUL" else None


def _of_moved(graph: Graph, operator: Operator, factors: Array) -> tuple[Operator, Array] | None:
    source = graph.tensors[str(operator.inputs[0])]
    if operator.kind != "TRANSPOSE":
        return _origin(graph, source.name, factors.reshape(source.shape))
    order = graph.tensors[str(operator.inputs[1])].data
    return None if order is None else _origin(graph, source.name, factors.transpose(np.argsort(order)))


def _of_layer(graph: Graph, layer: Operator, factors: Array) -> tuple[Operator, Array] | None:
    rows = factors.reshape(-1, factors.shape[-1])
    constants = [graph.tensors[slot] for slot in layer.inputs[1:] if slot is not None]
    is_plain = layer.options.get("fused_activation_function", "NONE") == "NONE"
    is_constant = all(constant.data is not None and constant.dtype == _FLOAT for constant in constants)
    return (layer, rows[0]) if is_plain and is_constant and (rows == rows[0]).all() else None


def _of_part(graph: Graph, split: Operator, name: str, factors: Array) -> tuple[Operator, Array] | None:
    whole = graph.tensors[str(split.inputs[1])]
    axis = int(np.asarray(graph.tensors[str(split.inputs[0])].data).item())
    parts = [np.ones(factors.shape)] * len(split.outputs)
    parts[split.outputs.index(name)] = factors
    return _origin(graph, whole.name, np.concatenate(parts, axis=axis))


def _of_product(graph: Graph, product: Operator, factors: Array) -> tuple[Operator, Array] | None:
    """One factor for the whole product can be taken by either side."""
    factor = factors.flat[0] if factors.size else 1.0
    if not (factors == factor).all():
        return None
    for name in product.inputs:
        tensor = graph.tensors[str(name)]
        found = _origin(graph, tensor.name, np.full(tensor.shape, factor))
        if found is not None:
            return found
    return None


def _scale(graph: Graph, layer: Operator, factors: Array) -> None:
    weights = np.asarray(graph.tensors[str(layer.inputs[1])].data, np.float64)
    names: list[str | None] = [
        add_constant(graph, str(layer.inputs[1]), weights * factors.reshape(-1, *[1] * (weights.ndim - 1)))
    ]
    if len(layer.inputs) > _BIAS_SLOT and layer.inputs[_BIAS_SLOT] is not None:
        bias = str(layer.inputs[_BIAS_SLOT])
        names.append(add_constant(graph, bias, np.asarray(graph.tensors[bias].data, np.float64) * factors))
    exchange(graph, layer, replace(layer, inputs=[layer.inputs[0], *names]))
