"""An operator as an accelerator's compiler sees it, whichever form of file it stood in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

OPEN = -1
"""The length of an axis that the file leaves open."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor.

    shape: `OPEN` where the file leaves an axis open; None where nothing is known.
    dtype: numpy's name of the stored type; empty where nothing is known.
    constant: whether the file holds its values.
    data: those values.
    per_channel: whether it has a scale per channel.
    quantised: whether it has a scale at all.
    zero_point: what is stored for 0; 0 where it has no scale, or several.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    constant: bool = False
    data: npt.NDArray[Any] | None = None
    per_channel: bool = False
    quantised: bool = False
    zero_point: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One operator: its kind in the file's own words, its tensors and its options.

    inputs: a tensor per slot; None where an optional input is absent.
    """

    kind: str
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def activations(self) -> tuple[Value, ...]:
        """Tensors that flow: inputs that are no constants, and outputs."""
        return (*(value for value in self.given if not value.constant), *self.outputs)

    @property
    def given(self) -> tuple[Value, ...]:
        """The inputs that are there, constants too."""
        return tuple(value for value in self.inputs if value is not None)

    @property
    def first(self) -> Value:
        """The first input; a tensor of which nothing is known where the operator has none."""
        return self.input_at(0) or Value("input 0", None, "")

    def given_at(self, places: Iterable[int]) -> tuple[Value, ...]:
        """The inputs at these places, without the absent ones."""
        return tuple(value for place in places if (value := self.input_at(place)) is not None)

    def input_at(self, place: int) -> Value | None:
        """The input at a place; None where the operator has none there."""
        return self.inputs[place] if place < len(self.inputs) else None
