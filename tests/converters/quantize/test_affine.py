"""int8 arithmetic keeps zero exact and everything in range within half a step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.graph import Quantization
from converters.quantize.affine import Affine, dequantize_constant

reals = st.floats(-1e4, 1e4, width=32)


@given(reals, reals)
def test_zero_is_exact_and_the_range_is_held(one: float, other: float) -> None:
    lowest, highest = min(one, other, 0.0), max(one, other, 0.0)
    affine = Affine.of_range(lowest, highest)
    assert affine.dequantize(affine.quantize(np.zeros(1)))[0] == 0
    # Rounding the zero point moves the range by half a step at most.
    assert affine.range[0] <= lowest + 0.51 * affine.scale
    assert affine.range[1] >= highest - 0.51 * affine.scale


@given(st.lists(st.floats(-8, 8, width=32), min_size=1))
def test_values_in_range_come_back_within_half_a_step(values: list[float]) -> None:
    affine = Affine.of_range(-8, 8)
    back = affine.dequantize(affine.quantize(values))
    assert np.abs(np.clip(values, *affine.range) - back).max() <= affine.scale * 0.5001


def test_a_tensor_that_was_always_zero_gets_a_range_of_one() -> None:
    assert Affine.of_range(0.0, 0.0) == Affine.of_range(0.0, 1.0)


def test_camera_bytes_and_int8_differ_by_the_highest_bit_alone() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    stored = Affine(1 / 255, -128).quantize(pixels / 255)
    np.testing.assert_array_equal(stored, pixels.view(np.int8) ^ -128)


def test_a_constant_per_channel_comes_back_along_its_axis() -> None:
    quantization = Quantization(np.array([0.5, 2.0], np.float32), np.array([0, 1]), axis=1)
    real = dequantize_constant(np.array([[2, 3], [4, 5]], np.int8), quantization)
    np.testing.assert_array_equal(real, [[1, 4], [2, 8]])


def test_int16_is_symmetric_and_256_times_finer() -> None:
    wide, narrow = Affine.symmetric(-1.0, 3.0, 16), Affine.symmetric(-1.0, 3.0, 8)
    assert (wide.zero_point, narrow.zero_point) == (0, 0)
    assert (wide.dtype, narrow.dtype) == (np.dtype("i2"), np.dtype("i1"))
    assert narrow.scale / wide.scale == pytest.approx(32767 / 127)
    values = np.linspace(-1, 3, 101)
    np.testing.assert_allclose(wide.dequantize(wide.quantize(values)), values, atol=wide.scale / 2 * 1.001)


@pytest.mark.parametrize("affine", [Affine.of_range(-1, 3), Affine.symmetric(-1, 3, 8), Affine.symmetric(-1, 3, 16)])
def test_a_wider_range_is_of_the_same_kind(affine: Affine) -> None:
    wider = affine.widened(2.0)
    assert (wider.zero_point, wider.bits) == (affine.zero_point, affine.bits)
    assert wider.scale == pytest.approx(2 * affine.scale)
