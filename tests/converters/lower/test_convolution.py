"""Every convolution answers as in ONNX Runtime: sizes, strides, pads, dilations, groups."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.converters.lower.onnx_models import agrees, one

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def weights(*shape):
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


@given(
    size=st.tuples(st.integers(5, 13), st.integers(5, 13)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    dilations=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    channels=st.sampled_from([(1, 3, 4), (1, 2, 3), (2, 2, 3), (4, 1, 1), (4, 1, 2), (3, 2, 1)]),
    has_bias=st.booleans(),
)
@EXAMPLES
def test_conv(size, kernel, strides, pads, dilations, channels, has_bias):
    groups, taken, given_out = channels
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    assume(all(r <= s for r, s in zip(reach, size, strict=True)))
    bias = weights(groups * given_out) if has_bias else None
    model = one(
        "Conv", (1, groups * taken, *size), weights(groups * given_out, taken, *kernel), bias,
        strides=strides, pads=pads, dilations=dilations, group=groups,
    )  # fmt: skip
    agrees(model)


@pytest.mark.parametrize("automatic", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(("size", "stride", "kernel"), [(8, 2, 3), (9, 2, 3), (7, 3, 2), (8, 1, 4)])
def test_conv_with_automatic_pads(automatic, size, stride, kernel):
    agrees(one("Conv", (1, 2, size, size), weights(3, 2, kernel, kernel), auto_pad=automatic, strides=(stride, stride)))


@given(
    length=st.integers(6, 20),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    pads=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.integers(1, 2),
    channels=st.sampled_from([(1, 3, 4), (4, 1, 1), (2, 2, 2)]),
)
@EXAMPLES
def test_conv_of_a_sequence(length, kernel, stride, pads, dilation, channels):
    groups, taken, given_out = channels
    assume((kernel - 1) * dilation + 1 <= length)
    tensor = weights(groups * given_out, taken, kernel)
    attributes = {"strides": [stride], "pads": pads, "dilations": [dilation], "group": groups}
    agrees(one("Conv", (2, groups * taken, length), tensor, weights(groups * given_out), **attributes))


@given(
    size=st.tuples(st.integers(2, 7), st.integers(2, 7)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    extra=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilations=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    channels=st.sampled_from([(1, 3, 4), (2, 2, 3), (3, 1, 1)]),
)
@EXAMPLES
def test_conv_transpose(size, kernel, strides, pads, extra, dilations, channels):
    groups, taken, given_out = channels
    extra = tuple(min(e, s - 1) for e, s in zip(extra, strides, strict=True))
    whole = [(s - 1) * t + (k - 1) * d + 1 for s, t, k, d in zip(size, strides, kernel, dilations, strict=True)]
    assume(all(whole[axis] + extra[axis] - pads[axis] - pads[axis + 2] > 0 for axis in (0, 1)))
    tensor = weights(groups * taken, given_out, *kernel)
    attributes = {"strides": strides, "pads": pads, "output_padding": extra, "dilations": dilations, "group": groups}
    agrees(one("ConvTranspose", (1, groups * taken, *size), tensor, weights(groups * given_out), **attributes))


@pytest.mark.parametrize("automatic", ["SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv_transpose_with_automatic_pads(automatic, stride):
    agrees(one("ConvTranspose", (1, 2, 5, 6), weights(2, 3, 4, 3), auto_pad=automatic, strides=(stride, stride)))


def test_the_usual_upsampling_needs_no_crop():
    made = agrees(one("ConvTranspose", (1, 4, 5, 5), weights(4, 2, 2, 2), strides=(2, 2)))
    assert made.kinds() == ["TRANSPOSE_CONV"]


def test_the_usual_convolution_pads_by_itself():
    made = agrees(one("Conv", (1, 4, 8, 8), weights(2, 4, 3, 3), pads=(1, 1, 1, 1)))
    assert made.kinds() == ["CONV_2D"]
    assert made.graph.operators[0].options["padding"] == "SAME"
