"""Layout tags: in which order a tensor holds the axes of an ONNX value.

A layout is a permutation: physical axis i of the tensor is axis `layout[i]` of the ONNX value. ONNX keeps channels
second, TFLite's kernels want them last; an ONNX Transpose costs nothing here, because only the tag changes. Axes of
size 1 can stand anywhere without a byte moving, and the functions below make use of that.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Layout = tuple[int, ...]
Shape = tuple[int, ...]


def plain(rank: int) -> Layout:
    """ONNX's own order."""
    return tuple(range(rank))


def channel_last(rank: int) -> Layout:
    """Batch, the spatial axes, channels: TFLite's order for pictures and sequences."""
    return (0, *range(2, rank), 1) if rank > 1 else plain(rank)


def with_last(layout: Layout, axis: int) -> Layout:
    """`layout` with ONNX axis `axis` moved to the end."""
    return (*(held for held in layout if held != axis), axis)


def physical(shape: Sequence[int], layout: Layout) -> Shape:
    """The shape of the tensor that holds an ONNX value of `shape` in `layout`."""
    return tuple(shape[axis] for axis in layout)


def after_transpose(layout: Layout, permutation: Sequence[int]) -> Layout:
    """The layout of ONNX's Transpose(permutation), for the tensor that held its input in `layout`."""
    place = {axis: index for index, axis in enumerate(permutation)}
    return tuple(place[axis] for axis in layout)


def moves_nothing(shape: Sequence[int], permutation: Sequence[int]) -> bool:
    """Whether transposing a tensor of `shape` leaves its bytes as they are."""
    moved = [axis for axis in permutation if shape[axis] != 1]
    return moved == sorted(moved)


def without(layout: Layout, dropped: Sequence[int]) -> Layout:
    """The layout after the ONNX axes `dropped` are gone and the others renumbered."""
    kept = sorted(set(layout) - set(dropped))
    number = {axis: index for index, axis in enumerate(kept)}
    return tuple(number[axis] for axis in layout if axis in number)


def reshape_groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """The finest independent parts of a reshape: axes of `before` and of `after` with the same product.

    Axes of size 1 are left out: they belong anywhere.
    """
    taken = [axis for axis, size in enumerate(before) if size != 1]
    given = [axis for axis, size in enumerate(after) if size != 1]
    groups: list[tuple[list[int], list[int]]] = []
    while taken or given:
        left, right = [taken.pop(0)], [given.pop(0)]
        while (found := prod(before[axis] for axis in left)) != (wanted := prod(after[axis] for axis in right)):
            (left.append(taken.pop(0)) if found < wanted else right.append(given.pop(0)))
        groups.append((left, right))
    return groups


def reshape_layouts(before: Sequence[int], after: Sequence[int], layout: Layout) -> tuple[Layout, Layout]:
    """How to reshape a tensor in `layout` with the least transposing.

    Gives the layout into which the tensor must be brought, and the layout of the result once its bytes are read anew.
    A group of axes that is split or merged must stand together and in order; whole groups may stand in any order.
    """
    if 0 in before or 0 in after:
        return plain(len(before)), plain(len(after))
    groups = reshape_groups(before, after)
    groups.sort(key=lambda group: min(layout.index(axis) for axis in group[0]))
    wanted = [axis for group in groups for axis in group[0]]
    result = [axis for group in groups for axis in group[1]]
    units = [axis for axis in layout if before[axis] == 1]
    if [axis for axis in layout if before[axis] != 1] == wanted:
        source = layout
    else:
        source = plain(len(before)) if wanted == sorted(wanted) else (*units, *wanted)
    return source, _with_units(result, after)


def _with_units(order: list[int], shape: Sequence[int]) -> Layout:
    """`order` with the axes of size 1 beside the axis that they follow in ONNX."""
    placed = list(order)
    for axis, size in enumerate(shape):
        if size == 1:
            placed.insert(placed.index(axis - 1) + 1 if axis else 0, axis)
    return tuple(placed)


def collapsed(shape: Sequence[int], permutation: Sequence[int]) -> tuple[Shape, tuple[int, ...]]:
    """The same transposition with fewer axes: those of size 1 dropped, those that stay neighbours merged."""
    runs: list[list[int]] = []
    for axis in (axis for axis in permutation if shape[axis] != 1):
        between = range(runs[-1][-1] + 1, axis) if runs else ()
        if runs and axis > runs[-1][-1] and all(shape[skipped] == 1 for skipped in between):
            runs[-1].append(axis)
        else:
            runs.append([axis])
    order = sorted(range(len(runs)), key=lambda run: runs[run][0])
    sizes = tuple(prod(shape[axis] for axis in runs[run]) for run in order)
    return sizes, tuple(order.index(run) for run in range(len(runs)))
