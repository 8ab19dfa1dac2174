"""How many weights of a network are zero, told so that nobody expects more of it than it gives.

A filter whose weights are all zero (structured) can be taken out: the file shrinks and the network runs faster
(`converters.sparsity.dead_channels`). A zero among other weights (unstructured) cannot: int8 kernels multiply by it as
by any number, and the file keeps its byte. Measured by `make bench-sparsity`, figures in docs/decisions/045.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.operator_rules import RULES

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator, Tensor


@dataclass(frozen=True, slots=True)
class LayerSparsity:
    """One multiply-accumulate operator's constants.

    name: of its output tensor. weights: how many; zeros: how many of them are zero.
    filters: output channels; dead_filters: those without any other weight than zero.
    dead_weights: the zeros that lie in dead filters.
    """

    name: str
    kind: str
    weights: int
    zeros: int
    filters: int
    dead_filters: int
    dead_weights: int


@dataclass(frozen=True, slots=True)
class Sparsity:
    """All multiply-accumulate operators with constant weights, in run order."""

    layers: tuple[LayerSparsity, ...]

    @property
    def weights(self) -> int:
        """Weights of the network."""
        return sum(layer.weights for layer in self.layers)

    @property
    def structured(self) -> float:
        """Share of weights, 0 to 1, that lie in filters of nothing but zeros."""
        return _share(sum(layer.dead_weights for layer in self.layers), self.weights)

    @property
    def unstructured(self) -> float:
        """Share of weights, 0 to 1, that are zero among others that are not."""
        return _share(sum(layer.zeros - layer.dead_weights for layer in self.layers), self.weights)

    @property
    def dense(self) -> float:
        """Share of weights, 0 to 1, that are not zero."""
        return 1.0 - self.structured - self.unstructured if self.weights else 1.0

    def as_document(self) -> dict[str, Any]:
        """JSON-able: `weights`, the three shares of the whole, and `layers`."""
        return {
            "weights": self.weights,
            "dense": self.dense,
            "structured": self.structured,
            "unstructured": self.unstructured,
            "layers": [asdict(layer) for layer in self.layers],
        }


def sparsity(graph: Graph) -> Sparsity:
    """Count the zeros of every operator whose weights are constants, stored as float16 or integers or not.

    A quantised weight is zero at its zero point.
    """
    stored = {op.outputs[0]: str(op.inputs[0]) for op in graph.operators if op.kind == "DEQUANTIZE"}
    layers = []
    for operator in graph.operators:
        rule = RULES.get(operator.kind)
        weights = _weights(graph, stored, operator, rule.weights.slot) if rule and rule.weights else None
        if rule and rule.weights and weights is not None:
            zeros = np.moveaxis(_is_zero(weights), rule.weights.channel_axis, 0)
            layers.append(layer_sparsity(operator.outputs[0], operator.kind, zeros))
    return Sparsity(tuple(layers))


def layer_sparsity(name: str, kind: str, zeros: npt.NDArray[np.bool_]) -> LayerSparsity:
    """One operator's counts.

    Args:
        name: of its output.
        kind: the operator.
        zeros: where its weights are zero, output channels along the first axis.
    """
    filters = zeros.reshape(zeros.shape[0], -1)
    dead = int(filters.all(axis=1).sum())
    return LayerSparsity(name, kind, filters.size, int(filters.sum()), len(filters), dead, dead * filters.shape[1])


def _weights(graph: Graph, stored: dict[str, str], operator: Operator, slot: int) -> Tensor | None:
    """The constant that holds an operator's weights, where need be behind a DEQUANTIZE."""
    name = operator.inputs[slot] if slot < len(operator.inputs) else None
    tensor = None if name is None else graph.tensors[stored.get(name, name)]
    return tensor if tensor is not None and tensor.data is not None else None


def _is_zero(weights: Tensor) -> Any:
    if weights.quantization is None or weights.data is None:
        return np.asarray(weights.data) == 0
    shape = [1] * weights.data.ndim
    shape[weights.quantization.axis] = -1
    return weights.data == weights.quantization.zero_point.reshape(shape)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
