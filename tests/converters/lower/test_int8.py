"""Each operator in int8 answers as in float, to within its rounding, with both kernel sets."""

from contextlib import closing
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.isolation.trial import TrialChild
from converters.lower.int8_form import STAYS_FLOAT, int8_form, tflite_kinds
from converters.lower.rules import RULES
from converters.quantize import quantize
from converters.quantize.operator_rules import RULES as INT8_RULES
from converters.quantize.recipe import Recipe
from edge_contracts.errors import BadInputError
from tests.converters.lower.int8_steps import deviations
from tests.converters.lower.onnx_models import lowered, one
from tests.converters.lower.test_older_runtime import CASES, PICTURE, POSITIVE
from tests.converters.lower.test_random_networks import drawing

MOST_STEPS = {
    "copies": 0.01,
    "rounds": 1.01,
    "curves": 1.51,
}
"""In steps of the output's scale, by what the operator does.

copies: bytes are moved or compared, nothing is rounded (float32 in the comparison leaves a thousandth).
rounds: a sum of products, a mean or a table is exact in integers and rounded once: half a step, and half a step more
    where the multiplier's 31 bits or XNNPACK's float rounding fall on the other side.
curves: the operator's own intermediate results are rounded, too (exponentials of a softmax in fixed point).
"""

CURVES = frozenset({"SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION", "HARD_SWISH", "RSQRT", "GELU"})
COPIES = frozenset(
    {"RESHAPE", "TRANSPOSE", "PAD", "PADV2", "MIRROR_PAD", "SLICE", "STRIDED_SLICE", "GATHER", "TILE", "SPLIT", "PACK"}
    | {"CONCATENATION", "MAXIMUM", "MINIMUM", "MAX_POOL_2D", "RESIZE_NEAREST_NEIGHBOR", "DEPTH_TO_SPACE"}
    | {"SPACE_TO_DEPTH", "SQUEEZE", "EXPAND_DIMS", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"}
)
DIVISORS = frozenset({"ADD", "MAXIMUM"})
"""What else stays float where something is divided by it, or a logarithm taken of it."""

SAMPLES = 6


def bound(kind):
    return MOST_STEPS["copies" if kind in COPIES else "curves" if kind in CURVES else "rounds"]


@pytest.fixture(scope="module", autouse=True)
def one_child():
    """The candidates of this file are tried in one process, which saves half a second each."""
    with closing(TrialChild()) as child:
        lasting = mock.Mock(spec=TrialChild, wraps=child)
        lasting.close = mock.Mock()
        with mock.patch("converters.quantize.quantizer.TrialChild", return_value=lasting):
            yield


def quantized(content, *, low=None, recipe=None):
    """The int8 graph of an ONNX model, calibrated on the very inputs that judge it, and these inputs."""
    model = lowered(content)
    name = model.graph.inputs[0]
    rng = np.random.default_rng(1)
    shape = model.graph.tensors[name].shape
    draw = rng.standard_normal if low is None else lambda size: rng.uniform(low, low + 2, size)
    samples = [np.asarray(draw(shape), np.float32) for _ in range(SAMPLES)]
    made = quantize(model.graph, samples, recipe or Recipe(ranges=("min-max",), remedies=(), float_islands=False))
    return made, samples


def has_int8(content):
    return any(kind in INT8_RULES for kind in lowered(content).kinds())


def _has_pole(graph):
    return bool({"DIV", "LOG"} & {operator.kind for operator in graph.operators})


def off(made, samples):
    """The operators that are off by more than their bound."""
    graph = made.graph
    tensor = graph.tensors[graph.inputs[0]]
    feed = samples[0]
    if tensor.quantization is not None:
        scaled = np.rint(feed / tensor.quantization.scale[0]) + tensor.quantization.zero_point[0]
        feed = np.clip(scaled, -128, 127).astype(np.int8)
    found = list(deviations(graph, {graph.inputs[0]: feed}))
    return [deviation for deviation in found if not deviation.steps <= bound(deviation.kind)], found


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in CASES} | set(POSITIVE)))
def test_an_operator_in_int8_is_off_by_its_rounding_alone(kind):
    models = [content for name, content in CASES if name == kind]
    for content in models or [one(kind, PICTURE)]:
        if not has_int8(content):
            assert int8_form(kind) != "int8"
            with pytest.raises(BadInputError, match="wanted an operator with an int8 form"):
                quantized(content)
            continue
        made, samples = quantized(content, low=None if models else 0.1)
        bad, _ = off(made, samples)
        assert bad == []
        assert set(made.float_operators) <= set(STAYS_FLOAT) | (DIVISORS if _has_pole(made.graph) else set())
        assert set(made.int8_operators) <= set(INT8_RULES)


@pytest.mark.parametrize("seed", range(100, 116))
def test_every_operator_of_a_random_network_is_off_by_its_rounding_alone(seed):
    made, samples = quantized(drawing(seed).content())
    bad, found = off(made, samples)
    assert bad == []
    assert found


@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    pads=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    dilations=st.sampled_from([(1, 1), (1, 1), (2, 1)]),
    channels=st.sampled_from([(1, 3, 4), (4, 1, 1), (2, 2, 3)]),
    per_channel=st.booleans(),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_convolution_of_any_window_is_off_by_its_rounding_alone(
    size, kernel, strides, pads, dilations, channels, per_channel
):
    groups, taken, given_out = channels
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    size = tuple(max(s, r) for s, r in zip(size, reach, strict=True))
    weights = np.random.default_rng(3).standard_normal((groups * given_out, taken, *kernel)).astype(np.float32)
    attributes = {"strides": strides, "pads": pads, "dilations": dilations, "group": groups}
    recipe = Recipe(
        ranges=("min-max",), remedies=(), float_islands=False, **({} if per_channel else {"per_channel": ()})
    )
    made, samples = quantized(one("Conv", (1, groups * taken, *size), weights, **attributes), recipe=recipe)
    bad, found = off(made, samples)
    assert bad == []
    assert found


def test_every_operator_of_the_table_has_an_int8_form_or_a_reason():
    for kind in RULES:
        assert int8_form(kind)
    used = {name for kind in RULES for name in tflite_kinds(kind)}
    assert {name for name in used if name not in INT8_RULES} == set(STAYS_FLOAT)
