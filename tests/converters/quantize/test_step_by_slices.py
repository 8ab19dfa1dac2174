"""Slices that skip give the same values by blocks; those that do not fit stay as they are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.execute import Kernels, run_all
from converters.quantize import quantize
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from tests.converters.conftest import draw


def stepped(shape, ranges, *, masked=False):
    """The slice of `ranges`; `masked` says where it begins and ends by the kernel's masks instead."""
    begins, ends, steps = (np.array(values, np.int32) for values in zip(*ranges, strict=True))
    result = tuple(len(range(*slice(*taken).indices(size))) for taken, size in zip(ranges, shape, strict=True))
    full = sum(1 << axis for axis, (begin, end, _) in enumerate(ranges) if begin == 0 and end == shape[axis])
    masks = {"begin_mask": full, "end_mask": full} if masked else {}
    if masked:
        begins, ends = (np.where([full >> axis & 1 for axis in range(len(shape))], 1, v) for v in (begins, ends))
    return draw("STRIDED_SLICE", [shape, *(v.astype(np.int32) for v in (begins, ends, steps))], [result], **masks)


def kinds(graph):
    return {operator.kind for operator in graph.operators}


@given(data=st.data(), masked=st.booleans(), rank=st.integers(1, 4))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_blocks_give_the_same_values(data, masked, rank):
    shape = tuple(data.draw(st.lists(st.integers(1, 7), min_size=rank, max_size=rank)))
    begins = [data.draw(st.integers(0, size - 1)) for size in shape]
    ends = [data.draw(st.integers(begin + 1, size)) for begin, size in zip(begins, shape, strict=True)]
    graph = stepped(
        shape, [(b, e, data.draw(st.integers(1, 3))) for b, e in zip(begins, ends, strict=True)], masked=masked
    )
    feeds = [{"in0": np.random.default_rng(0).standard_normal(shape).astype(np.float32)}]
    wanted, found = (run_all(write_tflite(one), feeds, Kernels.REFERENCE)[0][0] for one in (graph, prepare(graph)))
    np.testing.assert_array_equal(found, wanted)


def test_every_second_row_and_column_is_a_slice_of_blocks_in_int8():
    graph = stepped((1, 8, 6, 4), [(0, 1, 1), (0, 8, 2), (1, 6, 2), (0, 4, 1)])
    assert kinds(prepare(graph)) == {"RESHAPE", "SLICE"}
    samples = [np.random.default_rng(seed).standard_normal((1, 8, 6, 4)).astype(np.float32) for seed in range(9)]
    made = quantize(graph, samples, Recipe(ranges=("min-max",), remedies=()))
    assert set(made.int8_operators) == {"RESHAPE", "SLICE"}
    assert "QUANTIZE" not in kinds(made.graph)


def test_an_odd_row_at_the_end_has_no_block():
    assert kinds(prepare(stepped((1, 7, 4, 4), [(0, 1, 1), (0, 7, 2), (0, 4, 1), (0, 4, 1)]))) == {"STRIDED_SLICE"}


def test_a_slice_that_skips_nothing_stays_one_operator():
    assert kinds(prepare(stepped((1, 8, 4, 4), [(0, 1, 1), (2, 6, 1), (0, 4, 1), (0, 4, 1)]))) == {"STRIDED_SLICE"}
