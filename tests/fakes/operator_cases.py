"""One operator at a time: what it reads, what it gives, and its options."""

from __future__ import annotations

from typing import Any

import numpy as np

IMAGE = (1, 8, 8, 4)
WINDOW = {"stride_h": 1, "stride_w": 1, "padding": "SAME", "fused_activation_function": "NONE"}
STRIDE_2 = {**WINDOW, "stride_h": 2, "stride_w": 2}
POOL = {**STRIDE_2, "filter_height": 2, "filter_width": 2}

Slot = tuple[int, ...] | np.ndarray[Any, Any]
"""The shape of an activation, or a constant."""

Case = tuple[str, list[Any], list[tuple[int, ...]], dict[str, Any]]
"""Kind, input slots, the shapes of the outputs, options."""


def ints(*values: Any) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


def reals(*shape: int, seed: int = 5) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


MARGINS = ints((0, 0), (1, 1), (1, 1), (0, 0))

CASES: list[Case] = [
    ("CONV_2D", [IMAGE, reals(6, 3, 3, 4), reals(6)], [(1, 8, 8, 6)], WINDOW),
    ("CONV_2D", [IMAGE, reals(6, 3, 3, 4), reals(6)], [(1, 4, 4, 6)], STRIDE_2),
    ("CONV_2D", [IMAGE, reals(6, 3, 3, 4), reals(6)], [(1, 6, 6, 6)], {**WINDOW, "padding": "VALID"}),
    ("CONV_2D", [IMAGE, reals(6, 1, 1, 4), reals(6)], [(1, 8, 8, 6)], {**WINDOW, "fused_activation_function": "RELU6"}),
    ("DEPTHWISE_CONV_2D", [IMAGE, reals(1, 3, 3, 8), reals(8)], [(1, 8, 8, 8)], {**WINDOW, "depth_multiplier": 2}),
    ("FULLY_CONNECTED", [(1, 16), reals(5, 16), reals(5)], [(1, 5)], {}),
    ("FULLY_CONNECTED", [(1, 16), reals(5, 16)], [(1, 5)], {}),
    ("TRANSPOSE_CONV", [ints(1, 16, 16, 3), reals(3, 2, 2, 4), IMAGE, reals(3)], [(1, 16, 16, 3)], STRIDE_2),
    ("ADD", [IMAGE, IMAGE], [IMAGE], {}),
    ("ADD", [IMAGE, reals(4)], [IMAGE], {}),
    ("SUB", [IMAGE, IMAGE], [IMAGE], {}),
    ("MUL", [IMAGE, IMAGE], [IMAGE], {}),
    ("MUL", [IMAGE, reals(4)], [IMAGE], {}),
    ("SQUARED_DIFFERENCE", [IMAGE, IMAGE], [IMAGE], {}),
    ("BATCH_MATMUL", [(2, 3, 4), (2, 4, 5)], [(2, 3, 5)], {}),
    ("PRELU", [IMAGE, np.abs(reals(1, 1, 4))], [IMAGE], {}),
    ("MEAN", [IMAGE, ints(1, 2)], [(1, 4)], {"keep_dims": False}),
    ("LEAKY_RELU", [IMAGE], [IMAGE], {"alpha": 0.1}),
    ("HARD_SWISH", [IMAGE], [IMAGE], {}),
    ("GELU", [IMAGE], [IMAGE], {"approximate": False}),
    ("ABS", [IMAGE], [IMAGE], {}),
    ("AVERAGE_POOL_2D", [IMAGE], [(1, 4, 4, 4)], POOL),
    ("MAX_POOL_2D", [IMAGE], [(1, 4, 4, 4)], POOL),
    ("RESHAPE", [IMAGE, ints(1, 256)], [(1, 256)], {"new_shape": (1, 256)}),
    ("SQUEEZE", [(1, 1, 1, 32)], [(1, 32)], {"squeeze_dims": (1, 2)}),
    ("EXPAND_DIMS", [IMAGE, np.array(0, np.int32)], [(1, *IMAGE)], {}),
    ("TRANSPOSE", [IMAGE, ints(0, 3, 1, 2)], [(1, 4, 8, 8)], {}),
    ("PAD", [IMAGE, MARGINS], [(1, 10, 10, 4)], {}),
    ("PADV2", [IMAGE, MARGINS, np.array([0.5], np.float32)], [(1, 10, 10, 4)], {}),
    ("MIRROR_PAD", [IMAGE, 5 * MARGINS], [(1, 18, 18, 4)], {"mode": "REFLECT"}),
    ("RESIZE_BILINEAR", [IMAGE, ints(16, 16)], [(1, 16, 16, 4)], {"half_pixel_centers": True}),
    ("RESIZE_NEAREST_NEIGHBOR", [IMAGE, ints(16, 16)], [(1, 16, 16, 4)], {}),
    ("SLICE", [IMAGE, ints(0, 1, 1, 0), ints(1, 4, 4, 4)], [(1, 4, 4, 4)], {}),
    ("STRIDED_SLICE", [(1, 7, 8, 4), ints(0, 0, 0, 0), ints(1, 7, 8, 4), ints(1, 2, 2, 1)], [(1, 4, 4, 4)], {}),
    ("GATHER", [IMAGE, ints(0, 2)], [(1, 2, 8, 4)], {"axis": 1}),
    ("TILE", [IMAGE, ints(1, 1, 2, 1)], [(1, 8, 16, 4)], {}),
    ("DEPTH_TO_SPACE", [IMAGE], [(1, 16, 16, 1)], {"block_size": 2}),
    ("SPACE_TO_DEPTH", [IMAGE], [(1, 4, 4, 16)], {"block_size": 2}),
    ("SPACE_TO_BATCH_ND", [IMAGE, ints(2, 2), ints((0, 0), (0, 0))], [(4, 4, 4, 4)], {}),
    ("BATCH_TO_SPACE_ND", [(4, 4, 4, 4), ints(2, 2), ints((0, 0), (0, 0))], [(1, 8, 8, 4)], {}),
    ("SPLIT", [np.array(3, np.int32), IMAGE], [(1, 8, 8, 2), (1, 8, 8, 2)], {"num_splits": 2}),
    ("CONCATENATION", [IMAGE, IMAGE], [(1, 8, 8, 8)], {"axis": 3}),
    ("PACK", [IMAGE, IMAGE], [(2, 1, 8, 8, 4)], {"values_count": 2, "axis": 0}),
    ("MAXIMUM", [IMAGE, IMAGE], [IMAGE], {}),
    ("MINIMUM", [IMAGE, np.array([0.2], np.float32)], [IMAGE], {}),
    ("SOFTMAX", [(1, 10)], [(1, 10)], {"beta": 1.0}),
    ("LOGISTIC", [IMAGE], [IMAGE], {}),
    ("TANH", [IMAGE], [IMAGE], {}),
    ("L2_NORMALIZATION", [(1, 16)], [(1, 16)], {}),
    ("LOG_SOFTMAX", [(1, 10)], [(1, 10)], {}),
]
"""Every kind that the quantizer writes, but RSQRT, which takes positive values alone."""
