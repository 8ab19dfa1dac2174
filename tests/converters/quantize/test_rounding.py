"""Rounding by second moments costs less than rounding to the nearest, and is that where inputs are independent."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.quantize.rounding import BLOCK, carried_over, round_by_second_moments

Array = np.ndarray[Any, Any]


def drawn(seed: int, groups: int, outputs: int, inputs: int, shared: float) -> tuple[Array, Array, Array]:
    """Weights, steps, and moments of inputs that have a part in common."""
    random = np.random.default_rng(seed)
    weights = random.normal(0, 1, (groups, outputs, inputs))
    steps = np.abs(weights).max(axis=2) / 7
    samples = random.normal(0, 1, (groups, 4 * inputs, inputs)) + shared * random.normal(0, 1, (groups, 4 * inputs, 1))
    return weights, steps, samples.swapaxes(1, 2) @ samples / samples.shape[1]


def cost(weights: Array, stored: Array, steps: Array, moments: Array) -> float:
    error = stored * steps[:, :, None] - weights
    return float(np.einsum("goi,gij,goj->", error, moments, error))


def nearest(weights: Array, steps: Array) -> Array:
    return np.clip(np.rint(weights / steps[:, :, None]), -7, 7)


@given(st.integers(0, 1000), st.integers(1, 3), st.integers(1, 4), st.sampled_from([2, 9, BLOCK, BLOCK + 5]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_it_costs_no_more_than_the_nearest(seed: int, groups: int, outputs: int, inputs: int) -> None:
    weights, steps, moments = drawn(seed, groups, outputs, inputs, shared=3.0)
    stored = round_by_second_moments(weights, steps, moments, 7)
    assert np.abs(stored).max() <= 7
    assert cost(weights, stored, steps, moments) <= 1.05 * cost(weights, nearest(weights, steps), steps, moments)


def test_inputs_with_much_in_common_make_it_far_better() -> None:
    weights, steps, moments = drawn(3, 1, 16, 72, shared=5.0)
    stored = round_by_second_moments(weights, steps, moments, 7)
    assert cost(weights, stored, steps, moments) < 0.3 * cost(weights, nearest(weights, steps), steps, moments)


def test_independent_inputs_are_rounded_to_the_nearest() -> None:
    weights, steps, _ = drawn(4, 2, 3, 9, shared=0.0)
    stored = round_by_second_moments(weights, steps, np.stack([np.eye(9)] * 2), 7)
    np.testing.assert_array_equal(stored, nearest(weights, steps))


def test_inputs_that_were_always_zero_do_no_harm() -> None:
    weights, steps, moments = drawn(5, 1, 3, 9, shared=1.0)
    moments[:, 4:] = moments[:, :, 4:] = 0.0
    np.testing.assert_array_equal(
        round_by_second_moments(weights, steps, np.zeros_like(moments), 7), nearest(weights, steps)
    )
    assert np.abs(round_by_second_moments(weights, steps, moments, 7)).max() <= 7


def test_weights_move_only_where_the_inputs_differ() -> None:
    weights, _, moments = drawn(6, 1, 3, 9, shared=1.0)
    np.testing.assert_allclose(carried_over(weights, moments, np.zeros_like(moments), 1.0), weights, rtol=1e-6)
    assert np.abs(carried_over(weights, moments, 0.1 * moments, 1.0) - weights).max() > 1e-3
