"""The shift that is taken out of a bias is the shift that the runtime's own kernels show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize.bias_correction import mean_output, mean_patch
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

IMAGE = (1, 9, 7, 4)
PLAIN = {"stride_h": 1, "stride_w": 1, "padding": "SAME"}

CASES = {
    "same": ("CONV_2D", IMAGE, (6, 3, 3, 4), (1, 9, 7, 6), PLAIN),
    "strided": ("CONV_2D", IMAGE, (6, 3, 3, 4), (1, 5, 4, 6), {**PLAIN, "stride_h": 2, "stride_w": 2}),
    "valid": ("CONV_2D", IMAGE, (6, 3, 5, 4), (1, 7, 3, 6), {**PLAIN, "padding": "VALID"}),
    "dilated": (
        "CONV_2D",
        IMAGE,
        (6, 3, 3, 4),
        (1, 9, 7, 6),
        {**PLAIN, "dilation_h_factor": 2, "dilation_w_factor": 2},
    ),
    "grouped": ("CONV_2D", IMAGE, (6, 3, 3, 2), (1, 9, 7, 6), PLAIN),
    "depthwise": ("DEPTHWISE_CONV_2D", IMAGE, (1, 3, 3, 8), (1, 9, 7, 8), {**PLAIN, "depth_multiplier": 2}),
    "transposed": ("TRANSPOSE_CONV", IMAGE, (6, 3, 3, 4), (1, 18, 14, 6), {**PLAIN, "stride_h": 2, "stride_w": 2}),
    "transposed wide": (
        "TRANSPOSE_CONV",
        IMAGE,
        (6, 2, 4, 4),
        (1, 18, 30, 6),
        {**PLAIN, "padding": "VALID", "stride_h": 2, "stride_w": 4},
    ),
    "dense": ("FULLY_CONNECTED", (3, 16), (5, 16), (3, 5), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_shift_is_what_the_kernel_shows(one_operator: Callable[..., Graph], name: str) -> None:
    kind, image, shape, output, options = CASES[name]
    generator = np.random.default_rng(4)
    inputs = [generator.normal(1, 1, image).astype(np.float32) for _ in range(5)]
    true = generator.normal(0, 1, shape).astype(np.float32)
    rounded = np.round(true * 4) / np.float32(4)
    before, after = (_means(one_operator, kind, values, output, options, inputs) for values in (true, rounded))
    operator = one_operator(kind, [image], [output], **options).operators[0]
    patch = mean_patch(operator, np.mean(inputs, axis=0, dtype=np.float64), shape, output)
    shift = mean_output(operator, patch, rounded - true)
    np.testing.assert_allclose(shift, after - before, atol=1e-4)


def _means(
    one_operator: Callable[..., Graph],
    kind: str,
    weights: np.ndarray[Any, Any],
    output: tuple[int, ...],
    options: dict[str, Any],
    inputs: list[np.ndarray[Any, Any]],
) -> np.ndarray[Any, Any]:
    bias = np.zeros(output[-1], np.float32)
    slots = [inputs[0].shape, weights, bias]
    if kind == "TRANSPOSE_CONV":
        slots = [np.array(output, np.int32), weights, inputs[0].shape, bias]
    graph = one_operator(kind, slots, [output], **options)
    answers = run_all(write_tflite(graph), [{graph.inputs[0]: one} for one in inputs], Kernels.REFERENCE)
    return np.mean([answer[0].reshape(-1, output[-1]).mean(axis=0, dtype=np.float64) for answer in answers], axis=0)
