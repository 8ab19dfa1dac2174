"""Networks drawn at random, layer after layer, keep their answers; whatever one layer leaves behind, the next reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.converters.lower.drawing import Pen
from tests.converters.lower.onnx_models import agrees

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_ELEMENTS = 20_000
MOST_PIXELS = 256
ACTIVATIONS = ("Relu", "Sigmoid", "HardSwish", "LeakyRelu", "Tanh", "Elu", "Identity")

Shape = tuple[int, int, int]
"""Channels, height, width."""


class Drawing:
    """A network that grows by one layer per call; every earlier value may be read again."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.shape: Shape = (self.number(1, 5), self.number(8, 16), self.number(8, 16))
        self.pen = Pen((1, *self.shape), rng=self.rng)
        self.value = "x"
        self.earlier: list[tuple[str, Shape]] = [("x", self.shape)]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def one_of(self, choices: Any) -> Any:
        return choices[self.number(0, len(choices))]

    def put(self, value: str, shape: Shape) -> None:
        self.value, self.shape = value, shape
        self.earlier.append((value, shape))

    def activated(self, value: str) -> str:
        return str(self.pen.node(self.one_of(ACTIVATIONS), value))

    def content(self) -> bytes:
        channels, height, width = self.shape
        if self.number(0, 2):
            flat = self.pen.node("Flatten", self.pen.node("Relu", self.value))
            return self.done(self.pen.node("Softmax", self.pen.dense(flat, channels * height * width, 3), axis=-1))
        return self.done(self.activated(self.value))

    def done(self, last: str) -> bytes:
        return bytes(self.pen.done(last))


def conv(d: Drawing) -> None:
    channels, height, width = d.shape
    given, stride, pads = d.number(1, 9), d.number(1, 3), [d.number(0, 2) for _ in range(4)]
    if min(height, width) >= 3:
        value = d.pen.conv(d.value, channels, given, strides=(stride, stride), pads=pads)
        sizes = ((height + pads[0] + pads[2] - 3) // stride + 1, (width + pads[1] + pads[3] - 3) // stride + 1)
        d.put(d.activated(value), (given, *sizes))


def depthwise(d: Drawing) -> None:
    d.put(d.activated(d.pen.conv(d.value, d.shape[0], d.shape[0], group=d.shape[0])), d.shape)


def pool(d: Drawing) -> None:
    channels, height, width = d.shape
    pad = d.number(0, 2)
    if min(height, width) >= 4:
        kind = d.one_of(("MaxPool", "AveragePool"))
        value = d.pen.node(kind, d.value, kernel_shape=(3, 3), strides=(2, 2), pads=[pad] * 4)
        d.put(value, (channels, (height + 2 * pad - 3) // 2 + 1, (width + 2 * pad - 3) // 2 + 1))


def normalize(d: Drawing) -> None:
    d.put(d.pen.normalized(d.value, d.shape[0]), d.shape)


def add(d: Drawing) -> None:
    other = d.one_of([value for value, shape in d.earlier if shape == d.shape])
    d.put(d.activated(d.pen.node("Add", d.value, other)), d.shape)


def concat(d: Drawing) -> None:
    other, shape = d.one_of([entry for entry in d.earlier if entry[1][1:] == d.shape[1:]])
    d.put(d.pen.node("Concat", d.value, other, axis=1), (d.shape[0] + shape[0], *d.shape[1:]))


def split(d: Drawing) -> None:
    channels, *sizes = d.shape
    if channels > 1:
        one, rest = d.pen.node("Split", d.value, d.pen.integers(1, channels - 1), outputs=2, axis=1)
        d.earlier.append((one, (1, *sizes)))
        d.put(rest, (channels - 1, *sizes))


def enlarge(d: Drawing) -> None:
    channels, height, width = d.shape
    scales = d.pen.constant(np.array([1, 1, 2, 2], np.float32))
    modes = {"mode": d.one_of(("nearest", "linear"))}
    modes["coordinate_transformation_mode"] = d.one_of(("half_pixel", "asymmetric", "align_corners"))
    d.put(d.pen.node("Resize", d.value, "", scales, **modes), (channels, 2 * height, 2 * width))


def shuffle(d: Drawing) -> None:
    channels, height, width = d.shape
    if channels % 2 == 0:
        split_up = d.pen.reshape(d.value, 1, 2, channels // 2, height, width)
        turned = d.pen.node("Transpose", split_up, perm=[0, 2, 1, 3, 4])
        d.put(d.pen.reshape(turned, 1, channels, height, width), d.shape)


def turn(d: Drawing) -> None:
    order = [int(axis) for axis in d.rng.permutation(3)]
    value = d.pen.node("Transpose", d.value, perm=[0, *(axis + 1 for axis in order)])
    d.put(value, (d.shape[order[0]], d.shape[order[1]], d.shape[order[2]]))


def gate(d: Drawing) -> None:
    squeezed = d.pen.conv(d.pen.node("GlobalAveragePool", d.value), d.shape[0], d.shape[0], (1, 1))
    d.put(d.pen.node("Mul", d.value, d.pen.node("HardSigmoid", squeezed, alpha=1 / 6)), d.shape)


def pad(d: Drawing) -> None:
    channels, height, width = d.shape
    mode = d.one_of(("constant", "edge"))
    value = d.pen.node("Pad", d.value, d.pen.integers(0, 0, 1, 0, 0, 0, 0, 1), mode=mode)
    d.put(value, (channels, height + 1, width + 1))


def combine(d: Drawing) -> None:
    channels, height, width = d.shape
    constant = d.pen.weights(*d.one_of([(channels, 1, 1), (1,), (height, width), (1, channels, height, 1)]))
    d.put(d.pen.node(d.one_of(("Mul", "Sub", "Max", "Min")), d.value, constant), d.shape)


def enlarge_by_weights(d: Drawing) -> None:
    channels, height, width = d.shape
    given = d.number(1, 6)
    value = d.pen.node("ConvTranspose", d.value, d.pen.weights(channels, given, 2, 2), strides=(2, 2))
    d.put(d.activated(value), (given, 2 * height, 2 * width))


def attend(d: Drawing) -> None:
    """Self-attention over the pixels, behind a layer norm."""
    channels, height, width = d.shape
    if channels > 1 and height * width <= MOST_PIXELS:  # ONNX Runtime 1.23 normalises no single value
        tokens = d.pen.node("Transpose", d.pen.reshape(d.value, 1, channels, height * width), perm=[0, 2, 1])
        normal = d.pen.node("LayerNormalization", tokens, d.pen.weights(channels), d.pen.weights(channels))
        scores = d.pen.node("MatMul", normal, d.pen.node("Transpose", normal, perm=[0, 2, 1]))
        shares = d.pen.node("Softmax", d.pen.node("Mul", scores, d.pen.number(channels**-0.5)), axis=-1)
        mixed = d.pen.node(
            "Transpose", d.pen.node("MatMul", shares, d.pen.dense(normal, channels, channels)), perm=[0, 2, 1]
        )
        d.put(d.pen.node("Add", d.value, d.pen.reshape(mixed, 1, channels, height, width)), d.shape)


def correlate(d: Drawing) -> None:
    """A transposed value times itself, as in style and attention heads."""
    channels, height, width = d.shape
    turned = d.pen.node("Transpose", d.value, perm=[0, 1, 3, 2])
    if width == height:
        d.put(d.activated(d.pen.node("MatMul", turned, turned)), (channels, width, width))
    else:
        d.put(d.activated(d.pen.node("MatMul", d.value, turned)), (channels, height, height))


def smooth(d: Drawing) -> None:
    d.put(d.pen.node(d.one_of(("Erf", "Softplus", "Softsign", "Selu")), d.value), d.shape)


LAYERS: tuple[Callable[[Drawing], None], ...] = (
    conv, conv, depthwise, pool, normalize, add, concat, split, enlarge, shuffle, turn, gate, pad, combine,
    enlarge_by_weights, attend, correlate, smooth,
)  # fmt: skip


def divide(d: Drawing) -> None:
    """Weights by what is never near zero: a division that stays float in int8."""
    divisor = d.pen.node("Add", d.pen.node("Sigmoid", d.value), d.pen.number(0.5))
    d.put(d.pen.node("Div", d.pen.weights(d.shape[0], 1, 1), divisor), d.shape)


class SharingPen(Pen):
    """A pen that often takes weights that it has, so that one constant has several readers."""

    def weights(self, *shape: int) -> str:
        floats = {name: values for name, values in self.constants.items() if values.dtype == np.float32}
        alike = [name for name, values in floats.items() if values.shape == shape]
        if alike and self.rng.integers(2):
            return str(self.rng.choice(alike))
        return super().weights(*shape)


class SharingDrawing(Drawing):
    """A network with constants of several readers, and often with an earlier value, or its input, as second output."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.pen = SharingPen((1, *self.shape), rng=self.rng)

    def done(self, last: str) -> bytes:
        further = {self.one_of(self.earlier)[0]} if self.number(0, 2) else set()
        return self.pen.done(last, *(further - {last}))


LAYERS_THAT_SHARE = (*LAYERS, divide, divide)


def drawing(seed: int, kind: type[Drawing] = Drawing, layers: Sequence[Callable[[Drawing], None]] = LAYERS) -> Drawing:
    """The network of a seed."""
    made = kind(seed)
    for _ in range(made.number(3, 12)):
        if np.prod(made.shape) < MOST_ELEMENTS:
            made.one_of(layers)(made)
    return made


@pytest.mark.parametrize("seed", range(60))
def test_a_random_network_keeps_its_answers(seed):
    agrees(drawing(seed).content())


@pytest.mark.parametrize("seed", range(60))
def test_a_random_network_of_shared_constants_and_several_outputs_keeps_its_answers(seed):
    agrees(drawing(seed, SharingDrawing, LAYERS_THAT_SHARE).content())
