"""Limits of an operator's tensors: their types, scales, axes and batch.

Each check gives `wanted …, found …` where its limit is broken, None where it is kept or not set, and raises `Unread`
where the file does not tell.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from device_profiles.placement.node import OPEN
from device_profiles.placement.unread import rank_of, shape_of, shape_text, type_of
from device_profiles.placement.window import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from device_profiles.delegate_limits import Limits
    from device_profiles.placement.node import Node, Value

    Check = Callable[[Limits, Node], str | None]

BYTES = ("int8", "uint8")
BATCH = slice(1)
CHANNELS = slice(-1, None)


def any_of(words: Iterable[object]) -> str:
    """Words as a choice: `a or b`."""
    return " or ".join(str(word) for word in words)


def _wrong_type(values: Iterable[Value], types: Sequence[str]) -> Value | None:
    """The first value whose type is known and not among the types."""
    found = list(values)
    wrong = next((value for value in found if value.dtype and value.dtype not in types), None)
    if wrong is None:
        for value in found:
            type_of(value)
    return wrong


def _types(limits: Limits, node: Node) -> str | None:
    if limits.types is None:
        return None
    wrong = _wrong_type(node.activations, limits.types)
    return None if wrong is None else f"wanted {any_of(limits.types)}, found {wrong.dtype}"


def _stored_types(limits: Limits, node: Node) -> str | None:
    if limits.stored_types is None:
        return None
    wrong = _wrong_type((*node.given, *node.outputs), limits.stored_types)
    if wrong is None:
        return None
    return f"wanted {any_of(limits.stored_types)} in every tensor, found {wrong.dtype} in {wrong.name!r}"


def _input_types(limits: Limits, node: Node) -> str | None:
    for place, types in (limits.input_types or {}).items():
        wrong = _wrong_type(node.given_at([int(place)]), types)
        if wrong is not None:
            return f"wanted {any_of(types)} as input {place}, found {wrong.dtype}"
    return None


def _output_types(limits: Limits, node: Node) -> str | None:
    if limits.output_types is None:
        return None
    wrong = _wrong_type(node.outputs, limits.output_types)
    return None if wrong is None else f"wanted {any_of(limits.output_types)} as output, found {wrong.dtype}"


def _same_types(limits: Limits, node: Node) -> str | None:
    for place in limits.same_types:
        for value in node.given_at([place]):
            first = type_of(node.first)
            if type_of(value) != first:
                return f"wanted input {place} in {first} as input 0, found {value.dtype}"
    return None


def _one_type(limits: Limits, node: Node) -> str | None:
    found = [type_of(value) for value in node.activations] if limits.one_type else []
    return f"wanted one type of what flows, found {' and '.join(dict.fromkeys(found))}" if len(set(found)) > 1 else None


def _weight_types(limits: Limits, node: Node) -> str | None:
    for weights in node.given_at([WEIGHTS]) if limits.weight_types else ():
        beside = type_of(node.outputs[0])
        types = (limits.weight_types or {}).get(beside, ())
        if types and type_of(weights) not in types:
            return f"wanted {any_of(types)} weights beside {beside} activations, found {weights.dtype}"
    return None


def _quantised_bytes(limits: Limits, node: Node) -> str | None:
    if not limits.quantised_bytes:
        return None
    bare = [value.name for value in node.activations if type_of(value) in BYTES and not value.quantised]
    return f"wanted int8 and uint8 with a scale, found none in {bare[0]!r}" if bare else None


def _per_tensor(limits: Limits, node: Node) -> str | None:
    values = [*node.given_at(limits.per_tensor_inputs), *(node.outputs if limits.per_tensor_outputs else ())]
    wrong = [value.name for value in values if value.per_channel]
    return f"wanted one scale for the tensor, found one per channel in {wrong[0]!r}" if wrong else None


def _fixed_shapes(limits: Limits, node: Node) -> str | None:
    if not limits.fixed_shapes:
        return None
    opened = [shape_text(value) for value in node.activations if value.shape is not None and OPEN in value.shape]
    if not opened:
        for value in node.activations:
            shape_of(value)
    return f"wanted fixed shapes, found {opened[0]}" if opened else None


def _filled_axes(limits: Limits, node: Node) -> str | None:
    if not limits.filled_axes:
        return None
    for value in node.activations:
        if rank_of(value) and 0 in (value.shape or ()):
            return f"wanted axes of at least 1, found the shape {shape_text(value)}"
    return None


def _rank(limits: Limits, node: Node) -> str | None:
    if limits.min_rank is None and limits.max_rank is None:
        return None
    for rank in map(rank_of, node.activations):
        if limits.max_rank is not None and rank > limits.max_rank:
            return f"wanted at most {limits.max_rank} axes, found {rank}"
        if limits.min_rank is not None and rank < limits.min_rank:
            return f"wanted at least {limits.min_rank} axes, found {rank}"
    return None


def _same_rank(limits: Limits, node: Node) -> str | None:
    for value in node.given_at(limits.same_rank):
        first = rank_of(node.first)
        if rank_of(value) != first:
            return f"wanted {first} axes in {value.name!r} as in input 0, found {rank_of(value)}"
    return None


def _inner_axes(limits: Limits, node: Node) -> str | None:
    most = limits.max_inner_axes
    if most is None:
        return None
    for value in node.activations:
        outer = slice(0, max(0, rank_of(value) - most))
        if long_axes(shape_of(value, outer)):
            return f"wanted only the {most} innermost axes longer than 1, found the shape {shape_text(value)}"
    return None


def _vector(limits: Limits, node: Node) -> str | None:
    if limits.max_vector is None:
        return None
    shape = shape_of(node.first)
    if long_axes(shape) > 1 or prod(shape) > limits.max_vector:
        return f"wanted one dimension of at most {limits.max_vector}, found the shape {shape_text(node.first)}"
    return None


def _vector_output(limits: Limits, node: Node) -> str | None:
    for value in node.outputs[:1] if limits.vector_output else ():
        if long_axes(shape_of(value)) > 1:
            return f"wanted an output of one dimension, found the shape {shape_text(value)}"
    return None


def _vector_inputs(limits: Limits, node: Node) -> str | None:
    for place in limits.vector_inputs:
        for value in node.given_at([place]):
            if long_axes(shape_of(value, slice(-1))):
                return f"wanted input {place} per channel, found the shape {shape_text(value)}"
    return None


def _leading_ones(limits: Limits, node: Node) -> str | None:
    if not limits.leading_ones:
        return None
    shape = shape_of(node.first)
    ones = next((place for place, axis in enumerate(shape) if axis != 1), len(shape))
    if 1 in shape[ones:]:
        return f"wanted axes of 1 before all longer ones, found the shape {shape_text(node.first)}"
    return None


def _height_width(limits: Limits, node: Node) -> str | None:
    most = limits.max_height_width
    if most is None:
        return None
    longest = max((axis for value in node.activations for axis in shape_of(value, slice(1, None))), default=0)
    return f"wanted axes up to {most}, found {longest}" if longest > most else None


def _batch_of_one(limits: Limits, node: Node) -> str | None:
    if not limits.batch_of_one:
        return None
    first = max((axis for value in node.activations for axis in shape_of(value, BATCH)), default=1)
    return f"wanted a batch of 1, found {first}" if first > 1 else None


def _kept_batch(limits: Limits, node: Node) -> str | None:
    fewest = limits.keeps_batch_from_rank
    if fewest is None or rank_of(node.first) < fewest:
        return None
    before, after = shape_of(node.first, BATCH), shape_of(node.outputs[0], BATCH)
    return f"wanted the batch of {before[0]} kept, found {after[0]}" if before != after else None


def long_axes(shape: Sequence[int]) -> int:
    """How many axes are longer than 1."""
    return sum(axis > 1 for axis in shape)


TENSOR_CHECKS: tuple[Check, ...] = (
    _types,
    _stored_types,
    _input_types,
    _output_types,
    _same_types,
    _one_type,
    _weight_types,
    _quantised_bytes,
    _per_tensor,
    _fixed_shapes,
    _filled_axes,
    _rank,
    _same_rank,
    _inner_axes,
    _vector,
    _vector_output,
    _vector_inputs,
    _leading_ones,
    _height_width,
    _batch_of_one,
    _kept_batch,
)
