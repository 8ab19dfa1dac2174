"""Activations: those that TFLite has, and the others composed of them."""

from __future__ import annotations

from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np

from converters.lower.elementwise import binary, common_layout, give_broadcast, operand, scalar, unary
from converters.lower.layout import moves_nothing, physical, with_last

if TYPE_CHECKING:
    from converters.lower.node import Node
    from converters.lower.writing import Writing

MOST_SOFTMAX_AXES = 4
SOFTMAX_OF_ONE_AXIS = 13
"""The operator set from which Softmax normalises one axis; before, it normalised all from `axis` on."""

_LIMITS = {(0.0, inf): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}
_SELU_ALPHA, _SELU_GAMMA = 1.6732632423543772, 1.0507009873554805  # ONNX operator Selu's defaults


def limits(w: Writing, node: Node) -> tuple[float, float]:
    """The bounds of a Clip, given as attributes before operator set 11 and as inputs since."""
    found = []
    for slot, name, default in ((1, "min", -inf), (2, "max", inf)):
        bound = w.constant(node.input(slot))
        if node.input(slot) and bound is None:
            raise node.refuse("its bounds are computed", "export it with constant bounds")
        value = float(node.attributes.get(name, default)) if bound is None else float(bound.reshape(-1)[0])
        found.append(value)
    largest = float(np.finfo(np.float32).max)
    return (-inf if found[0] <= -largest else found[0], inf if found[1] >= largest else found[1])


def clip(w: Writing, node: Node, x: str) -> str:
    """Clip, as a rectifier where the bounds are one's."""
    low, high = limits(w, node)
    if (low, high) in _LIMITS:
        return unary(w, _LIMITS[low, high], x)
    result = x if low == -inf else binary(w, "MAXIMUM", x, scalar(w, low))
    return result if high == inf else binary(w, "MINIMUM", result, scalar(w, high))


def leaky_relu(w: Writing, node: Node, x: str) -> str:
    """LeakyRelu."""
    return unary(w, "LEAKY_RELU", x, alpha=float(node.attributes.get("alpha", 0.01)))


def hard_sigmoid(w: Writing, node: Node, x: str) -> str:
    """max(0, min(1, αx + β)) = RELU6(6αx + 6β) / 6."""
    alpha, beta = float(node.attributes.get("alpha", 0.2)), float(node.attributes.get("beta", 0.5))
    scaled = x if abs(6 * alpha - 1) < 1e-6 else binary(w, "MUL", x, scalar(w, 6 * alpha))  # noqa: PLR2004 - 1/6 in float32
    return binary(w, "MUL", unary(w, "RELU6", binary(w, "ADD", scaled, scalar(w, 6 * beta))), scalar(w, 1 / 6))


def elu(w: Writing, node: Node, x: str) -> str:
    """Elu, whose α TFLite fixes at 1."""
    alpha = float(node.attributes.get("alpha", 1.0))
    return unary(w, "ELU", x) if alpha == 1 else _scaled_elu(w, x, alpha)


def _scaled_elu(w: Writing, x: str, alpha: float) -> str:
    below = unary(w, "ELU", binary(w, "MINIMUM", x, scalar(w, 0)))
    return binary(w, "ADD", unary(w, "RELU", x), binary(w, "MUL", below, scalar(w, alpha)))


def selu(w: Writing, node: Node, x: str) -> str:
    """γ · elu(x, α)."""
    alpha, gamma = (float(node.attributes.get(n, d)) for n, d in (("alpha", _SELU_ALPHA), ("gamma", _SELU_GAMMA)))
    return binary(w, "MUL", _scaled_elu(w, x, alpha), scalar(w, gamma))


def gelu(w: Writing, node: Node, x: str) -> str:
    """Gelu, exact or by tanh."""
    return unary(w, "GELU", x, approximate=node.attributes.get("approximate", "none") == "tanh")


def softplus(w: Writing, _node: Node, x: str) -> str:
    """log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|), which does not overflow."""
    small = unary(w, "EXP", binary(w, "MUL", unary(w, "ABS", x), scalar(w, -1)))
    return binary(w, "ADD", unary(w, "RELU", x), unary(w, "LOG", binary(w, "ADD", small, scalar(w, 1))))


def softsign(w: Writing, _node: Node, x: str) -> str:
    """X / (1 + |x|)."""
    return binary(w, "DIV", x, binary(w, "ADD", unary(w, "ABS", x), scalar(w, 1)))


def mish(w: Writing, node: Node, x: str) -> str:
    """X · tanh(softplus(x))."""
    return binary(w, "MUL", x, unary(w, "TANH", softplus(w, node, x)))


def erf(w: Writing, _node: Node, x: str) -> str:
    """The error function to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26."""
    size = unary(w, "ABS", x)
    t = binary(w, "DIV", scalar(w, 1), binary(w, "ADD", binary(w, "MUL", size, scalar(w, 0.3275911)), scalar(w, 1)))
    series = scalar(w, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = binary(w, "ADD", binary(w, "MUL", t, series), scalar(w, coefficient))
    fall = unary(w, "EXP", binary(w, "MUL", binary(w, "MUL", x, x), scalar(w, -1)))
    value = binary(w, "SUB", scalar(w, 1), binary(w, "MUL", binary(w, "MUL", t, series), fall))
    sign = binary(w, "DIV", x, binary(w, "MAXIMUM", size, scalar(w, float(np.finfo(np.float32).tiny))))
    return binary(w, "MUL", sign, value)


def lower_prelu(w: Writing, node: Node) -> None:
    """PRelu with a constant slope; ONNX spreads the slope from the right, so it is brought to full rank."""
    slope = w.constant(node.inputs[1])
    if slope is None:
        raise node.refuse("its slope is computed", "export it with a constant slope")
    rank = len(w.shape(node.inputs[0]))
    layout = w.layout(node.inputs[0])
    x = w.read(node.inputs[0], layout)
    placed = slope.reshape((1,) * (rank - slope.ndim) + slope.shape).transpose(layout)
    if rank > 1 and placed.shape[0] == 1:
        placed = placed[0]  # the kernel's slope has no batch
    w.give(node.outputs[0], w.emit("PRELU", [x, w.add_constant(placed)], w.shape_of(x)), layout)


def lower_softmax(kind: str) -> object:
    """SOFTMAX or LOG_SOFTMAX along the last axis, to which the tensor is transposed on demand."""
    options = {"beta": 1.0} if kind == "SOFTMAX" else {}

    def lower(w: Writing, node: Node) -> None:
        shape = w.shape(node.inputs[0])
        new = node.opset >= SOFTMAX_OF_ONE_AXIS
        axis = int(node.attributes.get("axis", -1 if new else 1)) % len(shape)
        if not new and prod(shape[axis:]) != shape[axis]:
            rows = (prod(shape[:axis]), prod(shape[axis:]))
            x = w.reshape(w.read(node.inputs[0]), rows)
            done = w.reshape(w.emit(kind, [x], rows, **options), shape)
            w.give(node.outputs[0], done, tuple(range(len(shape))))
            return
        layout = w.layout(node.inputs[0])
        last = with_last(layout, axis)
        if moves_nothing(physical(shape, layout), [layout.index(held) for held in last]):
            layout = last
        x = w.read(node.inputs[0], last)
        inner = w.shape_of(x) if len(shape) <= MOST_SOFTMAX_AXES else (prod(shape) // shape[axis], shape[axis])
        done = w.reshape(w.emit(kind, [w.reshape(x, inner)], inner, **options), w.shape_of(x))
        w.give(node.outputs[0], done, last)

    return lower


def lower_product(w: Writing, node: Node) -> None:
    """Mul: x · HardSigmoid(x) with ONNX's HardSwish constants is HARD_SWISH, everything else MUL."""
    gated = _hard_swish_input(w, node)
    if gated is not None:
        layout = w.layout(gated)
        w.give(node.outputs[0], unary(w, "HARD_SWISH", w.read(gated, layout)), layout)
        return
    rank = len(w.shape(node.outputs[0]))
    layout = common_layout(w, node.inputs, rank)
    left, right = (operand(w, name, rank, layout) for name in node.inputs)
    give_broadcast(w, node, binary(w, "MUL", left, right), layout)


def _hard_swish_input(w: Writing, node: Node) -> str | None:
    for gate, value in (node.inputs, node.inputs[::-1]):
        producer = w.source.producer(gate)
        if producer is not None and producer.kind == "HardSigmoid" and producer.inputs[0] == value:
            alpha, beta = producer.attributes.get("alpha", 0.2), producer.attributes.get("beta", 0.5)
            if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:  # noqa: PLR2004 - HardSwish's own constants
                return value
    return None
