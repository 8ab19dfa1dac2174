"""Constants in half the bytes, where they can bear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize.float16 import store_constants_as_float16
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

SIZE = 2048


@pytest.fixture
def adding(one_operator: Callable[..., Graph]) -> Callable[[np.ndarray[Any, Any]], Graph]:
    return lambda constant: one_operator("ADD", [(1, SIZE), constant], [(1, SIZE)])


def test_a_big_constant_takes_half_the_bytes_and_answers_stay(adding: Callable[..., Graph]) -> None:
    constant = np.random.default_rng(0).normal(0, 1, SIZE).astype(np.float32)
    graph, halved = adding(constant), adding(constant)
    assert store_constants_as_float16(halved)
    assert len(write_tflite(halved)) < len(write_tflite(graph)) - 1.8 * SIZE
    feed = [{"in0": np.zeros((1, SIZE), np.float32)}]
    for kernels in Kernels:
        answer = run_all(write_tflite(halved), feed, kernels)[0][0]
        np.testing.assert_allclose(answer[0], constant, rtol=2**-11, atol=1e-6)


@pytest.mark.parametrize(
    "constant",
    [np.full(SIZE, 1e6, np.float32), np.linspace(1e-9, 2e-9, SIZE, dtype=np.float32), np.ones(16, np.float32)],
    ids=["too large for float16", "too small for float16", "not worth it"],
)
def test_a_constant_that_would_suffer_stays(one_operator: Callable[..., Graph], constant: np.ndarray[Any, Any]) -> None:
    graph = one_operator("ADD", [(1, constant.size), constant], [(1, constant.size)])
    assert not store_constants_as_float16(graph)
    assert [operator.kind for operator in graph.operators] == ["ADD"]
