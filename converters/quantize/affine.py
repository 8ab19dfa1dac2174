"""int8 arithmetic: real = scale x (stored - zero point), and how a range becomes such a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Quantization

if TYPE_CHECKING:
    import numpy.typing as npt

LOWEST, HIGHEST = -128, 127
"""What an int8 activation stores."""

WEIGHT_LIMIT = 127
"""Weights are symmetric: -127 to 127, zero point 0 (TensorFlow Lite 8-bit quantization specification)."""

SMALLEST_SPAN = 1e-12
"""A range narrower than this was always zero. Its tiny scale would make XNNPACK abort(); it gets the range 0 to 1."""


@dataclass(frozen=True, slots=True)
class Affine:
    """The parameters of one int8 tensor.

    scale: real value of one step; a float32 value, above 0.
    zero_point: the stored value of real 0, -128 to 127.
    """

    scale: float
    zero_point: int

    @classmethod
    def of_range(cls, lowest: float, highest: float) -> Affine:
        """The finest parameters under which real 0 is exact and `lowest` to `highest` (widened to hold 0) fits."""
        lowest, highest = min(lowest, 0.0), max(highest, 0.0)
        if highest - lowest < SMALLEST_SPAN:
            lowest, highest = 0.0, 1.0
        scale = float(np.float32((highest - lowest) / (HIGHEST - LOWEST)))
        return cls(scale, int(np.clip(round(LOWEST - lowest / scale), LOWEST, HIGHEST)))

    @classmethod
    def of(cls, quantization: Quantization) -> Affine:
        """The same parameters as a tensor holds them (per tensor)."""
        return cls(float(quantization.scale[0]), int(quantization.zero_point[0]))

    @property
    def range(self) -> tuple[float, float]:
        """The real values that -128 and 127 stand for."""
        return (LOWEST - self.zero_point) * self.scale, (HIGHEST - self.zero_point) * self.scale

    def quantization(self) -> Quantization:
        """The same parameters in the form that a graph's tensor holds."""
        return Quantization(np.array([self.scale], np.float32), np.array([self.zero_point], np.int64))

    def quantize(self, real: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """Real values (any shape) as int8, rounded to the nearest step and clipped to what int8 holds."""
        steps = np.rint(np.asarray(real, np.float64) / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, LOWEST, HIGHEST), np.int8)

    def dequantize(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """int8 values (any shape) as the real values they stand for."""
        return ((stored.astype(np.float64) - self.zero_point) * self.scale).astype(np.float32)


def dequantize_constant(data: npt.NDArray[Any], quantization: Quantization) -> npt.NDArray[np.float32]:
    """The real values of a stored constant, quantised per tensor or along its axis."""
    shape = [1] * data.ndim
    if data.ndim:
        shape[quantization.axis] = -1
    zero_point, scale = quantization.zero_point.reshape(shape), quantization.scale.reshape(shape).astype(np.float64)
    return ((data.astype(np.float64) - zero_point) * scale).astype(np.float32)
