"""A product or sum with one constant per channel, taken into the weights that read it.

The last step of a layer norm (x · gamma + beta) stands before a FULLY_CONNECTED: W (x · gamma + beta) + b is
(W · gamma) x + (b + W beta). Two operators less per norm, and the layer reads values of one size in every channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.surgery import add_constant, bypass, exchange

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator

_FLOAT = np.dtype("f4")
_SAME_CHANNELS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_BIAS_SLOT = 2


def fold_into_next(graph: Graph) -> bool:
    """Fold, in place, every MUL, ADD or SUB by a constant whose only readers are layers with weights; whether one was.

    Between them may stand a RESHAPE that keeps the channels, which are on the last axis. A sum stays where its layer
    pads with zeros, which are not sums; a product of zero is zero.
    """
    changed = False
    for name in [operator.outputs[0] for operator in reversed(graph.operators)]:
        operator = next(one for one in graph.operators if name in one.outputs)
        step = _step(graph, operator)
        layers = _layers(graph, operator.outputs[0], step) if step else None
        if step is None or not layers:
            continue
        for layer in layers:
            _absorb(graph, layer, step)
        bypass(graph, operator, step.source)
        changed = True
    return changed


@dataclass(frozen=True, slots=True)
class _Step:
    """source · factor + addend, float64 and one value per channel."""

    source: str
    factor: npt.NDArray[np.float64]
    addend: npt.NDArray[np.float64]


def _step(graph: Graph, operator: Operator) -> _Step | None:
    if (
        operator.kind not in {"MUL", "ADD", "SUB"}
        or operator.options.get("fused_activation_function", "NONE") != "NONE"
    ):
        return None
    left, right = (graph.tensors[str(name)] for name in operator.inputs)
    source, constant = (right, left) if right.data is None and operator.kind != "SUB" else (left, right)
    shape = graph.tensors[operator.outputs[0]].shape
    if source.data is not None or constant.data is None or source.dtype != _FLOAT or source.shape != shape or not shape:
        return None
    if constant.data.size not in {1, constant.shape[-1] if constant.shape else 1}:
        return None
    values = np.broadcast_to(constant.data.astype(np.float64).reshape(-1), shape[-1:])
    none, one = np.zeros(shape[-1]), np.ones(shape[-1])
    if operator.kind == "MUL":
        return _Step(source.name, values, none)
    return _Step(source.name, one, -values if operator.kind == "SUB" else values)


def _layers(graph: Graph, name: str, step: _Step) -> list[Operator] | None:
    """Every layer that reads a value; None where something else reads it, too."""
    if name in graph.outputs:
        return None
    layers: list[Operator] = []
    for reader in (operator for operator in graph.operators if name in operator.inputs):
        if _takes(graph, reader, name, step):
            layers.append(reader)
            continue
        keeps = reader.kind in _SAME_CHANNELS and graph.tensors[reader.outputs[0]].shape[-1:] == step.factor.shape
        further = _layers(graph, reader.outputs[0], step) if keeps else None
        if further is None:
            return None
        layers += further
    return layers


def _takes(graph: Graph, reader: Operator, name: str, step: _Step) -> bool:
    if reader.kind not in {"FULLY_CONNECTED", "CONV_2D"} or reader.inputs[0] != name or name in reader.inputs[1:]:
        return False
    constants = [graph.tensors[slot] for slot in reader.inputs[1:] if slot is not None]
    weights = constants[0]
    if any(constant.data is None or constant.dtype != _FLOAT for constant in constants):
        return False
    pads = reader.kind == "CONV_2D" and reader.options.get("padding") == "SAME" and weights.shape[1:3] != (1, 1)
    return weights.shape[-1:] == step.factor.shape and not (pads and step.addend.any())


def _absorb(graph: Graph, layer: Operator, step: _Step) -> None:
    weights = np.asarray(graph.tensors[str(layer.inputs[1])].data, np.float64)
    given = layer.inputs[_BIAS_SLOT] if len(layer.inputs) > _BIAS_SLOT else None
    bias = np.zeros(weights.shape[0]) if given is None else np.asarray(graph.tensors[given].data, np.float64)
    added = (weights * step.addend).reshape(weights.shape[0], -1).sum(axis=1)
    names: list[str | None] = [add_constant(graph, str(layer.inputs[1]), weights * step.factor)]
    if given is not None or added.any():
        names.append(add_constant(graph, given or f"{layer.outputs[0]}/bias", bias + added))
    exchange(graph, layer, replace(layer, inputs=[layer.inputs[0], *names]))
