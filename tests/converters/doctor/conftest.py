"""Small networks that int8 hurts where the test says, as pairs of a float and an int8 graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.doctor.pair import Pair
from converters.graph import Graph, Operator, Tensor
from converters.quantize import Recipe, quantize
from converters.quantize.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHANNELS = 8
SIDE = 12
LAYERS = 5
CONVOLUTION = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
PLAIN = Recipe(ranges=("min-max",), remedies=(), per_channel=(), bias_correction=False)
"""One scale per weight tensor and no remedy: what the doctor is to find stays in."""


@pytest.fixture(scope="session")
def network() -> Callable[..., Graph]:
    """Draws `image` -> `conv0` -> ... -> `conv4` -> `out`, a mean per channel.

    change: called with the weights (list of O×3×3×I arrays, first layer first) to spoil some in place.
    """
    return draw_network


def draw_network(change: Callable[[list[Any]], None] = lambda _: None, layers: int = LAYERS) -> Graph:
    rng = np.random.default_rng(5)
    shape = (CHANNELS, 3, 3, CHANNELS)
    weights = [(rng.standard_normal(shape) / np.sqrt(9 * CHANNELS / 2)).astype(np.float32) for _ in range(layers)]
    change(weights)
    names = ["image", *(f"conv{place}" for place in range(layers))]
    tensors = [_tensor(name, (1, SIDE, SIDE, CHANNELS)) for name in names]
    operators = []
    for before, name, values in zip(names, names[1:], weights, strict=False):
        bias = (rng.standard_normal(CHANNELS) * 0.1).astype(np.float32)
        tensors += [_tensor(f"{name}/w", shape, values), _tensor(f"{name}/b", (CHANNELS,), bias)]
        options = {**CONVOLUTION, "fused_activation_function": "RELU"}
        operators.append(Operator("CONV_2D", [before, f"{name}/w", f"{name}/b"], [name], options))
    axes = np.asarray([1, 2], np.int32)
    tensors += [Tensor("axes", (2,), axes.dtype, axes), _tensor("out", (1, CHANNELS))]
    operators.append(Operator("MEAN", [names[-1], "axes"], ["out"], {"keep_dims": False}))
    return Graph({tensor.name: tensor for tensor in tensors}, operators, ["image"], ["out"])


def _tensor(name: str, shape: Sequence[int], data: Any = None) -> Tensor:
    return Tensor(name, tuple(shape), np.dtype("f4"), data)


@pytest.fixture(scope="session")
def feeds() -> list[dict[str, Any]]:
    """Noise in every channel but the first, which is always zero."""
    rng = np.random.default_rng(1)
    pictures = rng.standard_normal((12, 1, SIDE, SIDE, CHANNELS)).astype(np.float32)
    pictures[..., 0] = 0
    return [{"image": picture} for picture in pictures]


@pytest.fixture(scope="session")
def quantised(feeds: list[dict[str, Any]]) -> Callable[..., Pair]:
    """Makes a pair of a float graph and what a recipe makes of it."""

    def pair(graph: Graph, recipe: Recipe = PLAIN) -> Pair:
        return Pair(prepare(graph), quantize(graph, feeds, recipe).graph)

    return pair


def spoil_unread_weights(weights: list[Any]) -> None:
    """conv0: a huge weight that only ever meets zeros: activations do not notice, one scale for all weights does."""
    weights[0][..., 0] *= 300


def spoil_a_channel(weights: list[Any]) -> None:
    """conv2: one output channel is 300 times as loud, and conv3 takes it back: what lies between wants more bits."""
    weights[2][0] *= 300
    weights[3][..., 0] /= 300


@pytest.fixture(scope="session")
def spoilt_weights(quantised: Callable[..., Pair]) -> Pair:
    return quantised(draw_network(spoil_unread_weights))


@pytest.fixture(scope="session")
def spoilt_activation(quantised: Callable[..., Pair]) -> Pair:
    """With weights per channel, so that the weights of conv2 do not suffer."""
    return quantised(draw_network(spoil_a_channel), Recipe(ranges=("min-max",), remedies=(), bias_correction=False))


@pytest.fixture(scope="session")
def sound(quantised: Callable[..., Pair]) -> Pair:
    return quantised(draw_network())
