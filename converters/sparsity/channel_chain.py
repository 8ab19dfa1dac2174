"""Channels that one convolution makes and one other reads, with nothing between that mixes them.

Such channels can be taken out without anybody else noticing. Branches that meet in an ADD, model outputs, groups and
shared constants end the search: nothing is found there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator

MIXERS = frozenset({"CONV_2D", "FULLY_CONNECTED"})
"""Their weights are O×…×C: every output channel reads every input channel."""

UNARY = frozenset({"RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH"})
POOLS = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})
ACTIVATIONS = frozenset({"NONE", "RELU", "RELU6", "RELU_N1_TO_1"})
"""Those that are fused into an operator and that a constant can be sent through."""

BIAS_SLOT = 2
_FLOAT = np.dtype("f4")


@dataclass(frozen=True, slots=True)
class Chain:
    """maker: gives the channels. between: pass each on by itself, in run order. reader: mixes them."""

    maker: Operator
    between: tuple[Operator, ...]
    reader: Operator


def weights_of(graph: Graph, operator: Operator) -> npt.NDArray[Any]:
    """The constant weights of a convolution."""
    return np.asarray(graph.tensors[str(operator.inputs[1])].data)


def bias_name(operator: Operator) -> str | None:
    """The name of a convolution's bias, None where it has none."""
    return operator.inputs[BIAS_SLOT] if len(operator.inputs) > BIAS_SLOT else None


def find_chain(graph: Graph, maker: Operator) -> Chain | None:
    """The chain that begins at `maker`; None where it does not mix all its inputs, or others read on the way."""
    search = _Search(graph)
    return search.followed(maker) if search.is_maker(maker) else None


class _Search:
    """What one look at the whole graph tells: who reads what, and which constants have several readers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers: dict[str, list[Operator]] = {}
        for operator in graph.operators:
            for name in operator.inputs:
                self.readers.setdefault(str(name), []).append(operator)
        uses = Counter(name for operator in graph.operators for name in operator.inputs)
        self.shared = {name for name, count in uses.items() if count > 1}

    def is_maker(self, operator: Operator) -> bool:
        return operator.kind in MIXERS and self._owns(operator) and self._reads_all(operator)

    def followed(self, maker: Operator) -> Chain | None:
        between: list[Operator] = []
        name = maker.outputs[0]
        channels = self.graph.tensors[name].shape[-1]
        while (reader := self._only_reader(name)) is not None:
            if reader.kind in MIXERS:
                fits = self._owns(reader) and weights_of(self.graph, reader).shape[-1] == channels
                return Chain(maker, tuple(between), reader) if fits else None
            if not self._keeps_channels(reader, channels):
                return None
            between.append(reader)
            name = reader.outputs[0]
        return None

    def _only_reader(self, name: str) -> Operator | None:
        ahead = self.readers.get(name, [])
        if len(ahead) != 1 or name in self.graph.outputs or ahead[0].inputs[0] != name:
            return None
        return ahead[0]

    def _owns(self, operator: Operator) -> bool:
        """Whether weights and bias are float32 constants that nobody else reads."""
        names = [name for name in operator.inputs[1:] if name is not None]
        tensors = [self.graph.tensors[name] for name in names]
        return (
            len(operator.inputs) > 1
            and operator.inputs[1] is not None
            and all(tensor.data is not None and tensor.dtype == _FLOAT for tensor in tensors)
            and not self.shared & set(names)
            and operator.options.get("fused_activation_function", "NONE") in ACTIVATIONS
        )

    def _reads_all(self, operator: Operator) -> bool:
        """Whether it has no groups."""
        given = self.graph.tensors[str(operator.inputs[0])].shape[-1]
        return bool(weights_of(self.graph, operator).shape[-1] == given)

    def _keeps_channels(self, operator: Operator, channels: int) -> bool:
        """Whether each channel of the output is made of the same channel of the input alone."""
        if self.graph.tensors[operator.outputs[0]].shape[-1:] != (channels,):
            return False
        if operator.kind in POOLS:
            return bool(operator.options.get("fused_activation_function", "NONE") == "NONE")
        if operator.kind == "DEPTHWISE_CONV_2D":
            return self._owns(operator) and bool(weights_of(self.graph, operator).shape[-1] == channels)
        return operator.kind in UNARY or self._moves_along(operator)

    def _moves_along(self, operator: Operator) -> bool:
        """Whether MEAN, PAD or RESHAPE leaves the last axis alone."""
        shape = self.graph.tensors[str(operator.inputs[0])].shape
        constant = None if len(operator.inputs) != len(("data", "how")) else self._constant(operator.inputs[1])
        if operator.kind == "RESHAPE":
            return int(np.prod(shape[:-1])) == 1 and (constant is not None or len(operator.inputs) == 1)
        if constant is None:
            return False
        if operator.kind == "MEAN":
            return not {int(axis) % len(shape) for axis in constant.reshape(-1)} & {0, len(shape) - 1}
        return operator.kind == "PAD" and not constant[-1].any()

    def _constant(self, name: str | None) -> npt.NDArray[Any] | None:
        return None if name is None else self.graph.tensors[name].data
