"""Weights and biases in integers, dead channels included."""

from __future__ import annotations

import numpy as np
import pytest

from converters.quantize.affine import Affine
from converters.quantize.weights import channels_differ, quantize_bias, quantize_weights


def weights(axis: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    drawn = np.random.default_rng(0).normal(0, 1, (6, 3, 3, 4)).astype(np.float32)
    return np.moveaxis(drawn, 0, axis)


@pytest.mark.parametrize("axis", [0, 3])
def test_each_channel_uses_the_whole_range(axis: int) -> None:
    made = quantize_weights(weights(axis), np.zeros(6, np.float32), 1.0, axis, per_channel=True)
    largest = np.abs(np.moveaxis(made.stored, axis, 0).reshape(6, -1).astype(int)).max(axis=1)
    np.testing.assert_array_equal(largest, 127)
    assert made.quantization.axis == axis
    assert np.abs(made.real - weights(axis)).max() <= made.quantization.scale.max() / 2 * 1.0001


def test_per_tensor_gives_one_scale() -> None:
    made = quantize_weights(weights(0), np.zeros(6, np.float32), 1.0, 0, per_channel=False)
    assert made.quantization.scale.shape == (1,)
    assert np.abs(made.stored.astype(int)).max() == 127


def test_a_dead_channel_keeps_its_bias() -> None:
    dead = weights(0).copy()
    dead[2] = 1e-12
    bias = np.array([0, 0, 5.0, 0, 0, 0], np.float32)
    made = quantize_weights(dead, bias, 0.01, 0, per_channel=True)
    stored, quantization = quantize_bias(bias, Affine(0.01, 0), made.quantization)
    assert stored[2] * quantization.scale[2] == pytest.approx(5.0, rel=1e-6)


def test_weights_that_are_all_zero_get_a_scale_that_runtimes_bear() -> None:
    made = quantize_weights(np.zeros((2, 4), np.float32), np.zeros(2, np.float32), 1.0, 0, per_channel=True)
    assert (made.quantization.scale > 1e-9).all()
    assert not made.stored.any()


def test_a_bias_is_exact_to_half_a_step_of_the_accumulator() -> None:
    bias = np.random.default_rng(1).normal(0, 3, 6).astype(np.float32)
    made = quantize_weights(weights(0), bias, 0.02, 0, per_channel=True)
    stored, quantization = quantize_bias(bias, Affine(0.02, 0), made.quantization)
    assert stored.dtype == np.int32
    assert (np.abs(stored * quantization.scale.astype(np.float64) - bias) <= quantization.scale * 0.51).all()


def test_channels_that_differ_by_a_bit_on_average_are_worth_a_scale_each() -> None:
    alike = weights(0)
    assert not channels_differ(alike, 0)
    one_loud = alike * np.array([1, 1, 1, 1, 1, 5], np.float32).reshape(6, 1, 1, 1)
    assert channels_differ(one_loud, 0)
    assert not channels_differ(one_loud, 3)
    assert not channels_differ(np.ones((1, 16), np.float32), 0)


def test_channels_that_are_all_zero_do_not_differ() -> None:
    assert not channels_differ(np.zeros((2, 4), np.float32), 0)
