"""What a limit asks of a tensor and the file does not tell: then the limit is not kept, and the operator is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device_profiles.placement.node import OPEN

if TYPE_CHECKING:
    import numpy.typing as npt

    from device_profiles.placement.node import Value


class Unread(Exception):
    """A limit cannot be checked; its text says what is missing."""


def shape_of(value: Value, part: slice = slice(None)) -> tuple[int, ...]:
    """A tensor's shape, or a part of it, every axis of it known.

    Raises:
        Unread: the file leaves the shape or an axis of that part open.
    """
    if value.shape is None or OPEN in value.shape[part]:
        raise Unread(f"wanted a fixed shape of {value.name!r} to judge by, found {shape_text(value)}")
    return value.shape[part]


def rank_of(value: Value) -> int:
    """How many axes a tensor has; they may be open.

    Raises:
        Unread: nothing tells its shape.
    """
    if value.shape is None:
        raise Unread(f"wanted a shape of {value.name!r} to judge by, found none")
    return len(value.shape)


def type_of(value: Value) -> str:
    """A tensor's type, as numpy calls it.

    Raises:
        Unread: nothing tells it.
    """
    if not value.dtype:
        raise Unread(f"wanted a type of {value.name!r} to judge by, found none")
    return value.dtype


def data_of(value: Value) -> npt.NDArray[Any]:
    """A constant's stored values.

    Raises:
        Unread: it is computed, or stored where it was not read.
    """
    if value.data is None:
        raise Unread(f"wanted the values of {value.name!r} to judge by, found none stored")
    return value.data


def shape_text(value: Value) -> str:
    """A shape as it is told: `1×8×8×4`, with `?` for an open axis."""
    if value.shape is None:
        return "none"
    return "×".join("?" if axis == OPEN else str(axis) for axis in value.shape)
