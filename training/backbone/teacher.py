"""What the own backbone is to see: the inner map of a classifier that somebody trained on photographs.

The map's channels are turned into their principal axes and whitened, so that the student is asked for each direction
alike; how much a direction counts is its variance to the power of one half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.features.cut import cut_backbone
from training.features.feature_part import extract_features
from training.features.principal_axes import all_axes
from training.features.size_rule import InputSize

if TYPE_CHECKING:
    from collections.abc import Iterable

Floats = npt.NDArray[np.float32]

WEIGHT_POWER = 0.5
LEAST_SHARE = 1e-5
"""Directions with less of the greatest variance than this are the teacher's rounding."""


LEAST_VARIANCE = 1e-12


def teacher_maps(teacher: bytes, name: str, pictures: Iterable[npt.NDArray[np.uint8]], side_px: int) -> Floats:
    """The teacher's stride-16 map of S×S×3 uint8 RGB pictures: N×h×w×C float32.

    Raises:
        BadInputError: the teacher is no quantised classifier (see `cut_backbone`), or refuses the size.
    """
    return extract_features(cut_backbone(teacher, InputSize(side_px, side_px), name=name), pictures)


@dataclass(frozen=True, slots=True)
class Axes:
    """The teacher's space, seen along its principal axes.

    mean: C. axes: C×C, a direction per column, greatest variance first. deviation: C, the standard deviation
    along each.
    """

    mean: Floats
    axes: Floats
    deviation: Floats

    @property
    def weights(self) -> Floats:
        """How much each direction counts, C values with the sum 1."""
        kept = np.where(self.deviation > np.sqrt(LEAST_SHARE) * self.deviation[0], self.deviation, 0)
        weights = np.square(kept) ** WEIGHT_POWER
        return np.asarray(weights / weights.sum(), np.float32)

    def whitened(self, maps: npt.NDArray[np.floating]) -> Floats:
        """…×C raw values along the axes, each with variance 1."""
        return np.asarray((maps.astype(np.float32) - self.mean) @ self.axes / self.deviation, np.float32)

    def fold(self, weights: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """A last layer that gives whitened values (C×K weights, C biases) made to give raw ones."""
        back = self.axes * self.deviation
        return np.asarray(back @ weights, np.float32), np.asarray(self.mean + back @ bias, np.float32)


def teacher_axes(maps: npt.NDArray[np.floating]) -> Axes:
    """The axes of …×C raw values."""
    found = all_axes(maps.reshape(-1, maps.shape[-1]))
    deviation = np.sqrt(np.maximum(found.variance, LEAST_VARIANCE))
    return Axes(*(np.asarray(one, np.float32) for one in (found.centre, found.axes, deviation)))
