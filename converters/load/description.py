"""What a bare model does not say of itself, and the user does."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from edge_contracts.errors import BadInputError

Resize = Literal["nearest", "bilinear", "area", "bilinear-antialias"]
Colour = Literal["rgb", "bgr", "grey"]
Gives = Literal["", "logits", "probabilities", "numbers"]

FULL_BYTE = 255.0

_NAME = re.compile(r"[a-z0-9-]{1,32}\Z")
"""As `edge_contracts.identifiers.Slug` has it."""

_OF_PICTURES = ("pixel_range", "mean", "std", "colour", "resize")


@dataclass(frozen=True, slots=True)
class Description:
    """What a bare model does not say of itself.

    labels: names of the classes, in the order of the output; empty for 0, 1, 2 …
    good: the labels that let a part pass; empty for a model that measures and does not judge.
    pixel_range: the real values that byte 0 and byte 255 stand for before mean and deviation.
    mean, std: the network expects (value − mean) / std; one number, or one per channel in the order of `colour`.
    input_size: height and width in pixels, for a model that leaves them open.
    weights: the state dict of a PyTorch module that is given by its import path.
    front_end: how sounds or readings become the input: TOML, see docs/reference/sound-front-end.md; empty for a model
        that takes something else.
    gives: what the values of an output of shape 1×N are: `logits` and `probabilities` of classes, `numbers` where none
        is chosen, such as a regression's or an embedding; empty to go by the network: what a softmax or a sigmoid gives
        are probabilities, else they are logits.
    threshold: the mean squared error from which on a model that reconstructs its input calls a part defective; None
        for a model that measures and does not judge.

    Raises:
        BadInputError: the name is none that bundles have, labels are a text instead of a list of texts, a colour or a
            resize is none that there is, or the threshold is none that an error can stay below.
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
    front_end: str = ""
    gives: Gives = ""
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.name and not _NAME.match(self.name):
            raise BadInputError(
                f"wanted a name of 1 to 32 of a-z, 0-9 and '-', found {self.name!r}; call it {slug(self.name)}"
            )
        _require_several("labels", self.labels)
        _require_several("good", self.good)
        _require_choice("colour", self.colour, get_args(Colour))
        _require_choice("resize", self.resize, get_args(Resize))
        _require_choice("gives", self.gives, get_args(Gives))
        if self.threshold is not None and not 0 < self.threshold < math.inf:
            raise BadInputError(
                f"wanted a threshold above 0, found {self.threshold:g}: a mean squared error is never less than 0; "
                "mend --threshold"
            )

    @property
    def of_pictures(self) -> tuple[str, ...]:
        """What was said of pictures alone, as the command line calls it."""
        return tuple(f"--{name.replace('_', '-')}" for name in _OF_PICTURES if self._says(name))

    @property
    def of_classes(self) -> tuple[str, ...]:
        """What was said of classes alone, as the command line calls it."""
        return tuple(f"--{name}" for name in ("labels", "good") if self._says(name))

    @property
    def of_a_bare_model(self) -> tuple[str, ...]:
        """All that was said that a bundle says itself, as the command line calls it."""
        names = ("name", "input_size", "front_end", "gives", "threshold")
        own = tuple(f"--{name.replace('_', '-')}" for name in names if self._says(name))
        return (*own, *self.of_classes, *self.of_pictures)

    def _says(self, name: str) -> bool:
        default = next(one.default for one in fields(self) if one.name == name)
        return bool(getattr(self, name) != default)

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


def _require_several(field: str, labels: object) -> None:
    # A text is a sequence of texts, too: of its characters.
    if isinstance(labels, (str, Path)):
        raise BadInputError(
            f"wanted a tuple of labels in {field}, found {str(labels)!r}; write ({str(labels)!r},) for one label, and "
            "read the lines of a file yourself"
        )


def _require_choice(field: str, found: str, choices: tuple[str, ...]) -> None:
    if found not in choices:
        told = ", ".join(choice or "the network's own" for choice in choices)
        raise BadInputError(f"wanted {field} to be one of {told}, found {found!r}; choose one of them")


def slug(text: str) -> str:
    """A name as bundles have it: 1 to 32 of a-z, 0-9 and '-'."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-") or "model"
