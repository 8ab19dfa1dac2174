"""Resizing answers as in ONNX Runtime in every mode; TFLite's own operator does it where it can."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.converters.lower.onnx_models import agrees, one

MODES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"]


def sizes(*values):
    return np.array(values, np.int64)


@given(
    size=st.tuples(st.integers(2, 7), st.integers(2, 7)),
    wanted=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    mode=st.sampled_from(["nearest", "linear", "cubic"]),
    transformation=st.sampled_from(MODES),
    rounding=st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_to_a_size(size, wanted, mode, transformation, rounding):
    attributes = {"mode": mode, "coordinate_transformation_mode": transformation, "nearest_mode": rounding}
    agrees(one("Resize", (1, 2, *size), None, None, sizes(1, 2, *wanted), opset=19, **attributes))


@pytest.mark.parametrize("scale", [0.5, 1.5, 2.0, 2.6])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_by_a_scale(mode, scale):
    scales = np.array([1, 1, scale, 2], np.float32)
    agrees(one("Resize", (1, 2, 5, 6), None, scales, mode=mode, coordinate_transformation_mode="asymmetric"))


@pytest.mark.parametrize("opset", [7, 9, 10])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_old_spellings(mode, opset):
    scales = np.array([1, 1, 2, 3], np.float32)
    if opset == 7:
        agrees(one("Upsample", (1, 2, 4, 5), opset=7, mode=mode, scales=scales.tolist()))
    else:
        agrees(one("Upsample" if opset == 9 else "Resize", (1, 2, 4, 5), scales, opset=opset, mode=mode))


@pytest.mark.parametrize(
    ("mode", "transformation", "kind"),
    [
        ("nearest", "half_pixel", "RESIZE_NEAREST_NEIGHBOR"),
        ("nearest", "asymmetric", "RESIZE_NEAREST_NEIGHBOR"),
        ("linear", "half_pixel", "RESIZE_BILINEAR"),
        ("linear", "align_corners", "RESIZE_BILINEAR"),
        ("linear", "asymmetric", "RESIZE_BILINEAR"),
    ],
)
def test_the_usual_doublings_are_one_operator(mode, transformation, kind):
    attributes = {"mode": mode, "coordinate_transformation_mode": transformation}
    model = one("Resize", (1, 2, 5, 6), None, np.array([1, 1, 2, 2], np.float32), **attributes)
    assert agrees(model).kinds() == [kind]


def test_of_a_sequence():
    agrees(one("Resize", (1, 3, 6), None, np.array([1, 1, 2], np.float32), mode="linear"))
