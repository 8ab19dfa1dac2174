"""The limits of an accelerator's rule, one check each: None where it is kept, else what was wanted and found."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.delegates.node import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.delegates.node import Node, Value
    from device_profiles.delegate import Limits

    Check = Callable[[Limits, Node], str | None]


def broken_limit(limits: Limits, node: Node) -> str | None:
    """The first limit that an operator does not keep to, as `wanted …, found …`; None where it keeps to all."""
    for check in _CHECKS:
        broken = check(limits, node)
        if broken is not None:
            return broken
    return None


def _types(limits: Limits, node: Node) -> str | None:
    if limits.types is None:
        return None
    wrong = [value for value in node.activations if value.dtype and value.dtype not in limits.types]
    return f"wanted {_or(limits.types)}, found {wrong[0].dtype}" if wrong else None


def _input_types(limits: Limits, node: Node) -> str | None:
    for place, types in (limits.input_types or {}).items():
        value = node.input_at(int(place))
        if value is not None and value.dtype and value.dtype not in types:
            return f"wanted {_or(types)} as input {place}, found {value.dtype}"
    return None


def _same_types(limits: Limits, node: Node) -> str | None:
    first = node.input_at(0)
    for place in limits.same_types:
        value = node.input_at(place)
        if first is not None and value is not None and first.dtype and value.dtype not in {"", first.dtype}:
            return f"wanted input {place} in {first.dtype} as input 0, found {value.dtype}"
    return None


def _fixed(limits: Limits, node: Node) -> str | None:
    open_shapes = [_shape(value) for value in node.activations if OPEN in (value.shape or ())]
    return f"wanted fixed shapes, found {open_shapes[0]}" if limits.fixed_shapes and open_shapes else None


def _rank(limits: Limits, node: Node) -> str | None:
    most = limits.max_rank
    deepest = max((len(value.shape) for value in node.activations if value.shape is not None), default=0)
    return f"wanted at most {most} axes, found {deepest}" if most is not None and deepest > most else None


def _inner_axes(limits: Limits, node: Node) -> str | None:
    most = limits.max_inner_axes
    if most is None:
        return None
    for value in node.activations:
        outer = (value.shape or ())[:-most] if most else value.shape or ()
        if any(axis > 1 for axis in outer):
            return f"wanted only the {most} innermost axes longer than 1, found the shape {_shape(value)}"
    return None


def _vector(limits: Limits, node: Node) -> str | None:
    most, value = limits.max_vector, node.input_at(0)
    if most is None or value is None or value.shape is None:
        return None
    if _long_axes(value) > 1 or prod(value.shape) > most:
        return f"wanted one dimension of at most {most}, found the shape {_shape(value)}"
    return None


def _vector_output(limits: Limits, node: Node) -> str | None:
    if not limits.vector_output or not node.outputs or _long_axes(node.outputs[0]) <= 1:
        return None
    return f"wanted an output of one dimension, found the shape {_shape(node.outputs[0])}"


def _height_width(limits: Limits, node: Node) -> str | None:
    most = limits.max_height_width
    longest = max((axis for value in node.activations for axis in (value.shape or ())[1:]), default=0)
    return f"wanted axes up to {most}, found {longest}" if most is not None and longest > most else None


def _constant_inputs(limits: Limits, node: Node) -> str | None:
    for place in limits.constant_inputs:
        value = node.input_at(place)
        if value is not None and not value.constant:
            return f"wanted input {place} as a constant, found that {value.name!r} is computed"
    return None


def _zero_inputs(limits: Limits, node: Node) -> str | None:
    for place in limits.zero_inputs:
        value = node.input_at(place)
        if value is not None and value.data is not None and np.any(value.data):
            return f"wanted zeros as input {place}, found {value.data.reshape(-1)[np.flatnonzero(value.data)[0]]}"
    return None


def _vector_inputs(limits: Limits, node: Node) -> str | None:
    for place in limits.vector_inputs:
        value = node.input_at(place)
        if value is not None and any(axis > 1 for axis in (value.shape or ())[:-1]):
            return f"wanted input {place} per channel, found the shape {_shape(value)}"
    return None


def _batch(limits: Limits, node: Node) -> str | None:
    if limits.spares_batch:
        axes = _worked_axes(node)
        if axes is None:
            return "wanted axes that are known beforehand, found that they are computed"
        if 0 in axes:
            return "wanted the batch left alone, found that it works on axis 0"
    if limits.batch_of_one:
        first = max((value.shape[0] for value in node.activations if value.shape), default=1)
        if first > 1:
            return f"wanted a batch of 1, found {first}"
    return None


def _worked_axes(node: Node) -> set[int] | None:
    """The axes that a reduction, a padding or a stacking works on; None where the file does not hold them."""
    value, second = node.input_at(0), node.input_at(1)
    rank = len(value.shape) if value is not None and value.shape is not None else 0
    if "axis" in node.options:
        return {int(node.options["axis"]) % (rank + 1)}
    if second is None or second.data is None:
        return None
    if node.kind in {"PAD", "PADV2", "MIRROR_PAD"}:
        return {int(axis) for axis in np.flatnonzero(second.data.any(axis=1))}
    return {int(axis) % max(rank, 1) for axis in second.data.reshape(-1)}


def _options(limits: Limits, node: Node) -> str | None:
    for name, allowed in (limits.options or {}).items():
        found = node.options.get(name)
        if found is not None and found not in allowed:
            return f"wanted {name} {_or([str(each) for each in allowed])}, found {found}"
    for name, most in (limits.max_options or {}).items():
        values = np.atleast_1d(node.options.get(name, 0))
        if values.size and values.max() > most:
            return f"wanted {name} up to {most:g}, found {values.max():g}"
    return None


def _per_tensor(limits: Limits, node: Node) -> str | None:
    values = [node.input_at(place) for place in limits.per_tensor_inputs]
    values += node.outputs if limits.per_tensor_outputs else ()
    wrong = [value.name for value in values if value is not None and value.per_channel]
    return f"wanted one scale for the tensor, found one per channel in {wrong[0]!r}" if wrong else None


_CHECKS: tuple[Check, ...] = (
    _types,
    _input_types,
    _same_types,
    _fixed,
    _rank,
    _inner_axes,
    _vector,
    _vector_output,
    _height_width,
    _constant_inputs,
    _zero_inputs,
    _vector_inputs,
    _batch,
    _options,
    _per_tensor,
)


def _long_axes(value: Value) -> int:
    return sum(axis > 1 or axis == OPEN for axis in value.shape or ())


def _shape(value: Value) -> str:
    return "×".join("?" if axis == OPEN else str(axis) for axis in value.shape or ())


def _or(words: Sequence[Any]) -> str:
    return " or ".join(str(word) for word in words)
