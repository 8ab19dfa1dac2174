"""What a bare model does not say of itself, and the user does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

Resize = Literal["nearest", "bilinear", "area", "bilinear-antialias"]
Colour = Literal["rgb", "bgr", "grey"]

FULL_BYTE = 255.0


@dataclass(frozen=True, slots=True)
class Description:
    """What a bare model does not say of itself.

    labels: names of the classes, in the order of the output; empty for 0, 1, 2 …
    good: the labels that let a part pass; empty for a model that measures and does not judge.
    pixel_range: the real values that byte 0 and byte 255 stand for before mean and deviation.
    mean, std: the network expects (value − mean) / std; one number, or one per channel in the order of `colour`.
    input_size: height and width in pixels, for a model that leaves them open.
    weights: the state dict of a PyTorch module that is given by its import path.
    """

    name: str = ""
    labels: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    pixel_range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    colour: Colour = "rgb"
    resize: Resize = "area"
    input_size: tuple[int, int] | None = None
    weights: Path | None = None

    @property
    def normalises(self) -> bool:
        """Whether the user gave a mean or a deviation."""
        return (self.mean, self.std) != ((0.0,), (1.0,))

    def byte_scaling(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The same in bytes, as a manifest has it: the network gets (byte − mean) / std.

        Args:
            channels: of the network's input, 1 or 3.

        Raises:
            BadInputError: a range from high to low, a deviation that is not positive, or a wrong number of values.
        """
        low, high = self.pixel_range
        if low >= high:
            raise BadInputError(f"wanted a pixel range as low then high, found {low:g} {high:g}; turn it round")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in {1, channels}:
                raise BadInputError(
                    f"wanted 1 or {channels} values of {name} for an input of {channels} channels, found "
                    f"{len(values)}; give one per channel"
                )
        if min(self.std) <= 0:
            raise BadInputError(f"wanted deviations above 0, found {min(self.std):g}; mend --std")
        per_value = FULL_BYTE / (high - low)
        return (
            tuple((mean - low) * per_value + 0.0 for mean in self.mean),
            tuple(std * per_value for std in self.std),
        )
