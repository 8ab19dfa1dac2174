"""Counting values whose range nobody knows beforehand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from converters.quantize.histogram import MOST_BINS, GrowingHistogram

VALUES = st.lists(st.floats(-(2.0**96), 2.0**96, width=32, allow_subnormal=False), min_size=1, max_size=40)


def counted(*parts):
    histogram = GrowingHistogram()
    for part in parts:
        histogram.add(np.asarray(part, np.float32))
    return histogram


def counts_of(histogram, values, bins=64):
    return histogram.counts(bins, min(values), max(values)).tolist()


@given(st.lists(VALUES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_and_the_division_of_values_change_no_count(parts, order):
    together = [value for part in parts for value in part]
    whole = counts_of(counted(together), together)
    shuffled = list(parts)
    order.shuffle(shuffled)
    assert counts_of(counted(*shuffled), together) == whole
    merged = GrowingHistogram()
    for part in shuffled:
        merged.merge(counted(part))
    assert counts_of(merged, together) == whole


@given(VALUES)
def test_every_value_is_counted_once(values):
    assert sum(counts_of(counted(values), values)) == len(values)


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_memory_does_not_grow_with_the_range(parts):
    assert counted(*parts)._counts.size <= MOST_BINS + 1


def test_counts_lie_within_one_kept_bin_of_the_true_ones():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 10.0**power, 2000) for power in range(-3, 2)]).astype(np.float32)
    found = counted(*np.split(values, 10)).counts(256, float(values.min()), float(values.max()))
    edges = np.linspace(values.min(), values.max(), 257)
    width = (edges[-1] - edges[0]) / (MOST_BINS / 2)
    for edge, below in zip(edges[1:], np.cumsum(found), strict=True):
        assert np.sum(values < edge - width) <= below <= np.sum(values <= edge + width)


def test_equal_values_fall_into_the_first_bin():
    assert counted([3.0, 3.0], [3.0]).counts(4, 3.0, 3.0).tolist() == [3, 0, 0, 0]


def test_nothing_counted_gives_zeros():
    assert counted([]).counts(3, 0.0, 0.0).tolist() == [0, 0, 0]
