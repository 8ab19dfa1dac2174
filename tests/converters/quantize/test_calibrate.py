"""What calibration sees of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.quantize.activation import Activation
from converters.quantize.calibrate import observe
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

SHAPE = (1, 4, 4, 3)


def test_extremes_mean_and_histogram_are_those_of_the_values(one_operator: Callable[..., Graph]) -> None:
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    values = np.random.default_rng(0).normal(0, 1, (20, *SHAPE)).astype(np.float32)
    seen = observe(graph, [{"in0": value} for value in values])
    assert (seen["in0"].lowest, seen["in0"].highest) == (values.min(), values.max())
    assert seen["out0"].lowest == np.abs(values).min()
    np.testing.assert_allclose(seen["in0"].mean, values.mean(axis=0), atol=1e-6)
    assert seen["out0"].histogram.sum() == values.size
    assert list(seen) == ["in0", "out0"]


def test_the_padding_of_a_maximum_is_not_signal(one_operator: Callable[..., Graph]) -> None:
    margins = np.array([(0, 0), (1, 1), (1, 1), (0, 0)], np.int32)
    graph = one_operator("PADV2", [SHAPE, margins, np.array([-3e38], np.float32)], [(1, 6, 6, 3)])
    seen = observe(graph, [{"in0": np.full(SHAPE, 2, np.float32)}])
    assert (seen["out0"].lowest, seen["out0"].highest) == (2, 2)


def test_a_model_that_gives_nan_is_refused_with_the_tensor(one_operator: Callable[..., Graph]) -> None:
    graph = one_operator("SQRT", [SHAPE], [SHAPE])
    with pytest.raises(BadInputError, match="NaN or infinity in 'out0' for sample 1"):
        observe(graph, [{"in0": np.ones(SHAPE, np.float32)}, {"in0": -np.ones(SHAPE, np.float32)}])


def test_progress_rises_to_one(one_operator: Callable[..., Graph]) -> None:
    told: list[float] = []
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    observe(graph, [{"in0": np.ones(SHAPE, np.float32)}] * 3, told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_samples_give_the_same_observations_whichever_thread_is_faster(one_operator) -> None:
    graph = one_operator("ABS", [SHAPE], [SHAPE])
    feeds = [{"in0": value} for value in np.random.default_rng(0).normal(0, 1, (9, *SHAPE)).astype(np.float32)]
    first = observe(graph, feeds)
    for _ in range(5):
        again = observe(graph, feeds)
        for name, seen in first.items():
            assert (again[name].lowest, again[name].highest) == (seen.lowest, seen.highest)
            assert again[name].histogram.tobytes() == seen.histogram.tobytes()
            assert again[name].mean.tobytes() == seen.mean.tobytes()


@pytest.mark.parametrize("channels", [2, 4, 16])
def test_the_values_that_are_counted_are_of_every_channel(channels: int) -> None:
    seen = Activation("picture", samples=1000)
    seen.add(0, np.broadcast_to(np.arange(channels, dtype=np.float32), (1, 64, 64, channels)))
    assert np.count_nonzero(seen.observation().histogram) >= channels
