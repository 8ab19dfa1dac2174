"""Integer arithmetic: real = scale x (stored - zero point), and how a range becomes such a scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Quantization

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Tensor

INT8_BITS, INT16_BITS = 8, 16
"""How wide an activation may be stored."""

WEIGHT_LIMIT = 127
"""Weights are symmetric: -127 to 127, zero point 0 (TensorFlow Lite 8-bit quantization specification)."""

SMALLEST_SPAN = 1e-12
"""A range narrower than this was always zero. Its tiny scale would make XNNPACK abort(); it gets the range 0 to 1."""


@dataclass(frozen=True, slots=True)
class Affine:
    """The parameters of one int8 or int16 tensor.

    scale: real value of one step; a float32 value, above 0.
    zero_point: the stored value of real 0, -128 to 127; 0 for int16.
    bits: 8 or 16.
    """

    scale: float
    zero_point: int
    bits: int = INT8_BITS

    @classmethod
    def of_range(cls, lowest: float, highest: float) -> Affine:
        """The finest int8 parameters under which real 0 is exact and the range (widened to hold 0) fits."""
        lowest, highest = _with_zero(lowest, highest)
        scale = float(np.float32((highest - lowest) / 255))
        return cls(scale, int(np.clip(round(-128 - lowest / scale), -128, 127)))

    @classmethod
    def symmetric(cls, lowest: float, highest: float, bits: int) -> Affine:
        """The finest parameters with zero point 0 under which the range fits, the lowest stored value left unused."""
        lowest, highest = _with_zero(lowest, highest)
        return cls(float(np.float32(max(-lowest, highest) / (2 ** (bits - 1) - 1))), 0, bits)

    @classmethod
    def of(cls, quantization: Quantization) -> Affine:
        """The same parameters as an int8 tensor holds them (per tensor)."""
        return cls(float(quantization.scale[0]), int(quantization.zero_point[0]))

    @classmethod
    def of_tensor(cls, tensor: Tensor) -> Affine | None:
        """The parameters of an integer activation, None for a float or an index tensor."""
        if tensor.quantization is None:
            return None
        return replace(cls.of(tensor.quantization), bits=tensor.dtype.itemsize * 8)

    @property
    def dtype(self) -> np.dtype[Any]:
        """int8 or int16."""
        return np.dtype(f"i{self.bits // 8}")

    @property
    def range(self) -> tuple[float, float]:
        """The real values that the lowest and the highest stored value stand for."""
        lowest, highest = self._stored
        return (lowest - self.zero_point) * self.scale, (highest - self.zero_point) * self.scale

    def widened(self, stretch: float) -> Affine:
        """Parameters of the same kind for a range `stretch` times as wide."""
        lowest, highest = self.range
        if self.bits == INT8_BITS and self.zero_point:
            return Affine.of_range(lowest * stretch, highest * stretch)
        return replace(self, scale=float(np.float32(self.scale * stretch)))

    def quantization(self) -> Quantization:
        """The same parameters in the form that a graph's tensor holds."""
        return Quantization(np.array([self.scale], np.float32), np.array([self.zero_point], np.int64))

    def quantize(self, real: npt.ArrayLike) -> npt.NDArray[Any]:
        """Real values (any shape) as `dtype`, rounded to the nearest step and clipped to what it holds."""
        steps = np.rint(np.asarray(real, np.float64) / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, *self._stored), self.dtype)

    def dequantize(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Stored values (any shape) as the real values they stand for."""
        return ((stored.astype(np.float64) - self.zero_point) * self.scale).astype(np.float32)

    @property
    def _stored(self) -> tuple[int, int]:
        half = 1 << (self.bits - 1)
        return -half, half - 1


def _with_zero(lowest: float, highest: float) -> tuple[float, float]:
    lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    return (0.0, 1.0) if highest - lowest < SMALLEST_SPAN else (lowest, highest)


def dequantize_constant(data: npt.NDArray[Any], quantization: Quantization) -> npt.NDArray[np.float32]:
    """The real values of a stored constant, quantised per tensor or along its axis."""
    shape = [1] * data.ndim
    if data.ndim:
        shape[quantization.axis] = -1
    zero_point, scale = quantization.zero_point.reshape(shape), quantization.scale.reshape(shape).astype(np.float64)
    return ((data.astype(np.float64) - zero_point) * scale).astype(np.float32)
