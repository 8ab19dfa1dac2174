"""Weights and patches fall into groups whose products are the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize.grouping import MOST_INPUTS, Grouping
from converters.quantize.window import Window
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

PLAIN = {"stride_h": 1, "stride_w": 1, "padding": "SAME", "fused_activation_function": "NONE"}
TWO = {**PLAIN, "stride_h": 2, "stride_w": 2}

# kind, input, weights, output, options
CASES: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "plain": ("CONV_2D", (1, 7, 6, 4), (5, 3, 3, 4), (1, 7, 6, 5), PLAIN),
    "strided": ("CONV_2D", (1, 7, 6, 4), (5, 3, 2, 4), (1, 4, 3, 5), TWO),
    "grouped": ("CONV_2D", (1, 7, 6, 4), (6, 3, 3, 2), (1, 7, 6, 6), PLAIN),
    "wide": ("CONV_2D", (1, 3, 3, 512), (2, 3, 3, 512), (1, 3, 3, 2), PLAIN),
    "depthwise": ("DEPTHWISE_CONV_2D", (1, 7, 6, 4), (1, 3, 3, 8), (1, 7, 6, 8), {**PLAIN, "depth_multiplier": 2}),
    "transposed": ("TRANSPOSE_CONV", (1, 4, 3, 4), (5, 3, 3, 4), (1, 8, 6, 5), TWO),
}


@pytest.mark.parametrize("name", CASES)
def test_products_of_groups_are_what_the_kernel_computes(one_operator: Callable[..., Graph], name: str) -> None:
    kind, image, shape, result, options = CASES[name]
    random = np.random.default_rng(1)
    weights, values = (random.normal(0, 1, size).astype(np.float32) for size in (shape, image))
    slots: list[Any] = [image, weights, np.zeros(result[-1], np.float32)]
    if kind == "TRANSPOSE_CONV":
        slots = [np.array(result, np.int32), weights, image, slots[2]]
    graph = one_operator(kind, slots, [result], **options)
    expected = run_all(write_tflite(graph), [{graph.inputs[0]: values}], Kernels.REFERENCE)[0][0]
    window = Window.of(graph.operators[0], image, (shape[1], shape[2]), result)
    grouping = Grouping.of(graph.operators[0], shape, image[-1])
    patches = grouping.patches(window.patches(values[0], np.arange(window.places)))
    products = patches @ grouping.weights(weights).swapaxes(1, 2)
    # Parts of one group add up; groups stand side by side.
    found = products.reshape(-1, grouping.parts, *products.shape[1:]).sum(axis=1).transpose(1, 0, 2)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-3)
    assert patches.shape[2] <= MOST_INPUTS


@pytest.mark.parametrize("name", CASES)
def test_weights_come_back_as_they_were(one_operator: Callable[..., Graph], name: str) -> None:
    kind, image, shape, result, options = CASES[name]
    weights = np.arange(np.prod(shape)).reshape(shape)
    grouping = Grouping.of(one_operator(kind, [image], [result], **options).operators[0], shape, image[-1])
    np.testing.assert_array_equal(grouping.restored(grouping.weights(weights), shape), weights)
