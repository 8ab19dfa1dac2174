"""Range rules: what each keeps of what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.quantize.activation import BINS, Observation
from converters.quantize.affine import Affine
from converters.quantize.ranges import RULES, all_but_one_in_ten_thousand, extremes, least_squared_error

if TYPE_CHECKING:
    from converters.quantize.ranges import Rule


def seen(values: np.ndarray[Any, Any]) -> Observation:
    histogram, _ = np.histogram(values, BINS, (values.min(), values.max()))
    return Observation(float(values.min()), float(values.max()), histogram)


def error(values: np.ndarray[Any, Any], rule: Rule) -> float:
    affine = Affine.of_range(*rule(seen(values)))
    return float(np.square(affine.dequantize(affine.quantize(values)) - values).mean())


def test_min_max_keeps_all_that_was_seen() -> None:
    assert extremes(seen(np.array([-3.0, 0.0, 5.0]))) == (-3.0, 5.0)


def test_least_squared_error_clips_a_long_tail_where_that_pays() -> None:
    values = np.random.default_rng(0).laplace(0, 1, 200_000)
    assert error(values, least_squared_error) < 0.8 * error(values, extremes)


@pytest.mark.parametrize("shape", ["uniform", "normal", "relu", "lonely"])
def test_least_squared_error_is_never_worse_than_min_max(shape: str) -> None:
    generator = np.random.default_rng(1)
    values = {
        "uniform": generator.uniform(-2, 7, 50_000),
        "normal": generator.normal(3, 2, 50_000),
        "relu": np.maximum(generator.normal(0, 1, 50_000), 0),
        "lonely": np.array([0.0, 0.0, 4.0]),
    }[shape]
    assert error(values, least_squared_error) <= 1.01 * error(values, extremes)


def test_a_percentile_drops_one_value_in_ten_thousand_at_each_end() -> None:
    values = np.random.default_rng(2).uniform(0, 1, 100_000)
    values[:5] = 50.0
    low, high = all_but_one_in_ten_thousand(seen(values))
    assert low == pytest.approx(0, abs=0.05)
    assert high < 1.1


@pytest.mark.parametrize("name", RULES)
def test_every_rule_takes_a_tensor_that_never_moved(name: str) -> None:
    for value in (0.0, 2.5, -1.0):
        low, high = RULES[name](seen(np.full(10, value)))
        affine = Affine.of_range(low, high)
        assert affine.dequantize(affine.quantize([value]))[0] == pytest.approx(value, abs=abs(value) * 0.01)
