"""Limits of what an operator does: the axes that it works on, its window, and by how much it resizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device_profiles.placement import window
from device_profiles.placement.tensor_limits import BATCH, CHANNELS, any_of
from device_profiles.placement.unread import Unread, data_of, rank_of, shape_of, shape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device_profiles.delegate_limits import Limits
    from device_profiles.placement.node import Node, Value
    from device_profiles.placement.tensor_limits import Check

PADDINGS = frozenset({"PAD", "PADV2", "MIRROR_PAD"})
SCALES = {"Resize": 2, "Upsample": 1}
"""Where ONNX's kinds have their factors, one for each axis."""


def _spared_batch(limits: Limits, node: Node) -> str | None:
    if not limits.spares_batch:
        return None
    axes = _worked_axes(node)
    if axes is None:
        return "wanted axes that are known beforehand, found that they are computed"
    return "wanted the batch left alone, found that it works on axis 0" if 0 in axes else None


def _reduced_channels(limits: Limits, node: Node) -> str | None:
    multiple = limits.reduced_channels_multiple
    if multiple is None:
        return None
    axes, last = _worked_axes(node), rank_of(node.first) - 1
    if axes is None:
        return "wanted axes that are known beforehand, found that they are computed"
    if last not in axes:
        return None
    (channels,) = shape_of(node.first, CHANNELS)
    return f"wanted a multiple of {multiple} channels to reduce, found {channels}" if channels % multiple else None


def _worked_axes(node: Node) -> set[int] | None:
    """The axes that a reduction, a padding or a stacking works on; None where the file does not hold them."""
    rank = rank_of(node.first)
    if "axis" in node.options:
        return {int(node.options["axis"]) % (rank + 1)}
    second = node.input_at(1)
    if second is None or second.data is None:
        return None
    if node.kind in PADDINGS:
        return {int(axis) for axis in np.flatnonzero(second.data.any(axis=1))}
    return {int(axis) % max(rank, 1) for axis in second.data.reshape(-1)}


def _spatial_dimensions(limits: Limits, node: Node) -> str | None:
    wanted = limits.spatial_dimensions
    if not wanted or window.spatial_dimensions(node) in wanted:
        return None
    return f"wanted {any_of(wanted)} spatial dimensions, found {window.spatial_dimensions(node)}"


def _kernel_strides(limits: Limits, node: Node) -> str | None:
    allowed = limits.kernel_strides
    if allowed is None:
        return None
    kernel, strides = window.kernel(node), window.strides(node) or (1,)
    if len({*kernel}) == len({*strides}) == 1 and strides[0] in allowed.get(str(kernel[0]), ()):
        return None
    pairs = any_of(f"{side}/{stride}" for side, known in allowed.items() for stride in known)
    return f"wanted kernels/strides of {pairs}, found {_sides(kernel)}/{_sides(strides)}"


def _dilations(limits: Limits, node: Node) -> str | None:
    found = window.dilations(node) if limits.dilations else ()
    wrong = any(each not in limits.dilations for each in found)
    return f"wanted dilations of {any_of(limits.dilations)}, found {_sides(found)}" if wrong else None


def _equal_dilations(limits: Limits, node: Node) -> str | None:
    found = window.dilations(node) if limits.equal_dilations else ()
    return f"wanted equal dilations, found {_sides(found)}" if len(set(found)) > 1 else None


def _sides(lengths: Sequence[int]) -> str:
    return "×".join(map(str, lengths))


def _grouped_batch(limits: Limits, node: Node) -> str | None:
    if not limits.grouped_batch_of_one:
        return None
    for weights in node.given_at([window.WEIGHTS]):
        is_grouped = shape_of(node.first, CHANNELS) != shape_of(weights, CHANNELS)
        if is_grouped and shape_of(node.first, BATCH) != (1,):
            return f"wanted a batch of 1 in a grouped convolution, found the shape {shape_text(node.first)}"
    return None


def _whole_scale(limits: Limits, node: Node) -> str | None:
    most = limits.max_whole_scale
    if most is None:
        return None
    wrong = [factor for factor in _factors(node) if factor != int(factor) or not 1 <= factor <= most]
    return f"wanted to enlarge by a whole factor up to {most}, found {wrong[0]:g}" if wrong else None


def _factors(node: Node) -> tuple[float, ...]:
    """By how much each axis grows: as the file states it, else by the lengths before and after."""
    for stated in node.given_at([SCALES[node.kind]] if node.kind in SCALES else []):
        if not _is_empty(stated):
            return tuple(float(each) for each in data_of(stated).reshape(-1))
    before, after = shape_of(node.first), shape_of(node.outputs[0])
    if len(before) != len(after) or 0 in before:
        raise Unread(f"wanted as many axes after {node.kind} as before to judge by, found {len(after)}")
    return tuple(new / old for old, new in zip(before, after, strict=True))


def _is_empty(value: Value) -> bool:
    """An older ONNX file gives no factors as a constant of no values."""
    return value.data is not None and value.data.size == 0


OPERATION_CHECKS: tuple[Check, ...] = (
    _spared_batch,
    _reduced_channels,
    _spatial_dimensions,
    _kernel_strides,
    _dilations,
    _equal_dilations,
    _grouped_batch,
    _whole_scale,
)
