"""What is sent is what is received; what is no message is an end."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn

from converters.isolation.array_stream import Message, receive, send

ARRAYS = drawn.arrays(
    st.sampled_from(["<f4", "|i1", "<i8", "|b1"]), drawn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
)


def sent(*messages):
    stream = io.BytesIO()
    for message in messages:
        send(stream, message)
    return stream.getvalue()


@given(st.lists(st.tuples(st.binary(max_size=9), st.dictionaries(st.text(max_size=3), ARRAYS, max_size=3)), max_size=3))
def test_messages_come_one_after_the_other_as_they_were(contents):
    messages = [Message({"place": place}, blob, arrays) for place, (blob, arrays) in enumerate(contents)]
    stream = io.BytesIO(sent(*messages))
    for message in messages:
        found = receive(stream)
        assert (found.plain, found.blob, list(found.arrays)) == (message.plain, message.blob, list(message.arrays))
        for name, array in message.arrays.items():
            assert found.arrays[name].dtype == array.dtype
            np.testing.assert_array_equal(found.arrays[name], array)


@given(st.integers(0, 200))
def test_a_message_that_ends_early_is_an_end(length):
    whole = sent(Message({"a": 1}, b"blob", {"b": np.arange(6, dtype=np.int16).reshape(2, 3)}))
    with pytest.raises(EOFError):
        receive(io.BytesIO(whole[: min(length, len(whole) - 1)]))


@given(st.binary())
def test_what_is_no_message_is_an_end(content):
    with pytest.raises(EOFError):
        receive(io.BytesIO(content))


def test_an_array_of_objects_is_not_received():
    with pytest.raises(EOFError):
        receive(io.BytesIO(b'{"plain": {}, "blob": 0, "arrays": [["a", "|O", [1]]]}\n' + b"\0" * 8))
