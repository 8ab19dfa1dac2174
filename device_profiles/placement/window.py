"""The window that a convolution or pooling moves over its input, whichever form of file tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device_profiles.placement.unread import Unread, rank_of, shape_of

if TYPE_CHECKING:
    from device_profiles.placement.node import Node

WEIGHTS = 1
"""The input that holds a convolution's weights; TRANSPOSE_CONV has its output's shape at 0."""


def kernel(node: Node) -> tuple[int, ...]:
    """The lengths of its sides.

    Raises:
        Unread: neither options nor weights tell them.
    """
    stated = _per_axis(node, "kernel_shape", ("filter_height", "filter_width"))
    if stated:
        return stated
    for weights in node.given_at([WEIGHTS]):
        shape = shape_of(weights)
        return shape[1:-1] if node.kind.isupper() else shape[2:]
    raise Unread(f"wanted a kernel's sizes to judge {node.kind} by, found none")


def strides(node: Node) -> tuple[int, ...]:
    """Its steps along each axis; empty where they are left at 1."""
    return _per_axis(node, "strides", ("stride_d", "stride_h", "stride_w"))


def dilations(node: Node) -> tuple[int, ...]:
    """The distances between its points along each axis; empty where they are left at 1."""
    return _per_axis(node, "dilations", ("dilation_d_factor", "dilation_h_factor", "dilation_w_factor"))


def spatial_dimensions(node: Node) -> int:
    """How many axes the first input has besides batch and channels.

    Raises:
        Unread: nothing tells its shape.
    """
    return rank_of(node.first) - 2


def _per_axis(node: Node, listed: str, named: tuple[str, ...]) -> tuple[int, ...]:
    """ONNX lists an option for all axes, TFLite names one for each."""
    found: Any = node.options.get(listed)
    if found is not None:
        return tuple(int(each) for each in found)
    return tuple(int(node.options[name]) for name in named if name in node.options)
