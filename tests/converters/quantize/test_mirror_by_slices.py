"""A narrow mirrored border is the same by slices; a wide one stays one operator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.execute import Kernels, run_all
from converters.quantize import quantize
from converters.quantize.mirror_by_slices import MOST_ROWS
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from tests.converters.conftest import draw

SHAPE = (1, 7, 6, 3)


def mirrored(margins, mode="REFLECT"):
    shape = tuple(size + sum(margin) for size, margin in zip(SHAPE, margins, strict=True))
    return draw("MIRROR_PAD", [SHAPE, np.array(margins, np.int32)], [shape], mode=mode)


rows = st.tuples(st.integers(0, MOST_ROWS), st.integers(0, MOST_ROWS))


@given(
    high=rows,
    wide=rows,
    deep=st.tuples(st.integers(0, 2), st.integers(0, 1)),
    mode=st.sampled_from(["REFLECT", "SYMMETRIC"]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_slices_give_the_same_values(high, wide, deep, mode):
    graph = mirrored([(0, 0), high, wide, deep], mode)
    feeds = [{"in0": np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)}]
    prepared = prepare(graph)
    assert ("MIRROR_PAD" in {operator.kind for operator in prepared.operators}) == (not any([*high, *wide, *deep]))
    wanted, found = (run_all(write_tflite(one), feeds, Kernels.REFERENCE)[0][0] for one in (graph, prepared))
    np.testing.assert_array_equal(found, wanted)


def test_a_wide_border_stays_one_operator():
    prepared = prepare(mirrored([(0, 0), (MOST_ROWS + 1, 0), (0, 0), (0, 0)]))
    assert [operator.kind for operator in prepared.operators] == ["MIRROR_PAD"]


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_slices_are_int8_and_keep_one_scale(mode):
    graph = mirrored([(0, 0), (1, 1), (1, 1), (0, 0)], mode)
    samples = [np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32) for seed in range(9)]
    made = quantize(graph, samples, Recipe(ranges=("min-max",), remedies=()))
    assert made.int8_operators == {"CONCATENATION": 2, "SLICE": 4}
    assert [operator.kind for operator in made.graph.operators].count("QUANTIZE") == 0
