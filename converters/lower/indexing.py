"""Slice, Split and Gather: parts of a value, at positions that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.lower.layout import physical, plain, without
from converters.lower.selection import lower_lookup
from converters.lower.shape import gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.lower.node import Node
    from converters.lower.writing import Writing

MOST_STRIDED_AXES = 4


def lower_slice(w: Writing, node: Node) -> None:
    """SLICE where every step is 1, STRIDED_SLICE for longer ones, a gather for steps backwards."""
    shape, layout = w.shape(node.inputs[0]), w.layout(node.inputs[0])
    ranges = _ranges(w, node, shape)
    x = w.read(node.inputs[0], layout)
    for axis, taken in enumerate(ranges):
        if taken.step < 0:
            x = gather(w, x, list(taken), layout.index(axis))
            ranges[axis] = range(len(taken))
    w.give(node.outputs[0], _sliced(w, node, x, [ranges[axis] for axis in layout]), layout)


def _sliced(w: Writing, node: Node, x: str, ranges: Sequence[range]) -> str:
    shape = tuple(len(taken) for taken in ranges)
    begins = w.add_integers([taken.start for taken in ranges])
    if shape == w.shape_of(x):
        return x
    if all(taken.step == 1 for taken in ranges):
        return w.emit("SLICE", [x, begins, w.add_integers(shape)], shape)
    if len(shape) > MOST_STRIDED_AXES:
        raise node.refuse(f"it skips in a value of {len(shape)} axes", f"use at most {MOST_STRIDED_AXES}")
    ends = w.add_integers([taken.start + (len(taken) - 1) * taken.step + 1 for taken in ranges])
    steps = w.add_integers([taken.step for taken in ranges])
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    return w.emit("STRIDED_SLICE", [x, begins, ends, steps], shape, offset=False, **masks)


def _ranges(w: Writing, node: Node, shape: tuple[int, ...]) -> list[range]:
    starts, ends = (_integers(w, node, name, slot) for name, slot in (("starts", 1), ("ends", 2)))
    if starts is None or ends is None:
        raise node.refuse("it has no starts or ends", "export it again")
    axes, steps = _integers(w, node, "axes", 3), _integers(w, node, "steps", 4)
    ranges = [range(size) for size in shape]
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axis = (place if axes is None else axes[place]) % len(shape)
        step = 1 if steps is None else steps[place]
        ranges[axis] = range(*slice(start, end, step).indices(shape[axis]))
        if step < 0 and end <= -shape[axis] - 1:
            ranges[axis] = range(*slice(start, None, step).indices(shape[axis]))
    if any(not len(taken) for taken in ranges):
        raise node.refuse("nothing is left of it", "remove the slice")
    return ranges


def _integers(w: Writing, node: Node, name: str, slot: int) -> list[int] | None:
    """A list that was an attribute in old operator sets and is an input in new ones."""
    stored = w.constant(node.input(slot))
    if node.input(slot) and stored is None:
        raise node.refuse(f"its {name} are computed", "export it with constant positions")
    found = node.attributes.get(name) if stored is None else stored.reshape(-1)
    return None if found is None else [int(value) for value in found]


def lower_split(w: Writing, node: Node) -> None:
    """SPLIT into equal parts; unequal ones are a SLICE each, which has an int8 form."""
    shape, layout = w.shape(node.inputs[0]), w.layout(node.inputs[0])
    axis = layout.index(int(node.attributes.get("axis", 0)) % len(shape))
    x = w.read(node.inputs[0], layout)
    shapes = [physical(w.shape(name), layout) for name in node.outputs]
    if len({part[axis] for part in shapes}) == 1:
        parts = w.emit_many("SPLIT", [w.add_integers(axis), x], shapes, num_splits=len(shapes))
    else:
        places = np.cumsum([0, *(part[axis] for part in shapes)]).tolist()
        parts = [_part(w, x, part, axis, place) for part, place in zip(shapes, places[:-1], strict=True)]
    for name, part in zip(node.outputs, parts, strict=True):
        w.give(name, part, layout)


def _part(w: Writing, x: str, shape: tuple[int, ...], axis: int, place: int) -> str:
    begins = [place if at == axis else 0 for at in range(len(shape))]
    return w.emit("SLICE", [x, w.add_integers(begins), w.add_integers(shape)], shape)


def lower_gather(w: Writing, node: Node) -> None:
    """Constant positions along one axis; a single position is a SLICE that loses its axis."""
    positions = w.constant(node.inputs[1])
    shape = w.shape(node.inputs[0])
    if positions is None:
        lower_lookup(w, node)
        return
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    positions = np.where(positions < 0, positions + shape[axis], positions)
    layout = w.layout(node.inputs[0]) if positions.ndim <= 1 else plain(len(shape))
    place, x = layout.index(axis), w.read(node.inputs[0], layout)
    if positions.ndim == 1:
        w.give(node.outputs[0], gather(w, x, positions, place), layout)
    elif positions.ndim == 0:
        before = w.shape_of(x)
        begins = [int(positions) if at == place else 0 for at in range(len(shape))]
        cut = tuple(1 if at == place else size for at, size in enumerate(before))
        part = x if cut == before else w.emit("SLICE", [x, w.add_integers(begins), w.add_integers(cut)], cut)
        w.give(node.outputs[0], w.reshape(part, before[:place] + before[place + 1 :]), without(layout, [axis]))
    else:
        taken = gather(w, x, positions.reshape(-1), place)
        result = w.shape(node.outputs[0])
        w.give(node.outputs[0], w.reshape(taken, result), plain(len(result)))
