"""A sliding window: ONNX gives explicit pads, TFLite knows SAME and VALID, a PAD makes up the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from converters.lower.node import Node
    from converters.lower.writing import Writing

Pair = tuple[int, int]
_SEQUENCE_RANK = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Height and width of everything about a window.

    begins, ends: what has to be padded before and after so that every window is whole.
    declared_ends: the padding after that ONNX declares; less than `ends` where ceil_mode lets a window hang over.
    padding: SAME if TFLite pads just so by itself, else VALID after an explicit PAD.
    """

    kernel: Pair
    strides: Pair
    dilations: Pair
    given: Pair
    result: Pair
    begins: Pair
    ends: Pair
    declared_ends: Pair
    padding: Literal["SAME", "VALID"]

    def padded(self, w: Writing, tensor: str, fill: float = 0.0) -> str:
        """The N×H×W×C tensor with what TFLite does not pad by itself."""
        pads = (*self.begins, *self.ends)
        if self.padding == "SAME" or not any(pads):
            return tensor
        amounts = w.add_integers(np.array([(0, 0), *zip(self.begins, self.ends, strict=True), (0, 0)]))
        batch, _, _, channels = w.shape_of(tensor)
        height, width = (s + b + e for s, b, e in zip(self.given, self.begins, self.ends, strict=True))
        shape = (batch, height, width, channels)
        if not fill:
            return w.emit("PAD", [tensor, amounts], shape)
        return w.emit("PADV2", [tensor, amounts, w.add_constant(np.array([fill], np.float32))], shape)


def read_window(node: Node, shape: tuple[int, ...], result: tuple[int, ...], kernel: tuple[int, ...]) -> Window:
    """The window of a convolution or pooling.

    Args:
        node: the node.
        shape: its input's shape in ONNX, N×C×W or N×C×H×W.
        result: its output's.
        kernel: sizes per axis; a one-dimensional kernel may have its height of 1 or not.
    """
    lines = len(shape) == _SEQUENCE_RANK
    taps = (1, kernel[-1]) if lines else (kernel[0], kernel[1])
    strides, dilations = (_pair(node, name, lines=lines) for name in ("strides", "dilations"))
    given, wanted = ((1, size[2]) if lines else (size[2], size[3]) for size in (shape, result))
    reach = tuple((tap - 1) * step + 1 for tap, step in zip(taps, dilations, strict=True))
    needed = tuple((out - 1) * stride + size for out, stride, size in zip(wanted, strides, reach, strict=True))
    totals = tuple(max(need - size, 0) for need, size in zip(needed, given, strict=True))
    begins, declared = _pads(node, totals, lines=lines)
    ends = tuple(max(need - size - begin, 0) for need, size, begin in zip(needed, given, begins, strict=True))
    same = all(begin == total // 2 for begin, total in zip(begins, totals, strict=True)) and all(
        out == -(-size // stride) for out, size, stride in zip(wanted, given, strides, strict=True)
    )
    # A window that ends before the padded input does is VALID, though SAME could look alike.
    same = same and any(totals)
    return Window(
        taps,
        strides,
        dilations,
        given,
        wanted,
        begins,
        (ends[0], ends[1]),
        (declared or (ends[0], ends[1])),
        "SAME" if same else "VALID",
    )


def _pair(node: Node, name: str, *, lines: bool) -> Pair:
    found = [int(value) for value in node.attributes.get(name) or (1, 1)]
    return (1, found[0]) if lines else (found[0], found[1])


def _pads(node: Node, totals: tuple[int, ...], *, lines: bool) -> tuple[Pair, Pair | None]:
    """Pads before, and those that the model declares after, if it does."""
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if automatic == "VALID":
        return (0, 0), (0, 0)
    if automatic in {"SAME_UPPER", "SAME_LOWER"}:
        begins = [total // 2 if automatic == "SAME_UPPER" else total - total // 2 for total in totals]
        return (begins[0], begins[1]), None
    pads = [int(value) for value in node.attributes.get("pads") or (0, 0, 0, 0)]
    if min(pads) < 0:
        raise node.refuse(f"its pads {pads} are negative", "cut the input with a Slice instead")
    return ((0, pads[0]), (0, pads[1])) if lines else ((pads[0], pads[1]), (pads[2], pads[3]))
