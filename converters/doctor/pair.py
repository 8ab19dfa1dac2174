"""A float graph and the integer graph that was made from it under the same names: how to feed both and compare them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.affine import Affine
from converters.quantize.precision import computes_in_float
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph, Operator

TINY = 1e-30
"""Stands for no power where a ratio is wanted."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One model twice.

    original: the prepared float graph from which `shipped` was made, not the user's file: fused, equalised.
    shipped: the int8 (or mixed) graph; an activation keeps its name, whatever it is stored in.

    Raises:
        BadInputError: an output of `original` is not in `shipped`: they are not a pair.
    """

    original: Graph
    shipped: Graph

    def __post_init__(self) -> None:
        absent = [op.outputs[0] for op in self.operators if op.outputs[0] not in self.shipped.tensors]
        if absent:
            raise BadInputError(
                f"wanted an integer graph with the float graph's names, found none called {absent[0]!r}; give the "
                "float graph that it was made from"
            )

    @property
    def operators(self) -> list[Operator]:
        """The operators that compute in float in the original, in run order; the first output names each."""
        return [operator for operator in self.original.operators if computes_in_float(self.original, operator)]

    def shipped_operator(self, name: str) -> Operator:
        """The operator of the shipped graph whose first output has this name."""
        return next(operator for operator in self.shipped.operators if operator.outputs[0] == name)

    def is_float(self, name: str) -> bool:
        """Whether the shipped graph holds this activation as float."""
        return self.shipped.tensors[name].quantization is None

    def feed(self, real: Feed) -> Feed:
        """The original's inputs as the shipped graph takes them."""
        return {name: self._stored(name, value) for name, value in real.items()}

    def real(self, name: str, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A value of the shipped graph in the original's numbers."""
        quantization = self.shipped.tensors[name].quantization
        return stored if quantization is None else Affine.of(quantization).dequantize(stored)

    def _stored(self, name: str, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        tensor = self.shipped.tensors[name]
        if tensor.quantization is None or tensor.dtype == value.dtype:
            return value
        limits = np.iinfo(tensor.dtype)
        scale = Affine.of(tensor.quantization)
        steps = np.rint(np.asarray(value, np.float64) / scale.scale) + scale.zero_point
        return np.asarray(np.clip(steps, limits.min, limits.max), tensor.dtype)


def spread(feeds: Sequence[Feed], most: int) -> list[Feed]:
    """At most so many feeds, evenly from first to last."""
    count = min(most, len(feeds))
    return [feeds[place * len(feeds) // count] for place in range(count)]


def decibels(signal: float, noise: float) -> float:
    """10 log10 of one power over another; infinite without noise, minus infinity where the noise is not finite."""
    if not np.isfinite(noise):
        return -np.inf
    return float(10 * np.log10(max(signal, TINY) / noise)) if noise > 0 else np.inf
