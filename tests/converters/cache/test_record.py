"""A step's result on disk comes back bit by bit, or is known to be damaged."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from converters.cache.record import Record, RecordDamaged, read_record, write_record

NAMES = st.text("abcxyz/|0", min_size=1, max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DTYPES = st.sampled_from(["<f4", "<f8", "<i8", "|i1", "|b1"])
ARRAYS = arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, max_dims=3, max_side=4))


def written(record):
    file = io.BytesIO()
    write_record(file, record)
    return file.getvalue()


@given(PLAIN, st.dictionaries(NAMES, ARRAYS, max_size=3), st.dictionaries(NAMES, st.binary(max_size=64), max_size=3))
def test_a_record_comes_back_as_it_was(plain, arrays, blobs):
    found = read_record(io.BytesIO(written(Record(plain, arrays, blobs))))
    assert (found.plain, found.blobs) == (plain, blobs)
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()


@given(st.data())
def test_any_flipped_bit_is_noticed(data):
    content = bytearray(written(Record({"a": 1.5}, {"x": np.arange(5)}, {"model": b"abc"})))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(RecordDamaged):
        read_record(io.BytesIO(bytes(content)))


@given(st.integers(0, 400))
def test_a_record_that_is_cut_short_is_noticed(length):
    content = written(Record({"a": 1.5}, {}, {"model": bytes(400)}))
    with pytest.raises(RecordDamaged):
        read_record(io.BytesIO(content[:length]))


def test_infinities_survive():
    assert read_record(io.BytesIO(written(Record([float("-inf"), 0.1])))).plain == [float("-inf"), 0.1]
